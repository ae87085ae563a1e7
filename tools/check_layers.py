#!/usr/bin/env python3
"""Refuses an #include that points up: see tools/layers.txt. Prints each offence, exits 1 if there was one."""
import pathlib, re, sys

root = pathlib.Path(__file__).resolve().parent.parent
order, third, never = [], set(), {}
for line in (root / "tools/layers.txt").read_text(encoding="utf-8").splitlines():
    line = line.strip()
    if not line or line.startswith("#"):
        continue
    if line.startswith("!"):
        room, rooms = line[1:].split(":")
        never[room.strip()] = set(rooms.split())
        continue
    name = line.split()[0]
    order.append(name)
    if "†" in line:
        third.add(name)

LIBC = re.compile(r"^(sys/|linux/|arpa/|netinet/|net/|bits/)|^(assert|ctype|errno|fcntl|float|inttypes|limits|locale|math|poll|"
                  r"pthread|sched|semaphore|setjmp|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|"
                  r"string|strings|time|termios|unistd|dirent|getopt|glob|netdb|pwd|spawn|syslog|immintrin|cpuid|link|malloc|"
                  r"elf|ftw|libgen|iconv|langinfo|fnmatch|grp|dlfcn|ucontext|execinfo|nmmintrin)\.h$")
bad = 0
for path in sorted((root / "src").rglob("*.[ch]*")):
    if path.suffix not in (".c", ".h", ".cc", ".cpp"):
        continue
    room = path.relative_to(root / "src").parts[0]
    if room not in order:
        print(f"{path}: room {room} is not in tools/layers.txt"); bad += 1; continue
    test = path.stem.endswith("_test")
    for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not m:
            continue
        kind, target = m.groups()
        where = f"{path.relative_to(root)}:{n}"
        if kind == "<":
            if not LIBC.match(target) and room not in third and target != "cmocka.h" and path.suffix != ".cc":
                print(f"{where}: <{target}> in a room that may use no third party"); bad += 1
            continue
        first = target.split("/")[0]
        if first == "entente":
            continue
        if first in order and "/" in target:
            if order.index(first) > order.index(room):
                print(f"{where}: {room} includes {first}, which lies above it"); bad += 1
            elif first in never.get(room, ()) and not test:
                print(f"{where}: {room} must not know {first}"); bad += 1
        elif not (path.parent / target).exists():
            print(f"{where}: \"{target}\" is neither in this folder nor named by its room"); bad += 1
sys.exit(1 if bad else 0)
