# SPDX-License-Identifier: Apache-2.0
"""What the checks share: the tree, its C files, and how findings are reported."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = re.compile(r"^(\.git|build.*|out)$")


def files(*folders, ends=(".c", ".h")):
    """Paths below ROOT of the files in folders with one of the endings, sorted."""
    found = []
    for folder in folders:
        for here, inner, names in os.walk(os.path.join(ROOT, folder)):
            inner[:] = [name for name in inner if not SKIPPED.match(name)]
            found += [os.path.relpath(os.path.join(here, name), ROOT) for name in names
                      if name.endswith(tuple(ends))]
    return sorted(found)


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read()


def public_headers():
    return files("include", ends=(".h",))


def declared():
    """The functions that the public headers declare: a list of (header, line number, name)."""
    found = []
    for header in public_headers():
        content = text(header)
        for match in re.finditer(r"^IMG_API\b[^;{]*?\b(img_\w+)\(", content, re.M):
            found.append((header, content.count("\n", 0, match.start()) + 1, match.group(1)))
    return found


def finish(findings, looked_at):
    """Ends the check. One that looked at nothing has failed: its patterns no longer fit."""
    for finding in findings:
        print(finding)
    if not looked_at:
        print("nothing was checked")
    print(f"{len(findings)} findings in {looked_at} places")
    sys.exit(1 if findings or not looked_at else 0)
