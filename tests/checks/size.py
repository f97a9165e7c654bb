# SPDX-License-Identifier: Apache-2.0
"""Functions of at most 60 lines and six parameters besides the img_error, files of at most 600 lines
that begin by saying what they are for. Tables are data, not functions; tests are exempt."""

import json
import os
import re
import subprocess

from common import ROOT, files, finish, text

LINES, PARAMETERS, FILE_LINES, EXAMPLE_LINES = 60, 6, 600, 80


def functions(paths):
    out = subprocess.run(
        ["ctags", "-f", "-", "--output-format=json", "--languages=C", "--langmap=C:+.h",
         "--kinds-C=f", "--fields=+neS"] + paths,
        check=True, text=True, capture_output=True, cwd=ROOT).stdout
    return [json.loads(line) for line in out.splitlines()]


def parameters(signature):
    """Commas outside of inner parentheses, without the error."""
    inner = signature.strip()[1:-1]
    while re.search(r"\([^()]*\)", inner):
        inner = re.sub(r"\([^()]*\)", "", inner)
    names = [part for part in inner.split(",") if part.strip() not in ("", "void")]
    return len([part for part in names if "img_error" not in part])


def head(path):
    """What is wrong with how a file begins, or None."""
    comment = re.match(r"/\* SPDX-License-Identifier: Apache-2\.0\n(.*?)\*/", text(path), re.S)
    if not comment:
        return "does not begin with SPDX-License-Identifier: Apache-2.0 and what it is for"
    lines = [line for line in comment.group(1).split("\n") if line.strip(" *")]
    if path.endswith(".c") and path.startswith(("lib/", "cli/")) and not 1 <= len(lines) <= 20:
        return f"says what it is for in {len(lines)} lines"
    return None


def main():
    findings = []
    paths = files("lib", "cli", "include", "examples")
    found = functions(paths)
    for function in found:
        where = f"{function['path']}:{function['line']}: {function['name']}"
        lines = function["end"] - function["line"] + 1
        if lines > LINES:
            findings.append(f"{where} has {lines} lines, at most {LINES}")
        count = parameters(function.get("signature", "()"))
        if count > PARAMETERS:
            findings.append(f"{where} has {count} parameters, at most {PARAMETERS}")
    for path in paths:
        limit = EXAMPLE_LINES if path.startswith("examples" + os.sep) else FILE_LINES
        lines = text(path).count("\n")
        if lines > limit:
            findings.append(f"{path} has {lines} lines, at most {limit}")
        if head(path) and path != "lib/empty.c":
            findings.append(f"{path} {head(path)}")
    finish(findings, len(found))


main()
