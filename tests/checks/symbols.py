# SPDX-License-Identifier: Apache-2.0
"""The functions that the headers declare, the version script and what the library exports are the
same; the command exports none, since that would come before a library's function of the same name; and
the static library, which can hide nothing of what its objects share, takes no names but img_... and,
for itself, img__... usage: symbols.py LIBRARY STATIC-LIBRARY COMMAND"""

import re
import subprocess
import sys

from common import declared, finish, text


def exported(binary, kinds):
    out = subprocess.run(["nm", "-D", "--defined-only", binary], check=True, text=True,
                         capture_output=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return {row[2].split("@")[0] for row in rows if row[1] in kinds}


def shared_inside(archive):
    """The names that the objects of an archive have for each other, and so for whoever links it."""
    out = subprocess.run(["nm", "-g", "--defined-only", archive], check=True, text=True,
                         capture_output=True).stdout
    return {row[2] for row in map(str.split, out.splitlines()) if len(row) == 3}


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
    inside = shared_inside(sys.argv[2])
    findings += [f"{name} is in the static library and is neither public nor img__..."
                 for name in sorted(inside - in_map) if not name.startswith("img__")]
    findings += [f"{name} is not in the static library" for name in sorted(in_map - inside)]
    findings += [f"imgtool exports {name}" for name in sorted(exported(sys.argv[3], "TW"))]
    finish(findings, len(everything))


main()
