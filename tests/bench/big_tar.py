# SPDX-License-Identifier: Apache-2.0
"""Writes a large tar to stdout: big_tar.py file TREE, one file of 4 GiB made of the files in TREE over and
over; or big_tar.py million, 1,000,000 empty files in 1,000 directories."""

import os
import sys
import tarfile

SIZE = 4 << 30


def contents(tree):
    """The bytes of all files in a fixed order."""
    for here, folders, names in os.walk(tree):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(here, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as stream:
                    yield stream.read()


def header(name, kind, size=0):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.mtime = kind, size, 1000000000
    info.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return info.tobuf(tarfile.USTAR_FORMAT)


def write_file(out, tree):
    out.write(header("file", tarfile.REGTYPE, SIZE))
    left = SIZE
    while left:
        for data in contents(tree):
            left -= out.write(data[:left])


def write_million(out):
    for folder in range(1000):
        out.write(header(f"d{folder:03}/", tarfile.DIRTYPE))
        for number in range(1000):
            out.write(header(f"d{folder:03}/file{number:03}", tarfile.REGTYPE))


def main():
    out = sys.stdout.buffer
    if sys.argv[1] == "file":
        write_file(out, sys.argv[2])
    else:
        write_million(out)
    out.write(bytes(1024))


main()
