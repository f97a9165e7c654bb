# SPDX-License-Identifier: Apache-2.0
"""Every command and topic has a manual page, with all of its options; and mandoc and groff have
nothing to say against any page. usage: manual.py TOOL FOLDER, which has man1, man7..."""

import glob
import json
import os
import re
import subprocess
import sys

from common import finish
from roff import page_findings

SECTIONS = {
    "1": ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "EXAMPLES", "SEE ALSO"],
    "7": ["NAME", "DESCRIPTION", "SEE ALSO"],
}


def plain(roff):
    """What is read of a page, without its fonts."""
    return re.sub(r"\\f[BIR]", "", roff).replace("\\-", "-")


def option_findings(page, text, options):
    for option in options:
        spelled = (f"-{option['letter']}, " if option["letter"] else "") + "--" + option["name"]
        value = " " + option["value"] if option["value"] else ""
        if f".TP\n{spelled}{value}" not in text:
            yield f"{page}: nothing of {spelled}{value}"


def main():
    tool, folder = sys.argv[1:]
    name = os.path.basename(tool)
    table = json.loads(subprocess.run([tool, "help", "--format", "json"], check=True,
                                      stdout=subprocess.PIPE).stdout)
    wanted = {f"man1/{name}.1": table["options"]}
    for command in table["commands"]:
        wanted[f"man1/{name}-{command['name']}.1"] = command["options"] + table["options"]
    wanted.update({f"man7/{name}-{topic}.7": [] for topic in table["topics"]})
    pages = sorted(glob.glob(f"{folder}/man*/*"))
    findings = [f"no page {page}" for page in wanted if f"{folder}/{page}" not in pages]
    for path in pages:
        page = os.path.relpath(path, folder)
        findings += page_findings(path, SECTIONS[path[-1]])
        if page.startswith("man7/") and re.search(r"\\-(\S+) \\- \1$", open(path).read(), re.M):
            print(f"note: {page}: cli/topics.c has no summary of it")
        if page in wanted:
            with open(path, encoding="utf-8") as stream:
                findings += option_findings(page, plain(stream.read()), wanted[page])
    finish(findings, len(pages))


main()
