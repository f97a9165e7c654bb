# SPDX-License-Identifier: Apache-2.0
"""lib/symbols-in-versions has every public function, type and macro with the version that it came
with, and keeps those that were removed, with the version that they left in.

A line is NAME FIRST, or NAME FIRST REMOVED, versions as MAJOR.MINOR; lines are sorted. UPDATE=1 adds
what is missing as of this version, and drops what came and went before this version was released."""

import json
import os
import re
import subprocess

from common import ROOT, declared, finish, public_headers, text

LIST = "lib/symbols-in-versions"
GUARD = re.compile(r"LIBIMG_(\w+_)?H")
HEAD = """\
# SPDX-License-Identifier: Apache-2.0
#
# Every public function, type and macro, and the version of libimg that it came with; a second version
# is the one that it was removed in. tests/checks/versions.py compares this with the headers, and
# "UPDATE=1 ctest --preset release -R checks/versions" adds what is new.
"""


def public_names():
    """What the headers declare, besides their guards."""
    out = subprocess.run(
        ["ctags", "-f", "-", "--output-format=json", "--languages=C", "--langmap=C:.h",
         "--kinds-C=degpstux"] + public_headers(),
        check=True, text=True, capture_output=True, cwd=ROOT).stdout
    names = {json.loads(line)["name"] for line in out.splitlines()}
    return {name for name in names if not GUARD.fullmatch(name)}


def number(version):
    """A version to compare by, or None."""
    match = re.fullmatch(r"(\d+)\.(\d+)", version)
    return match and (int(match.group(1)), int(match.group(2)))


def this_version():
    content = text("include/libimg/version.h")
    return ".".join(re.search(rf"VERSION_{part} (\d+)", content).group(1)
                    for part in ("MAJOR", "MINOR"))


def listed(findings):
    """The rows of the list: name -> versions."""
    rows, names = {}, []
    for place, line in enumerate(text(LIST).splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        name, *versions = line.split()
        names.append(name)
        rows[name] = versions
        numbers = [number(version) for version in versions]
        if len(numbers) not in (1, 2) or None in numbers:
            findings.append(f"{LIST}:{place}: is not NAME FIRST [REMOVED]")
        elif numbers != sorted(set(numbers)) or numbers[-1] > number(this_version()):
            findings.append(f"{LIST}:{place}: versions that can't be: {' '.join(versions)}")
    if names != sorted(set(names)):
        findings.append(f"{LIST}: is not sorted, or has a name twice")
    return rows


def map_nodes():
    """The version node of each symbol in the version script."""
    nodes = {}
    for version, body in re.findall(r"^LIBIMG_(\d+\.\d+) \{(.*?)^\}", text("lib/libimg.map"),
                                    re.M | re.S):
        nodes.update({name: version for name in re.findall(r"\b(img_\w+);", body)})
    return nodes


def judge(names, rows, functions):
    """What the list lacks, and what it says that isn't so."""
    nodes = map_nodes()
    for name in sorted(names - rows.keys()):
        yield f"{LIST}: lacks {name}; UPDATE=1 adds it"
    for name, versions in rows.items():
        if len(versions) == 2 and name in names:
            yield f"{LIST}: {name} is marked as removed and is there"
        if len(versions) == 1 and name not in names:
            yield f"{LIST}: {name} is gone: add the version that it was removed in"
    # Who is linked with a function of a version must ask for that version, or a later one.
    for name in sorted(functions & rows.keys() & nodes.keys()):
        first = number(rows[name][0])
        if first and number(nodes[name]) < first:
            yield f"lib/libimg.map: {name} came with {rows[name][0]} and is in LIBIMG_{nodes[name]}"
    for name in sorted(names):
        if not re.match(r"img_|IMG_|LIBIMG_", name):
            yield f"{name} is public and does not begin with img_, IMG_ or LIBIMG_"
    for name in sorted(functions - names):
        yield f"{name} is declared, but was not found in the headers"


def update(names, rows):
    now = this_version()
    kept = {name: versions for name, versions in rows.items()
            if name in names or len(versions) == 2 or versions != [now]}
    kept.update({name: [now] for name in names - rows.keys()})
    with open(os.path.join(ROOT, LIST), "w", encoding="utf-8") as stream:
        stream.write(HEAD)
        stream.writelines(f"{name} {' '.join(kept[name])}\n" for name in sorted(kept))


def main():
    names = public_names()
    if os.environ.get("UPDATE"):
        update(names, listed([]) if os.path.exists(os.path.join(ROOT, LIST)) else {})
    findings = []
    rows = listed(findings)
    findings += judge(names, rows, {name for _, _, name in declared()})
    finish(findings, min(len(names), len(rows)))


main()
