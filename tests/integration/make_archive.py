# SPDX-License-Identifier: Apache-2.0
"""Writes an image, a tar as its one layer, into an archive as some tool does that is not here.

usage: make_archive.py KIND TAR ARCHIVE, where KIND is:
  crane     config "sha256:HEX", layers "HEX.tar.gz"; the layer twice, and twice in the file
  kaniko    the same with the layer once, names without a suffix
  bazel     "./" before all names, layers below directories, RepoTags with a port
  docker    of versions 1.10 to 24: "ID/layer.tar", the layer twice, the second time a link
  docker25  an image layout with a manifest.json, layers uncompressed
  legacy    of versions before 1.10
  docker28  the same with the index of an image for two platforms, of which it has one
  buildx    an image layout for two platforms, named by the annotations of containerd
  bzip2, xz, zstd  a layer compressed like that"""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

KIND, LAYER, ARCHIVE = sys.argv[1:]
OCI = "application/vnd.oci.image."


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def encode(value):
    return json.dumps(value).encode()


class Archive:
    def __init__(self, path, prefix=""):
        self.tar = tarfile.open(path, "w", format=tarfile.USTAR_FORMAT)
        self.prefix = prefix

    def put(self, name, data):
        info = tarfile.TarInfo(self.prefix + name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def link(self, name, target):
        info = tarfile.TarInfo(self.prefix + name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(info)

    def blob(self, data):
        self.put("blobs/sha256/" + sha256(data), data)
        return sha256(data)


def make_config(layer, count, **more):
    return encode(dict(
        architecture="amd64", os="linux", created="2020-01-01T00:00:00Z",
        config=dict(Entrypoint=["/bin/hello"], Env=["KEPT=yes"]),
        rootfs=dict(type="layers", diff_ids=count * ["sha256:" + sha256(layer)]), **more))


def manifest(config, tags, *layers):
    return encode([dict(Config=config, RepoTags=tags, Layers=layers)])


def descriptor(kind, data, **more):
    return dict(mediaType=OCI + kind, digest="sha256:" + sha256(data), size=len(data), **more)


def put_layout(archive, entries):
    archive.put("index.json", encode(dict(schemaVersion=2, manifests=entries)))
    archive.put("oci-layout", encode(dict(imageLayoutVersion="1.0.0")))


def put_image(archive, layer, kind, architecture="amd64"):
    config = make_config(layer, 1, variant="") if architecture == "amd64" else encode(dict(
        architecture=architecture, os="linux",
        rootfs=dict(type="layers", diff_ids=["sha256:" + sha256(layer)])))
    data = gzip.compress(layer, mtime=0) if kind.endswith("gzip") else layer
    document = encode(dict(
        schemaVersion=2, mediaType=OCI + "manifest.v1+json",
        config=descriptor("config.v1+json", config), layers=[descriptor(kind, data)]))
    return [archive.blob(part) for part in (config, data, document)], document


def crane(layer):
    archive, config = Archive(ARCHIVE), make_config(layer, 2)
    data = gzip.compress(layer, mtime=0)
    archive.put("sha256:" + sha256(config), config)
    for _ in range(2):
        archive.put(sha256(data) + ".tar.gz", data)
    archive.put("manifest.json", manifest("sha256:" + sha256(config), ["index.docker.io/a/crane:1"],
                                          *2 * [sha256(data) + ".tar.gz"]))
    return archive


def kaniko(layer):
    archive, config = Archive(ARCHIVE), make_config(layer, 1)
    archive.put("sha256:" + sha256(config), config)
    archive.put(sha256(layer), layer)
    archive.put("manifest.json", manifest("sha256:" + sha256(config), ["kaniko:latest"], sha256(layer)))
    return archive


def bazel(layer):
    archive, config = Archive(ARCHIVE, "./"), make_config(layer, 1)
    archive.put(64 * "a" + ".json", config)  # no digest, whatever it looks like
    archive.put("b/layer.tar", layer)
    archive.put("b/VERSION", b"1.0")
    archive.put("repositories", encode({"localhost:5000/bazel": {"x": "b"}}))
    archive.put("manifest.json", manifest(64 * "a" + ".json", ["localhost:5000/bazel:x"],
                                          "b/layer.tar"))
    return archive


def docker(layer):
    archive, config = Archive(ARCHIVE), make_config(layer, 2)
    ids = [64 * "1", 64 * "2"]
    archive.put(ids[0] + "/layer.tar", layer)
    archive.link(ids[1] + "/layer.tar", f"../{ids[0]}/layer.tar")
    archive.put(sha256(config) + ".json", config)
    archive.put("manifest.json", manifest(sha256(config) + ".json", ["docker:1", "a/b:2"],
                                          *(name + "/layer.tar" for name in ids)))
    return archive


def docker25(layer):
    archive = Archive(ARCHIVE)
    (config, tar, _), document = put_image(archive, layer, "layer.v1.tar")
    put_layout(archive, [descriptor("manifest.v1+json", document, annotations={
        "io.containerd.image.name": "docker.io/library/docker25:1",
        "org.opencontainers.image.ref.name": "1"})])
    archive.put("manifest.json", manifest("blobs/sha256/" + config, ["docker25:1"],
                                          "blobs/sha256/" + tar))
    return archive


def legacy(layer):
    archive, upper, lower = Archive(ARCHIVE), 64 * "1", 64 * "2"
    archive.put("repositories", encode({"legacy": {"1": upper}}))
    for name, more in ((lower, {}), (upper, dict(
            parent=lower, config=dict(Entrypoint=["/bin/hello"], Env=["KEPT=yes"]), os="linux",
            architecture="amd64"))):
        archive.put(name + "/VERSION", b"1.0")
        archive.put(name + "/json", encode(dict(id=name, created="2014-01-01T00:00:00Z", **more)))
        archive.put(name + "/layer.tar", layer)
    return archive


def put_index(archive, name, documents):
    entries = [descriptor("manifest.v1+json", document,
                          platform=dict(os="linux", architecture=architecture))
               for architecture, document in documents.items()]
    index = encode(dict(schemaVersion=2, mediaType=OCI + "index.v1+json", manifests=entries))
    archive.blob(index)
    put_layout(archive, [descriptor("index.v1+json", index, annotations={
        "io.containerd.image.name": f"docker.io/library/{name}:1",
        "org.opencontainers.image.ref.name": "1"})])


def buildx(layer):
    archive = Archive(ARCHIVE)
    put_index(archive, "buildx", {
        name: put_image(archive, layer, "layer.v1.tar+gzip", name)[1]
        for name in ("arm64", "amd64")})
    return archive


def docker28(layer):
    archive = Archive(ARCHIVE)
    (config, tar, _), document = put_image(archive, layer, "layer.v1.tar")
    put_index(archive, "docker28", {"arm64": b"{}", "amd64": document})
    archive.put("manifest.json", manifest("blobs/sha256/" + config, ["docker28:1"],
                                          "blobs/sha256/" + tar))
    return archive


def compressed(layer):
    archive, config = Archive(ARCHIVE), make_config(layer, 1)
    command = {"bzip2": ["bzip2"], "xz": ["xz"], "zstd": ["zstd", "-qc"]}[KIND]
    data = subprocess.run(command, input=layer, stdout=subprocess.PIPE, check=True).stdout
    archive.put("config.json", config)
    archive.put("layer.tar", data)
    archive.put("manifest.json", manifest("config.json", [KIND + ":1"], "layer.tar"))
    return archive


def main():
    with open(LAYER, "rb") as stream:
        layer = stream.read()
    globals().get(KIND, compressed)(layer).tar.close()


main()
