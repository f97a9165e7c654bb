# SPDX-License-Identifier: Apache-2.0
"""Every public function has a comment. Functions that belong together share one: the comment is at
the head of the paragraph, and a paragraph ends with an empty line."""

from common import declared, finish, text


def has_comment(lines, number):
    """Whether a comment stands above line number in its paragraph."""
    for line in reversed(lines[:number - 1]):
        if not line.strip():
            return False
        if line.rstrip().endswith("*/") and line.lstrip().startswith(("/*", "*")):
            return True
    return False


def main():
    functions = declared()
    finish([f"{header}:{line}: {name} has no comment" for header, line, name in functions
            if not has_comment(text(header).split("\n"), line)], len(functions))


main()
