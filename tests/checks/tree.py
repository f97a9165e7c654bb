# SPDX-License-Identifier: Apache-2.0
"""Nothing at the top of the tree that does not belong there, and no path of the machine on which a
file was written."""

import os
import re

from common import ROOT, SKIPPED, files, finish, text

TOP = {
    ".ci", ".clang-format", ".gitignore", "CHANGELOG.md", "CMakeLists.txt", "CMakePresets.json",
    "LICENSE", "README.md", "cli", "examples", "include", "lib", "pkgconfig", "tests",
}


def main():
    findings = [f"{name}: does not belong at the top" for name in sorted(os.listdir(ROOT))
                if name not in TOP and not SKIPPED.match(name)]
    machine = re.compile(r"(?<![\w.~$})])/(?:work|home/(?!user\b|app\b)\w+)/\w+")
    paths = [path for path in files(".", ends=("",)) if path != ".git"]
    for path in paths:
        for number, line in enumerate(text(path).split("\n"), 1):
            if machine.search(line):
                findings.append(f"{path}:{number}: path of a machine: {machine.search(line).group()}")
    finish(findings, len(paths))


main()
