# SPDX-License-Identifier: Apache-2.0
"""All that the public headers declare has a manual page; those of functions have an example and say
in a few words what they are about; every constant is on a page; and mandoc and groff have nothing to
say against any. usage: pages.py FOLDER"""

import os
import re
import sys

from common import declared, finish, public_headers, text
from roff import page_findings

SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "SEE ALSO"]


def types():
    """The names of handles, structs and callbacks."""
    for header in public_headers():
        content = text(header)
        yield from re.findall(r"^typedef struct (img_\w+)", content, re.M)
        yield from re.findall(r"^typedef [^;{]*\(\*(img_\w+)\)", content, re.M)


def constants():
    for header in public_headers():
        for name in re.findall(r"^#define (IMG_\w+) ", text(header), re.M):
            if not name.endswith("_INIT") and name != "IMG_API":
                yield name


def read_pages(folder):
    pages = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as stream:
            pages[name[:-2]] = stream.read()
    return pages


def function_findings(name, page):
    if 'SH "EXAMPLES"' not in page:
        yield f"{name}(3) has no example: call it in a function of examples/api"
    summary = re.search(r'SH "NAME"\n.* \\- (.*)', page).group(1)
    if "may be NULL" in summary or not 3 < len(summary) < 170:
        yield f"{name}(3): the first sentence of its comment does not say what it is: {summary}"


def main():
    folder = sys.argv[1]
    pages = read_pages(folder)
    functions = {name for _, _, name in declared()}
    findings = [f"no page {name}(3)" for name in sorted(functions | set(types()))
                if name not in pages]
    everything = "\n".join(pages.values())
    findings += [f"no page has {name}" for name in constants()
                 if not re.search(rf"\\fB{name}\\fR", everything)]
    for name, page in pages.items():
        link = re.match(r"\.so man3/(\S+)\.3$", page)
        if link:
            findings += [] if link.group(1) in pages else [f"{name}(3) leads nowhere"]
            continue
        findings += page_findings(f"{folder}/{name}.3", SECTIONS)
        if name in functions:
            findings += function_findings(name, page)
    finish(findings, len(functions))


main()
