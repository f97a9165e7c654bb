# SPDX-License-Identifier: Apache-2.0
"""The functions that the headers declare, the version script and what the library exports are the
same; and the command exports none, since that would come before a library's function of the same
name. usage: symbols.py LIBRARY COMMAND"""

import re
import subprocess
import sys

from common import declared, finish, text


def exported(binary, kinds):
    out = subprocess.run(["nm", "-D", "--defined-only", binary], check=True, text=True,
                         capture_output=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[2].split("@")[0] for row in rows if row[1] in kinds}


def main():
    script = re.sub(r"/\*.*?\*/", "", text("lib/libimg.map"), flags=re.S)
    in_map = set(re.findall(r"\b(img_\w+);", script))
    sets = {
        "the headers": {name for _, _, name in declared()},
        "lib/libimg.map": in_map,
        "the library": exported(sys.argv[1], "TWDBRVi"),
    }
    everything = set().union(*sets.values())
    findings = [f"{name} is not in {where}" for name in sorted(everything)
                for where, names in sets.items() if name not in names]
    if "*" in re.sub(r"local:\s*\*;", "", script):
        findings.append("lib/libimg.map: spell out each symbol, without wildcards")
    findings += [f"imgtool exports {name}" for name in sorted(exported(sys.argv[2], "TW"))]
    finish(findings, len(everything))


main()
