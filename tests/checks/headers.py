# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles alone, as C99 and as C++11, without a warning, by gcc and clang; and
each ..._INIT macro initialises its struct in both languages."""

import os
import re
import subprocess
import tempfile

from common import ROOT, finish, public_headers, text

COMPILERS = [
    ["gcc", "-x", "c", "-std=c99"],
    ["clang", "-x", "c", "-std=c99"],
    ["g++", "-x", "c++", "-std=c++11"],
    ["clang++", "-x", "c++", "-std=c++11"],
]
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-fsyntax-only",
         "-I", os.path.join(ROOT, "include")]


def program(header):
    content = text(header)
    lines = [f"#include <{os.path.relpath(header, 'include')}>", "extern int not_empty;"]
    for macro in re.findall(r"^#define (IMG_\w+_INIT)\b", content, re.M):
        kind = macro[:-len("_INIT")].lower()
        lines += [f"size_t use_{kind}(void);", f"size_t use_{kind}(void)",
                  f"{{ {kind} value = {macro}; return value.size; }}"]
    return "\n".join(lines) + "\n"


def main():
    findings, count = [], 0
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "alone")
        for header in public_headers():
            with open(source, "w", encoding="utf-8") as stream:
                stream.write(program(header))
            for compiler in COMPILERS:
                count += 1
                done = subprocess.run(compiler + FLAGS + [source], text=True, capture_output=True,
                                      check=False)
                if done.returncode:
                    findings.append(f"{header}: {' '.join(compiler)}:\n{done.stderr}")
    finish(findings, count)


main()
