# SPDX-License-Identifier: Apache-2.0
"""Makes a tree of every kind of file out of a number: random_tree.py SEED DIRECTORY [--utf8]. Root only.

The same number gives the same tree on every machine. What no judge can keep is not in it: fractions of
a second, attributes of links, times that a file system of 32-bit seconds has not. With --utf8 all names
are UTF-8."""

import os
import random
import stat
import struct
import sys

LETTERS = [bytes([c]) for c in b"abcXYZ019._-~ !#+,:;=@%'\"\\\n\t*?[$&"]
MODES = (0o644, 0o600, 0o755, 0o000, 0o777, 0o4755, 0o2755, 0o6711, 0o1777, 0o1000, 0o444)
IDS = (0, 0, 0, 1, 1000, 65534, 65536, 2097151, 2097152, 4000000, 2**31, 2**32 - 2)
TIMES = (0, 1, -1, -86400 * 400, 10**9, 1234567890, 2**31 - 1, 2**31, 2**32, 2**33 - 1, 2**33)
# cap_net_raw, version 2.
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)


def is_utf8(name):
    try:
        name.decode()
        return True
    except UnicodeDecodeError:
        return False


class Maker:
    def __init__(self, seed, top, utf8):
        self.random = random.Random(seed)
        self.utf8 = utf8
        self.top = os.fsencode(top)
        self.folders = [b""]
        self.files = []
        self.all = []

    def name(self):
        roll = self.random
        kind = roll.randrange(10)
        if kind == 0:
            return bytes(roll.choice([c for c in range(1, 256) if c != ord("/")])
                         for _ in range(roll.randint(1, 12)))
        if kind == 1:
            return roll.choice(["é", "日本語", "ﬁ", "İ", "e\u0301"]).encode()
        if kind == 2:
            return roll.choice([b"n", b"\xff"]) * roll.choice([99, 100, 101, 155, 255])
        return b"".join(roll.choice(LETTERS) for _ in range(roll.randint(1, 8)))

    def path(self):
        """A new path, in one of the folders."""
        while True:
            name = self.name()
            path = os.path.join(self.random.choice(self.folders), name)
            # Longer ones the system does not take.
            if self.utf8 and not is_utf8(name):
                continue
            if name in (b".", b"..") or name.startswith(b".wh.") or len(path) > 2000:
                continue
            if not os.path.lexists(self.at(path)):
                return path

    def at(self, path):
        return os.path.join(self.top, path)

    def data(self):
        size = self.random.choice([0, 1, 511, 512, 513, 4096, 10000, 70000])
        return self.random.choice([b"\0", b"text of a file\n", self.random.randbytes(97)]) * size

    def folder(self, path):
        os.mkdir(self.at(path))
        self.folders.append(path)

    def file(self, path):
        with open(self.at(path), "xb") as stream:
            stream.write(self.data()[:200000])
        self.files.append(path)

    def sparse(self, path):
        with open(self.at(path), "xb") as stream:
            for _ in range(self.random.randint(0, 4)):
                stream.seek(self.random.randrange(300000), os.SEEK_CUR)
                stream.write(b"data")
            stream.truncate(stream.tell() + self.random.choice([0, 1, 4096, 1000000]))
        self.files.append(path)

    def link(self, path):
        target = self.random.choice([b"a", b"../..", b"/", b"/etc/passwd", b"\xff\n", b"x" * 101,
                                     b"to/" * 300, b"."] + self.all)
        os.symlink(b"utf8" if self.utf8 and not is_utf8(target) else target, self.at(path))

    def hard_link(self, path):
        if not self.files:
            return self.file(path)
        os.link(self.at(self.random.choice(self.files)), self.at(path), follow_symlinks=False)

    def special(self, path):
        roll = self.random
        kind = roll.choice([stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK])
        os.mknod(self.at(path), kind | 0o600,
                 os.makedev(roll.choice([1, 8, 255, 4095]), roll.choice([3, 256, 1048575])))
        self.files.append(path)

    def attributes(self, path):
        """Owner first, since that takes the capability and the set-uid bit away."""
        roll, at = self.random, self.at(path)
        info = os.lstat(at)
        if roll.random() < 0.6:
            os.chown(at, roll.choice(IDS), roll.choice(IDS), follow_symlinks=False)
        if stat.S_ISLNK(info.st_mode):
            return
        os.chmod(at, roll.choice(MODES))
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):
            return
        for _ in range(roll.choice([0, 0, 1, 3])):
            name = roll.choice(["user.a", "user.z z", "user.é", "user.long" + "g" * 200])
            os.setxattr(at, name, roll.choice([b"v", b"\0\n=\xff", b"x" * 600]))
        if stat.S_ISREG(info.st_mode) and roll.random() < 0.1:
            os.setxattr(at, "security.capability", CAPABILITY)

    def make(self):
        roll = self.random
        kinds = [self.folder] * 4 + [self.file] * 6 + [self.sparse] + [self.link] * 2 + \
            [self.hard_link] * 2 + [self.special]
        for _ in range(roll.choice([1, 5, 40, 120])):
            path = self.path()
            roll.choice(kinds)(path)
            self.all.append(path)
        for path in self.all:
            self.attributes(path)
        # What is deepest comes first, since making files changes the time of a folder.
        for path in sorted(self.all, key=lambda path: -path.count(b"/")):
            time = roll.choice(TIMES)
            os.utime(self.at(path), (time, time), follow_symlinks=False)


os.makedirs(sys.argv[2])
Maker(int(sys.argv[1]), sys.argv[2], "--utf8" in sys.argv[3:]).make()
