# SPDX-License-Identifier: Apache-2.0
"""clang-format 14 decides how C looks. Another version decides otherwise, so it must be that one."""

import subprocess
import sys

from common import ROOT, files, finish


def main():
    tool = "clang-format"
    version = subprocess.run([tool, "--version"], check=True, text=True, capture_output=True).stdout
    if "version 14." not in version:
        sys.exit(f"clang-format 14 is needed, as Debian 12 has it; this is {version}")
    paths = files("lib", "cli", "include", "examples", "tests")
    done = subprocess.run([tool, "--dry-run", "-Werror"] + paths, cwd=ROOT, text=True,
                          capture_output=True, check=False)
    findings = [line for line in done.stderr.splitlines() if "clang-format-violations" in line]
    if done.returncode and not findings:
        findings = [done.stderr]
    finish(findings, len(paths))


main()
