# SPDX-License-Identifier: Apache-2.0
"""The constants of the public headers keep the values that programs were compiled with, as
lib/libimg.constants has them. New ones may come, and ..._ALL may have further bits. UPDATE=1 writes
the file."""

import json
import os
import subprocess
import tempfile

from common import ROOT, finish, public_headers

BASELINE = os.path.join(ROOT, "lib", "libimg.constants")
HEAD = """\
# SPDX-License-Identifier: Apache-2.0
#
# The public constants and their values. tests/checks/constants.py compares them with the headers;
# "UPDATE=1 ctest --preset release -R checks/constants" rewrites this.
"""


def names():
    """Macros without parameters, and enumerators, that are numbers."""
    out = subprocess.run(
        ["ctags", "-f", "-", "--output-format=json", "--languages=C", "--langmap=C:.h",
         "--kinds-C=de", "--fields=+S"] + public_headers(),
        check=True, text=True, capture_output=True, cwd=ROOT).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return sorted({row["name"] for row in rows
                   if row["name"].startswith("IMG_") and not row["name"].endswith("_INIT")
                   and row["name"] != "IMG_API" and "signature" not in row})


def values():
    """What the compiler makes of them."""
    lines = [f'    printf("%s %lld\\n", "{name}", (long long){name});' for name in names()]
    program = "\n".join(["#include <stdio.h>", "#include <libimg/libimg.h>", "int main(void)", "{"]
                        + lines + ["    return 0;", "}"])
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "values")
        subprocess.run(["gcc", "-Wall", "-Werror", "-I", os.path.join(ROOT, "include"), "-x", "c", "-",
                        "-o", binary], input=program, text=True, check=True)
        out = subprocess.run([binary], check=True, text=True, capture_output=True).stdout
    return {name: int(value) for name, value in map(str.split, out.splitlines())}


def baseline():
    with open(BASELINE, encoding="utf-8") as stream:
        rows = [line.split() for line in stream if line.strip() and not line.startswith("#")]
    return {name: int(value) for name, value in rows}


def judge(old, new):
    for name, value in old.items():
        if name not in new:
            yield f"{name} is gone"
        elif new[name] != value and not (name.endswith("_ALL") and new[name] & value == value):
            yield f"{name} was {value} and is {new[name]}"


def main():
    new = values()
    if os.environ.get("UPDATE"):
        with open(BASELINE, "w", encoding="utf-8") as stream:
            stream.write(HEAD)
            stream.writelines(f"{name} {value}\n" for name, value in sorted(new.items()))
    old = baseline()
    findings = list(judge(old, new))
    if findings:
        print("If no version with what this changes is out yet: UPDATE=1 ctest -R checks/constants")
    finish(findings, min(len(old), len(new)))


main()
