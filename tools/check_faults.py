#!/usr/bin/env python3
"""Every test that tests/README.md names for a fault must exist and be run: `FILE case` is a case registered in that C file,
`FILE "sentence"` a check of that shell or JavaScript test, `FILE` alone a test of its own."""
import re
import sys
from pathlib import Path

root = Path(__file__).resolve().parent.parent
text = (root / "tests/README.md").read_text()
table = text[text.index("## Faults"):]
rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| fault")]
bad = []
named = 0


def registered(source, case):
    """Defined, and named once more where the cases are listed."""
    return re.search(rf"^static void {case}\(void \*\*", source, re.M) and len(re.findall(rf"\b{case}\b", source)) > 1


for row in rows:
    cells = [c.strip() for c in row.strip("|").split("|")]
    tests = re.findall(r"`([^`]+)`", cells[2]) if len(cells) > 2 else []
    if not tests and "no cluster" not in cells[2]:
        bad.append(f"{cells[0]}: no test is named")
    for test in tests:
        named += 1
        file, _, case = test.partition(" ")
        path = root / file
        if not path.is_file():
            bad.append(f"{cells[0]}: {file} is not there")
            continue
        source = path.read_text()
        if case.startswith('"') and case.strip('"') not in source:
            bad.append(f"{cells[0]}: {file} has no check {case}")
        elif case and not case.startswith('"') and not registered(source, case):
            bad.append(f"{cells[0]}: {file} runs no case {case}")
print(f"{len(rows)} rows, {named} tests")
for b in bad:
    print(b)
sys.exit(1 if bad or len(rows) < 20 else 0)
