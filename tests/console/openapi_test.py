#!/usr/bin/env python3
"""docs/protocol/desk.openapi.yaml names every act of the desk interface and no other, and which of them a session alone may ask."""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
acts = dict(re.findall(r'^    \{"([a-z-]+)", (true|false), \w+\},$', (root / "src/api/desk/acts.c").read_text(), re.M))
reads = set(re.findall(r'"([a-z-]+)"', re.search(r"reads\[\] = \{(.*?)\};", (root / "src/api/desk/session.c").read_text(), re.S)[1]))
text = (root / "docs/protocol/desk.openapi.yaml").read_text()
paths = dict(re.findall(r"^  /([a-z-]+):\n(.*?)(?=^  /|\Z)", text, re.M | re.S))
sessions = {"session-open", "session", "session-close"}
wrong = [f"{a}: not in desk.openapi.yaml" for a in acts if a not in paths]
wrong += [f"{p}: no act of src/api/desk/acts.c" for p in paths if p not in acts and p not in sessions]
wrong += [f"{r}: read in a session, and no act" for r in reads if r not in acts]
for act, person in acts.items():
    security = re.search(r"security: \[(.*)\]", paths.get(act, "security: []"))[1]
    alone = re.search(r"\{ session: \[\] \}", security) is not None
    if act in paths and person == "true" and alone != (act in reads):
        wrong.append(f"{act}: desk.openapi.yaml and src/api/desk/session.c differ on whether a session is enough")
    if act in paths and (person == "false") != security.startswith("{},"):
        wrong.append(f"{act}: desk.openapi.yaml and src/api/desk/acts.c differ on whether a person is needed")
print("\n".join(wrong) if wrong else f"{len(acts)} acts, {len(reads)} of them read in a session")
sys.exit(1 if wrong else 0)
