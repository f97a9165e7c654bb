# SPDX-License-Identifier: Apache-2.0
"""What a library may not do to the program that it is a part of, nor to its other threads: it has no
data that can change, and calls nothing that changes the process, prints, ends it, or keeps its result
in a place that all threads share. usage: manners.py LIBRARY"""

import re
import subprocess
import sys

from common import finish

# Of the compiler and the linker.
DATA = {"completed.0", "__dso_handle", "__TMC_END__"}
FORBIDDEN = re.compile(
    r"setenv|putenv|unsetenv|clearenv|umask|f?chdir|chroot|setlocale|signal|sigaction|sigprocmask|"
    r"alarm|setitimer|raise|set(res|re|e)?[ug]id|setgroups|setrlimit|"
    r"printf|vprintf|puts|putchar|fputs|fputc|putc|fwrite_unlocked|perror|psignal|syslog|v?dprintf|"
    r"stdin|stdout|stderr|getopt.*|opt(arg|ind|err|opt)|exit|_exit|quick_exit|abort|atexit|on_exit|"
    r"fork|vfork|system|popen|wait|wait3|"
    r"strerror|strsignal|strtok|localtime|gmtime|ctime|asctime|getpw(nam|uid|ent)|getgr(nam|gid|ent)|"
    r"getlogin|ttyname|ptsname|rand|srand|random|srandom|[dlm]rand48|inet_ntoa|gethostby.*|getservby.*|"
    r"tmpnam|tempnam|mktemp|basename|dirname|__xpg_basename|readdir_r|[nl]?ftw|hsearch|hcreate|"
    r"mblen|mbtowc|wctomb|crypt|nl_langinfo")


def lines(*command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout.splitlines()


def main():
    library = sys.argv[1]
    imported = {line.split()[-1].split("@")[0]
                for line in lines("nm", "-D", "--undefined-only", library)}
    findings = [f"{name} is called" for name in sorted(imported) if FORBIDDEN.fullmatch(name)]
    data = [match.group(1) for match in
            (re.search(r"\bO \.(?:data|bss|tdata|tbss)\s+[0-9a-f]+\s+(?:\.hidden )?(\S+)$", line)
             for line in lines("objdump", "-t", library)) if match]
    findings += [f"{name} is data that can change" for name in data if name not in DATA]
    if "malloc" not in imported or not DATA & set(data):
        findings.append(f"{library}: its symbols can't be seen")
    finish(findings, len(imported) + len(data))


main()
