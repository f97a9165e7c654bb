# SPDX-License-Identifier: Apache-2.0
"""Each behaviour that libimg promises of layers, documents and registries has a test, or a reason why
not: the tests that a table of rows names must be there. usage: rows.py CTEST BUILD-DIR

A line of a table is a row, what must be so, and tests divided by blanks, or "none: " and why. A test
is called as ctest calls it; of a unit test a function may follow a colon."""

import functools
import re
import subprocess
import sys

from common import finish, text

# How many rows each letter has in each table.
TABLES = {
    # Create, compress, hash, diff, read, apply, attacks, documents, stores.
    "tests/checks/layer_rows.tsv": {"C": 30, "Z": 14, "H": 8, "D": 10, "R": 20, "A": 23, "X": 23,
                                    "M": 12, "L": 9},
    # References, transport, authentication, pull, push, mount, lists, referrers, mirrors, waiting,
    # concurrency, limits.
    "tests/checks/registry_rows.tsv": {"P": 13, "T": 15, "A": 20, "L": 15, "U": 20, "M": 6, "G": 8,
                                       "R": 6, "X": 6, "W": 6, "K": 5, "Z": 6},
}


def known_tests(ctest, build):
    """The names that ctest knows."""
    listed = subprocess.run([ctest, "--test-dir", build, "-N"], check=True, capture_output=True,
                            text=True).stdout
    return set(re.findall(r"^\s*Test\s+#\d+: (\S+)$", listed, re.M))


@functools.lru_cache(maxsize=None)
def functions(name):
    """The functions of a unit test that its main() runs."""
    _, room, test = name.split("/")
    content = text(f"tests/unit/{room}/test_{test}.c")
    defined = re.findall(r"^static void (\w+)\(void \*\*\w+\)$", content, re.M)
    return {function for function in defined
            if len(re.findall(rf"\b{function}\b", content)) > 1}


def judge_test(entry, known):
    """What is wrong with an entry, or None."""
    name, _, function = entry.partition(":")
    if name not in known:
        return f"there is no test {name}"
    if function and not name.startswith("unit/"):
        return f"{name} has no functions"
    if function and function not in functions(name):
        return f"{name} runs no {function}()"
    return None


def judge_line(row, behaviour, tests, known):
    if not behaviour:
        yield f"{row}: does not say what must be so"
    if tests.startswith("none: "):
        if len(tests.split()) < 3:
            yield f"{row}: no test and no reason"
        return
    if not tests.split():
        yield f"{row}: neither a test nor a reason"
    for entry in tests.split():
        wrong = judge_test(entry, known)
        if wrong:
            yield f"{row}: {wrong}"


def judge_table(table, counts, known):
    """What is wrong with a table, and how many rows it has."""
    wanted = [f"{letter}{number}" for letter, count in counts.items()
              for number in range(1, count + 1)]
    findings, found = [], []
    for number, line in enumerate(text(table).splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            findings.append(f"{table}:{number}: has {len(fields)} fields, not 3")
            continue
        found.append(fields[0])
        findings += [f"{table}: {what}" for what in judge_line(*fields, known)]
    findings += [f"{row}: is not in {table}" for row in wanted if row not in found]
    findings += [f"{row}: is in {table} twice" for row in wanted if found.count(row) > 1]
    findings += [f"{row}: is no row of {table}" for row in found if row not in wanted]
    return findings, len(found)


def main():
    known = known_tests(sys.argv[1], sys.argv[2])
    findings, count = [], 0
    for table, counts in TABLES.items():
        wrong, rows = judge_table(table, counts, known)
        findings += wrong
        count += rows
    finish(findings, count)


main()
