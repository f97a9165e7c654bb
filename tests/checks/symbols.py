# SPDX-License-Identifier: Apache-2.0
"""The functions that the headers declare, the version script and what the library exports are the
same. usage: symbols.py LIBRARY"""

import re
import subprocess
import sys

from common import declared, finish, text


def exported(library):
    out = subprocess.run(["nm", "-D", "--defined-only", library], check=True, text=True,
                         capture_output=True).stdout
    names = {line.split()[2].split("@")[0] for line in out.splitlines()}
    return {name for name in names if not name.startswith("LIBIMG_")}


def main():
    script = re.sub(r"/\*.*?\*/", "", text("lib/libimg.map"), flags=re.S)
    in_map = set(re.findall(r"\b(img_\w+);", script))
    sets = {
        "the headers": {name for _, _, name in declared()},
        "lib/libimg.map": in_map,
        "the library": exported(sys.argv[1]),
    }
    everything = set().union(*sets.values())
    findings = [f"{name} is not in {where}" for name in sorted(everything)
                for where, names in sets.items() if name not in names]
    if "*" in re.sub(r"local:\s*\*;", "", script):
        findings.append("lib/libimg.map: spell out each symbol, without wildcards")
    finish(findings, len(everything))


main()
