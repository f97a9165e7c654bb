# SPDX-License-Identifier: Apache-2.0
"""Compares two trees: names, kinds, owners, modes, times, sizes, contents, links, hard links, devices
and extended attributes. usage: compare.py EXPECTED ACTUAL [IGNORED-KEY...]

Times are whole seconds, as in the layers that libimg writes. The attributes of the topmost directory
are not compared: an image takes what is in it."""

import hashlib
import os
import stat
import sys

# What a file system or a security module adds by itself.
IGNORED = {"security.selinux"}


def content(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for chunk in iter(lambda: stream.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def attributes(path):
    return {name: os.getxattr(path, name, follow_symlinks=False)
            for name in sorted(os.listxattr(path, follow_symlinks=False)) if name not in IGNORED}


def describe(path):
    info = os.lstat(path)
    found = {"kind": stat.S_IFMT(info.st_mode), "mode": oct(stat.S_IMODE(info.st_mode)),
             "uid": info.st_uid, "gid": info.st_gid, "mtime": info.st_mtime_ns // 10**9,
             "xattrs": attributes(path)}
    if stat.S_ISREG(info.st_mode):
        found["size"] = info.st_size
        found["sha256"] = content(path)
    elif stat.S_ISLNK(info.st_mode):
        found["target"] = os.readlink(path)
    elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        found["device"] = info.st_rdev
    return found, (info.st_dev, info.st_ino) if info.st_nlink > 1 else None


def walk(top):
    """Names to descriptions; files that are one file know the first of their names."""
    tree, links = {}, {}
    for here, folders, names in os.walk(top):
        folders.sort()
        for name in sorted(folders + names):
            path = os.path.join(here, name)
            relative = os.path.relpath(path, top)
            tree[relative], inode = describe(path)
            if inode and tree[relative]["kind"] != stat.S_IFDIR:
                links.setdefault(inode, []).append(relative)
    for group in links.values():
        group.sort()
        for relative in group:
            tree[relative]["linked"] = group
    return tree


def main():
    # Bytes, since names need not be UTF-8.
    expected, actual = (walk(os.fsencode(path)) for path in sys.argv[1:3])
    findings = []
    for name in sorted(set(expected) | set(actual)):
        if name not in actual:
            findings.append(f"{name!r} is missing")
        elif name not in expected:
            findings.append(f"{name!r} should not be there")
        elif expected[name] != actual[name]:
            keys = (set(expected[name]) | set(actual[name])) - set(sys.argv[3:])
            wrong = [f"{key}: {expected[name].get(key)!r} became {actual[name].get(key)!r}"
                     for key in sorted(keys) if expected[name].get(key) != actual[name].get(key)]
            if wrong:
                findings.append(f"{name!r}: {'; '.join(wrong)}")
    print("\n".join(findings[:40]))
    print(f"   {len(expected)} entries compared, {len(findings)} differ")
    sys.exit(1 if findings or not expected else 0)


main()
