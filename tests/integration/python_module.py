# SPDX-License-Identifier: Apache-2.0
"""Uses examples/python/libimg.py as programs would. usage: python_module.py offsets, which prints a C
program that compiles if the structs are right; or all REGISTRY TREE WORK."""

import os
import sys
import threading

import libimg

STRUCTS = {"img_error": libimg._ErrorData, "img_platform": libimg.Platform,
           "img_descriptor": libimg.Descriptor, "img_event": libimg._Event,
           "img_store_options": libimg.StoreOptions, "img_client_options": libimg.ClientOptions,
           "img_pull_options": libimg.PullOptions, "img_push_options": libimg.PushOptions,
           "img_build_options": libimg.BuildOptions, "img_unpack_options": libimg.UnpackOptions}
RENAMED = {"digest_text": "digest", "from_": "from"}


def offsets():
    print("#include <libimg/libimg.h>")
    for name, struct in STRUCTS.items():
        for field, *_ in struct._fields_:
            here, there = getattr(struct, field), RENAMED.get(field, field)
            print(f"_Static_assert(offsetof({name}, {there}) == {here.offset} && "
                  f"sizeof((({name} *)0)->{there}) == {here.size}, \"{name}.{there}\");")


def refused(code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except libimg.Error as error:
        assert error.code == code and str(error), (error.code, str(error))
        return str(error)
    raise AssertionError(f"{call} did not fail")


def build(store, tree, name):
    with libimg.Build(store, epoch=1000000000) as made:
        made.add(tree, "/srv")
        made.put("label", f"name={name}")
        return made.commit(name)


def stop_at(count):
    """A callback like a user who presses Ctrl-C."""
    seen = []

    def take(*event):
        seen.append(event)
        if len(seen) == count:
            raise KeyboardInterrupt
    return take, seen


def interrupt(registry, tree, store, client, work):
    name = f"{registry}/interrupted:1"
    image = build(store, tree, name)
    with libimg.Store(f"{work}/interrupted") as target:
        for call, place in (client.push, store), (client.pull, target):
            for count in (1, 2, 5):
                take, seen = stop_at(count)
                try:
                    call(place, name, on_event=take)
                except KeyboardInterrupt:
                    assert len(seen) == count
                else:
                    raise AssertionError("nothing was interrupted")
            call(place, name)
        assert target.resolve(name).digest == image.digest


def supply(registry, tree, store, client, work):
    """One that has all, one that lies, one that raises."""
    name = f"{registry}/supplied:1"
    image = build(store, tree, name)
    client.push(store, name)

    def honest(descriptor, writer):
        store.read_blob(descriptor, writer.write)
        return True

    def liar(descriptor, writer):
        writer.write(b"x" * (descriptor.size_bytes + 1))
        return True

    def broken(_descriptor, _writer):
        raise ZeroDivisionError
    for number, (fn, warnings) in enumerate([(honest, 0), (liar, 2), (lambda *_: False, 0)]):
        said = []
        with libimg.Store(f"{work}/supplied{number}") as target, \
                libimg.Client(on_blob=fn, on_log=lambda *line: said.append(line)) as other:
            assert other.pull(target, name).digest == image.digest
        found = [line for level, line in said if level == "warning"]
        assert len(found) == warnings, found
    with libimg.Store(f"{work}/supplied-not") as target, libimg.Client(on_blob=broken) as other:
        try:
            other.pull(target, name)
        except ZeroDivisionError:
            pass
        else:
            raise AssertionError("the exception is lost")


def by_hand(store, name, work):
    """From store to store, without a registry."""
    source = store.resolve(name)
    with libimg.Store(f"{work}/assembled") as target:
        read = []
        store.read_blob(source, read.append)
        image = target.put_document(b"".join(read), source.digest)
        refused(libimg.NOT_FOUND, target.name, image, "assembled:1")
        for descriptor, _kind, present in target.parts(image):
            if not present:
                pieces = []
                store.read_blob(descriptor, pieces.append)
                refused(libimg.DIGEST, target.put_blob, [b"wrong"], descriptor)
                assert target.put_blob(pieces, descriptor).digest == descriptor.digest
        target.name(image, "assembled:1")
        assert list(target.images()) == ["docker.io/library/assembled:1"]


def threads(registry, tree, work):
    """Each with handles of its own; ctypes lets go of Python's lock meanwhile."""
    failed = []

    def run(number):
        try:
            name = f"{registry}/thread{number}:1"
            with libimg.Store(f"{work}/threads") as store, libimg.Client() as client:
                build(store, tree, name)
                client.push(store, name)
                client.pull(store, name)
        except BaseException as raised:  # pylint: disable=broad-except
            failed.append(raised)
    running = [threading.Thread(target=run, args=[number]) for number in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert not failed, failed


def main():
    registry, tree, work = sys.argv[2:]
    os.mkdir(work)
    with libimg.Store(f"{work}/store") as store, libimg.Client() as client:
        assert "missing" in refused(libimg.NOT_FOUND, store.resolve, "missing:1")
        refused(libimg.NOT_FOUND, client.pull, store, f"{registry}/missing:1")
        interrupt(registry, tree, store, client, work)
        supply(registry, tree, store, client, work)
        by_hand(store, f"{registry}/supplied:1", work)
    threads(registry, tree, work)


if __name__ == "__main__":
    offsets() if sys.argv[1] == "offsets" else main()
