# SPDX-License-Identifier: Apache-2.0
"""Checks an OCI image layout without libimg: every file is known, every blob has the digest and the
size that it is called by, and all that index.json names is there.

usage: consistent.py [--killed] [--sparse] STORE

With --killed, temporary files and unreachable blobs are allowed: a process died there. With --sparse,
an index needs only one of its manifests: it was pulled for one platform."""

import hashlib
import json
import os
import re
import sys

INDEXES = ("application/vnd.oci.image.index.v1+json",
           "application/vnd.docker.distribution.manifest.list.v2+json")
KNOWN = {"oci-layout", "index.json", "blobs", ".libimg-cache"}
# Locks are files that stay.
LOCK = re.compile(r"^\.libimg-(lock|lease|recall)$")
# What a pull that broke off had of a blob, for the next one.
PART = re.compile(r"^\.libimg-part-(sha256|sha384|sha512)-([0-9a-f]{64,128})$")
# What builds remember.
CACHE, RECORD = ".libimg-cache", re.compile(r"^(tree|layer)-[0-9a-f]{64}$")


def fail(message):
    sys.exit(f"consistent.py: {message}")


def blob_path(store, digest):
    algorithm, value = digest.split(":", 1)
    return os.path.join(store, "blobs", algorithm, value)


def check_blobs(store, killed):
    count = 0
    for here, _, names in os.walk(os.path.join(store, "blobs")):
        for name in names:
            algorithm = os.path.basename(here)
            if not re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128}", name):
                if killed:
                    continue
                fail(f"a temporary file was left: {os.path.join(here, name)}")
            digest = hashlib.new(algorithm)
            with open(os.path.join(here, name), "rb") as stream:
                for chunk in iter(lambda s=stream: s.read(1 << 20), b""):
                    digest.update(chunk)
            if digest.hexdigest() != name:
                fail(f"{algorithm}:{name} has the digest {digest.hexdigest()}")
            count += 1
    return count


def is_part(store, name):
    """A part of a blob that is not there, and has something of it."""
    match = PART.match(name)
    return (match and os.path.getsize(os.path.join(store, name)) > 0 and
            not os.path.exists(blob_path(store, f"{match[1]}:{match[2]}")))


def check_descriptor(store, descriptor, why):
    path = blob_path(store, descriptor["digest"])
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        fail(f"{why} needs {descriptor['digest']}, which is not there")
    if size != descriptor["size"]:
        fail(f"{descriptor['digest']} has {size} bytes, {why} says {descriptor['size']}")
    return path


def check_manifest(store, descriptor, why, seen, sparse):
    if descriptor["digest"] in seen:
        return
    seen.add(descriptor["digest"])
    path = check_descriptor(store, descriptor, why)
    with open(path, "rb") as stream:
        document = json.load(stream)
    if descriptor["mediaType"] in INDEXES:
        entries = document["manifests"]
        if sparse:
            entries = [entry for entry in entries
                       if os.path.exists(blob_path(store, entry["digest"]))]
            if not entries:
                fail(f"{descriptor['digest']} has none of its manifests here")
        for entry in entries:
            check_manifest(store, entry, descriptor["digest"], seen, sparse)
        return
    for entry in [document["config"]] + document["layers"]:
        check_descriptor(store, entry, descriptor["digest"])
    if "artifactType" in document:
        return
    with open(blob_path(store, document["config"]["digest"]), "rb") as stream:
        config = json.load(stream)
    if len(config["rootfs"]["diff_ids"]) != len(document["layers"]):
        fail(f"{descriptor['digest']}: layers and diff_ids differ in number")


def main():
    arguments = sys.argv[1:]
    killed, sparse = "--killed" in arguments, "--sparse" in arguments
    store = arguments[-1]
    if not os.path.isdir(store):
        if killed:
            return
        fail(f"{store} is not there")
    for name in os.listdir(store):
        path = os.path.join(store, name)
        if name == CACHE and all(RECORD.match(record) for record in os.listdir(path)):
            continue
        if name in KNOWN or LOCK.match(name) or is_part(store, name) or killed:
            continue
        if os.path.isdir(path) and not os.listdir(path):
            continue
        fail(f"a temporary file was left: {path} {os.listdir(path) if os.path.isdir(path) else ''}")
    blobs = check_blobs(store, killed)
    seen = set()
    try:
        with open(os.path.join(store, "index.json"), "rb") as stream:
            index = json.load(stream)
    except FileNotFoundError:
        if not killed:
            fail("there is no index.json")
        index = {"manifests": []}
    for entry in index["manifests"]:
        check_manifest(store, entry, "index.json", seen, sparse)
    print(f"   consistent: {len(index['manifests'])} names, {blobs} blobs")


main()
