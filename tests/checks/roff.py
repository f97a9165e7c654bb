# SPDX-License-Identifier: Apache-2.0
"""What the checks of manual pages share."""

import re
import subprocess


def lint(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout.splitlines()


def page_findings(path, sections):
    """What is wrong with a page: sections that it lacks, and whatever mandoc and groff say."""
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    headings = re.findall(r'^\.SH "?([A-Z ]+)"?$', text, re.M)
    for heading in sections:
        if heading not in headings:
            yield f"{path}: no section {heading}"
    yield from lint(["mandoc", "-Tlint", "-Wwarning", path])
    yield from (f"{path}: {line}" for line in
                lint(["groff", "-man", "-ww", "-Tutf8", "-z", path]))
