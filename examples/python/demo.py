# SPDX-License-Identifier: Apache-2.0
"""Builds an image of a folder, pushes it, pulls it into another store, and unpacks it there.

    python3 demo.py FOLDER NAME WORK
    python3 demo.py site localhost:5000/site:1 /tmp/work
"""

import os
import sys

import libimg


def show(kind, what, _digest, done, total):
    if kind in ("done", "cached", "exists"):
        print(f"{what}: {kind}, {done} of {total} bytes")


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: demo.py FOLDER NAME WORK")
    folder, name, work = sys.argv[1:]
    with libimg.Store(os.path.join(work, "here")) as here, libimg.Client() as client:
        with libimg.Build(here) as build:
            build.add(folder)
            build.argv("entrypoint", "/bin/hello")
            image = build.commit(name)
        client.push(here, name, on_event=show)

        # Elsewhere: this store stands for a cache near by, which has the blobs already.
        def from_here(descriptor, writer):
            print(f"asked for {descriptor.size_bytes} bytes")
            here.read_blob(descriptor, writer.write)
            return True
        with libimg.Store(os.path.join(work, "there")) as there, \
                libimg.Client(on_blob=from_here) as other:
            assert other.pull(there, name, on_event=show).digest == image.digest
            there.unpack(name, os.path.join(work, "unpacked"), flags=libimg.UNPACK_ROOTLESS)
    print(image.digest)


if __name__ == "__main__":
    try:
        main()
    except libimg.Error as failed:
        sys.exit(f"demo: {failed}")
