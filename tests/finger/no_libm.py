"""The fingerprint engine computes the same scores on every machine: of the mathematics library it may use sqrt only.

    no_libm.py NM ARCHIVE
"""
import re
import subprocess
import sys

FORBIDDEN = re.compile(
    r"^(a?(sin|cos|tan)h?|atan2|sincos|exp2?|expm1|exp10|log(2|10|1p|b)?|pow|cbrt|hypot|fma|erfc?|[lt]gamma|"
    r"l?l?r(ound|int)|fmod|remainder|ldexp|scalbn|modf|frexp)[fl]?$")

listing = subprocess.run([sys.argv[1], "-u", sys.argv[2]], check=True, capture_output=True, text=True).stdout
used = {words[-1] for words in map(str.split, listing.splitlines()) if len(words) == 2 and words[0] == "U"}
if not used:
    sys.exit("no undefined symbols were listed: is this an archive?")
bad = sorted(name for name in used if FORBIDDEN.match(name))
if bad:
    sys.exit("the engine calls " + ", ".join(bad) + ": results would differ between machines")
