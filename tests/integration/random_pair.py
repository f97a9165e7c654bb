# SPDX-License-Identifier: Apache-2.0
"""Makes a random tree, and another from it by random changes. usage: random_pair.py SEED OLD NEW

The same seed makes the same trees. The time of a directory follows from its path, since a change of it
alone is none for a diff."""

import os
import random
import shutil
import stat
import sys

NAMES = ["a", "b", "a.b", "a-b", "a b", "!", "+x", "-x", "#", "~", ".dot", "bin", "lib", "é".encode(),
         b"\xff\xfe", "n" * 120, "Z", "0", "usr", "x:y", "q=1", "\n", "\\"]
OWNERS = [0, 0, 0, 1, 1000, 65534, 3000000]
MODES = [0o644, 0o644, 0o600, 0o755, 0o4755, 0o2711, 0o1777, 0o000, 0o444]


class Maker:
    def __init__(self, seed, top):
        self.random = random.Random(seed)
        self.top = os.fsencode(top)

    def join(self, folder, name):
        return os.path.join(folder, os.fsencode(name))

    def walk(self):
        """All paths, folders first, in an order that does not depend on the file system."""
        found = []
        for here, folders, names in os.walk(self.top):
            folders.sort()
            found += [os.path.join(here, name) for name in sorted(folders + names)]
        return found

    def folders(self):
        return [self.top] + [p for p in self.walk() if os.path.isdir(p) and not os.path.islink(p)]

    def files(self):
        return [p for p in self.walk() if not os.path.isdir(p) or os.path.islink(p)]

    def pick_time(self):
        # Whole seconds, as an archive leaves them, and others; so near that some meet again.
        return (1500000000 + self.random.randrange(4)) * 10**9 + self.random.choice([0, 0, 5, 999999999])

    def write(self, path):
        with open(path, "wb") as stream:
            # Sizes that meet, with contents that may differ, and some larger than a buffer.
            size = self.random.choice([0, 1, 3, 3, 511, 512, 513, 70000])
            stream.write(bytes([self.random.choice(b"ab")]) * size)

    def decorate(self, path):
        mode = os.lstat(path).st_mode
        os.lchown(path, self.random.choice(OWNERS), self.random.choice(OWNERS))
        if not stat.S_ISLNK(mode):
            os.chmod(path, self.random.choice(MODES))
        if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and self.random.random() < 0.2:
            os.setxattr(path, b"user." + self.random.choice([b"k", b"long.key"]),
                        self.random.choice([b"v", b"\0\n=", b"w" * 300]))
        time = self.pick_time()
        os.utime(path, ns=(time, time), follow_symlinks=False)

    def add(self, folder, depth=0):
        path = self.join(folder, self.random.choice(NAMES))
        if os.path.lexists(path):
            return
        kind = self.random.random()
        if kind < 0.35 and depth < 4:
            os.mkdir(path)
            for _ in range(self.random.randrange(6)):
                self.add(path, depth + 1)
        elif kind < 0.7:
            self.write(path)
        elif kind < 0.8:
            os.symlink(self.random.choice(["a", "../b", "/usr/lib", "gone"]), path)
        elif kind < 0.85:
            os.mkfifo(path)
        elif kind < 0.9:
            os.mknod(path, self.random.choice([stat.S_IFCHR, stat.S_IFBLK]) | 0o600,
                     os.makedev(1, self.random.randrange(3, 6)))
        elif self.files():
            os.link(self.random.choice(self.files()), path, follow_symlinks=False)
            return
        else:
            return
        self.decorate(path)

    def remove(self, path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def replace_by_copy(self, path):
        """The same file again, which is no longer a hard link of others."""
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return
        copy = path + b".copy"
        shutil.copy2(path, copy)
        info = os.lstat(path)
        os.chown(copy, info.st_uid, info.st_gid)
        os.chmod(copy, stat.S_IMODE(info.st_mode))
        os.rename(copy, path)

    def change(self):
        paths = self.walk()
        if not paths:
            return self.add(self.top)
        path = self.random.choice(paths)
        what = self.random.randrange(9)
        if what == 0:
            self.remove(path)
        elif what == 1:
            self.remove(path)
            self.add(os.path.dirname(path))
        elif what == 2:
            self.decorate(path)
        elif what == 3 and stat.S_ISREG(os.lstat(path).st_mode):
            # Time and size may stay, but then the time is of whole seconds.
            info = os.lstat(path)
            self.write(path)
            time = self.random.choice([info.st_mtime_ns // 10**9 * 10**9, self.pick_time()])
            os.utime(path, ns=(time, time))
        elif what == 4 and os.path.isfile(path) and self.files():
            other = self.random.choice(self.files())
            if os.path.isfile(other) and not os.path.samefile(path, other):
                os.unlink(path)
                os.link(other, path, follow_symlinks=False)
        elif what == 5:
            self.replace_by_copy(path)
        elif what == 6:
            target = self.join(self.random.choice(self.folders()), self.random.choice(NAMES))
            if not os.path.lexists(target) and not target.startswith(path):
                os.rename(path, target)
        elif what == 7 and os.listxattr(path, follow_symlinks=False):
            os.removexattr(path, os.listxattr(path, follow_symlinks=False)[0], follow_symlinks=False)
        else:
            self.add(self.random.choice(self.folders()))

    def set_folder_times(self):
        for path in self.folders():
            time = (1400000000 + sum(os.path.relpath(path, self.top)) % 1000) * 10**9
            os.utime(path, ns=(time, time))


def main():
    seed, old, new = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    os.mkdir(old)
    maker = Maker(seed, old)
    for _ in range(maker.random.choice([0, 3, 10, 30])):
        maker.add(maker.top)
    # One file more, so that there is a layer to begin with.
    maker.write(maker.join(maker.top, "always"))
    maker.decorate(maker.join(maker.top, "always"))
    maker.set_folder_times()
    # With hard links, times and attributes, to the nanosecond.
    os.spawnlp(os.P_WAIT, "cp", "cp", "-a", old, new)
    maker = Maker(seed + 1000000, new)
    for _ in range(maker.random.choice([1, 3, 10, 30])):
        maker.change()
    while not maker.walk():
        maker.add(maker.top)
    maker.set_folder_times()


main()
