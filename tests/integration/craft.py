# SPDX-License-Identifier: Apache-2.0
"""Images that no tool would make. usage: craft.py LAYOUT NAME LAYER...

Adds an image NAME for amd64 to the OCI layout, which is made if it is not there. A LAYER is a tar
file, behind it options: ",gz" or ",zst" compresses it, ",cat=FILE" appends a file to what came out,
",flip=N" then flips a bit of byte N (from the end if negative), ",cut=N" cuts N bytes off,
",type=MEDIA" is its media type and ",diff_id=DIGEST" what the config says of it; ",missing" leaves
the blob out, ",size=N" is the size that the manifest says, ",nodiff" leaves its diffID out of the
config."""

import gzip
import hashlib
import json
import os
import subprocess
import sys

OCI = "application/vnd.oci.image."


def put(layout, data):
    digest = hashlib.sha256(data).hexdigest()
    os.makedirs(os.path.join(layout, "blobs", "sha256"), exist_ok=True)
    with open(os.path.join(layout, "blobs", "sha256", digest), "wb") as stream:
        stream.write(data)
    return "sha256:" + digest


def option(options, name, default=None):
    for text in options:
        key, _, value = text.partition("=")
        if key == name:
            return value
    return default


def make_layer(layout, text):
    path, *options = text.split(",")
    with open(path, "rb") as stream:
        data = stream.read()
    diff_id = "sha256:" + hashlib.sha256(data).hexdigest()
    media = OCI + "layer.v1.tar"
    if "gz" in options:
        data, media = gzip.compress(data, 6, mtime=0), media + "+gzip"
    if "zst" in options:
        data = subprocess.run(["zstd", "-qc"], input=data, check=True, capture_output=True).stdout
        media += "+zstd"
    if option(options, "cat"):
        with open(option(options, "cat"), "rb") as stream:
            data += stream.read()
    if option(options, "flip"):
        data = bytearray(data)
        data[int(option(options, "flip"))] ^= 4
    if option(options, "cut"):
        data = data[:-int(option(options, "cut"))]
    digest = put(layout, bytes(data))
    if "missing" in options:
        os.unlink(os.path.join(layout, "blobs", *digest.split(":")))
    descriptor = {"mediaType": option(options, "type", media), "digest": digest,
                  "size": int(option(options, "size", len(data)))}
    return descriptor, [] if "nodiff" in options else [option(options, "diff_id", diff_id)]


def descriptor_of(layout, media, document):
    data = json.dumps(document).encode()
    return {"mediaType": media, "digest": put(layout, data), "size": len(data)}


def main():
    layout, name = sys.argv[1:3]
    layers = [make_layer(layout, text) for text in sys.argv[3:]]
    config = {"architecture": "amd64", "os": "linux", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [one for _, ids in layers for one in ids]}}
    manifest = {"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json",
                "config": descriptor_of(layout, OCI + "config.v1+json", config),
                "layers": [descriptor for descriptor, _ in layers]}
    entry = descriptor_of(layout, OCI + "manifest.v1+json", manifest)
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    path = os.path.join(layout, "index.json")
    index = {"schemaVersion": 2, "manifests": []}
    if os.path.exists(path):
        with open(path) as stream:
            index = json.load(stream)
    index["manifests"] = [old for old in index["manifests"] if old["annotations"] != entry["annotations"]]
    index["manifests"].append(entry)
    with open(path, "w") as stream:
        json.dump(index, stream)
    with open(os.path.join(layout, "oci-layout"), "w") as stream:
        stream.write('{"imageLayoutVersion":"1.0.0"}')


main()
