# SPDX-License-Identifier: Apache-2.0
"""Loads an archive by the rules of "docker load", as moby has them in image/tarexport/load.go: the
archive is unpacked into a directory, manifest.json names images, links are followed within the
directory, layers are decompressed by their first bytes, and their digests must be the diffIDs of
the config. Without manifest.json the old form counts.

usage: docker_load.py ARCHIVE

Prints a line for each image: its id, then its tags. Fails where docker would."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

TAG = re.compile(r"(?:[a-zA-Z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*"
                 r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
PROGRAMS = [(b"\x1f\x8b\x08", ["gzip", "-dc"]), (b"BZh", ["bzip2", "-dc"]),
            (b"\xfd7zXZ\0", ["xz", "-dc"]), (b"\x28\xb5\x2f\xfd", ["zstd", "-dcq"])]


def must(condition, what):
    if not condition:
        sys.exit(f"docker would say: {what}")


def safe(folder, path):
    """A path in the directory, links followed as if that were the root."""
    done = folder
    parts = path.split("/")
    for _ in range(100):
        if not parts:
            return done
        part = parts.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            done = folder if done == folder else os.path.dirname(done)
            continue
        following = os.path.join(done, part)
        if not os.path.islink(following):
            done = following
            continue
        target = os.readlink(following)
        done = folder if target.startswith("/") else done
        parts = target.split("/") + parts
    return sys.exit("too many links")


def diff_id(path):
    with open(path, "rb") as stream:
        start = stream.read(6)
    for magic, command in PROGRAMS:
        if start.startswith(magic):
            with open(path, "rb") as stream:
                data = subprocess.run(command, stdin=stream, stdout=subprocess.PIPE, check=True)
            return "sha256:" + hashlib.sha256(data.stdout).hexdigest()
    with open(path, "rb") as stream:
        return "sha256:" + hashlib.sha256(stream.read()).hexdigest()


def load(folder, item):
    with open(safe(folder, item["Config"]), "rb") as stream:
        config = stream.read()
    image = json.loads(config)
    must(image.get("rootfs"), "invalid image JSON, no RootFS key")
    must(image.get("os", "") in ("", "linux"), f"cannot load {image.get('os')} image on linux")
    diff_ids, layers = image["rootfs"].get("diff_ids") or [], item.get("Layers") or []
    must(len(layers) == len(diff_ids), "invalid manifest, layers length mismatch")
    for layer, expected in zip(layers, diff_ids):
        found = diff_id(safe(folder, layer))
        must(found == expected, f"invalid diffID: expected {expected}, got {found}")
    tags = item.get("RepoTags") or []
    for tag in tags:
        must(TAG.fullmatch(tag), f"invalid tag {tag}")
    print("sha256:" + hashlib.sha256(config).hexdigest(), *tags)


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["tar", "-xf", sys.argv[1], "-C", folder], check=True)
        path = safe(folder, "manifest.json")
        must(os.path.exists(path), "there is no manifest.json, and old archives are not judged")
        with open(path, "rb") as stream:
            manifest = json.load(stream)
        must(manifest is not None, "invalid manifest, manifest cannot be null (but can be [])")
        for item in manifest:
            load(folder, item)


main()
