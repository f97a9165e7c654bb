#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""seeds.py FOLDER: writes what the fuzzers begin with, by other tools than ours where there are."""

import gzip
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile

FOLDER = sys.argv[1]
DIGEST = "sha256:" + 64 * "0"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
NAME = "org.opencontainers.image.ref.name"


def put(kind, name, data):
    os.makedirs(f"{FOLDER}/{kind}", exist_ok=True)
    with open(f"{FOLDER}/{kind}/{name}", "wb") as file:
        file.write(data)


def tar(form):
    """One entry of each type, and what makes extended headers."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, kind, link, data in [
                ("d/", tarfile.DIRTYPE, "", b""), ("d/a", tarfile.REGTYPE, "", b"hello"),
                ("l", tarfile.SYMTYPE, "d/a", b""), ("h", tarfile.LNKTYPE, "d/a", b""),
                ("x" * 90 + "/" + "y" * 60, tarfile.REGTYPE, "", 600 * b"z"),
                ("c", tarfile.CHRTYPE, "", b"")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(data)
            info.devmajor, info.devminor = 1, 3
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = {"SCHILY.xattr.user.a": "b", "mtime": "-4.5"}
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()[:8192]


def references():
    """What the grammar has."""
    for number, text in enumerate([
            "ubuntu", "a/b/c:t", "localhost:5000/a__b:T.-", "[2001:DB8::1]:5000/a---b", "[::A:443]/c",
            "index.docker.io/x/y:1", "h.io./a.b_c/0:t@sha256:" + 64 * "0",
            "Foo/bar@sha512:" + 128 * "a", "a..b/c", "http://u:p@h/a", 64 * "f"]):
        put("reference", f"{number}", text.encode())


def whiteouts():
    """Two layers of eight blocks, of which the second takes away from the first."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, link in [("d/a", None), ("d/e/a", None), ("l", "d"), ("l/b", None), ("e", "../l"),
                           ("f/a", None), ("g", None), ("h", None),
                           ("d/.wh.a", None), ("l/.wh.e", None), ("f/.wh..wh..opq", None),
                           (".wh.g", None), ("l/c", None), ("d/x", None), ("x/y", None),
                           ("e", None)]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
            archive.addfile(info)
    return out.getvalue()[:16 * 512]


def links():
    """Two layers of eight blocks, of which the second has names for files of the first, and takes
    theirs away."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, kind, link, data in [
                ("a", tarfile.REGTYPE, "", b"a"), ("d/b", tarfile.LNKTYPE, "a", b""),
                ("l", tarfile.SYMTYPE, "d", b""), ("c", tarfile.REGTYPE, "", b"c"),
                ("e", tarfile.FIFOTYPE, "", b""),
                ("l/x", tarfile.LNKTYPE, "a", b""), ("y", tarfile.LNKTYPE, "l/x", b""),
                (".wh.a", tarfile.REGTYPE, "", b""), ("d/.wh.b", tarfile.REGTYPE, "", b""),
                ("e", tarfile.REGTYPE, "", b"e"), ("z/e", tarfile.LNKTYPE, "e", b""),
                ("l2", tarfile.LNKTYPE, "l", b"")]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname, info.size = kind, link, len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()[:16 * 512]


def escapes():
    """Two layers of ten blocks that lead out of a root, if they can."""
    lower = [("l", "../canaries"), ("m", "../../canary"), ("d/u", "../.."), ("d/d/a", None),
             ("b", "l"), ("x", "d/d"), ("a", "../a"), ("c", "/"), ("r", "."), ("e", "../b")]
    upper = [("l/a", None), ("b/.wh.a", None), ("l/.wh..wh..opq", None), ("d/u/canary", None),
             ("m", None), ("x/.wh..wh..opq", None), (".wh.d", None), ("d", "../canaries"),
             ("d/a", None), ("c/r/c/a/b", None)]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, link in lower + upper:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
            archive.addfile(info)
    return out.getvalue()[:20 * 512]


def sparse(options):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/sparse", "wb") as file:
            for i in range(1, 7):
                file.seek(i * 1000000)
                file.write(b"some data")
        return subprocess.run(["tar", "-C", folder, "-S", "-b1", *options, "-cf", "-", "sparse"],
                              check=True, stdout=subprocess.PIPE).stdout


def descriptor(kind, **more):
    return dict(mediaType=kind, digest=DIGEST, size=5, **more)


def documents():
    manifest = dict(
        schemaVersion=2, mediaType=MANIFEST,
        config=descriptor("application/vnd.oci.image.config.v1+json"),
        layers=[descriptor("application/vnd.oci.image.layer.v1.tar+gzip")],
        annotations={"a": "b"}, subject=descriptor("a/b"))
    index = dict(
        schemaVersion=2, mediaType="application/vnd.oci.image.index.v1+json",
        manifests=[descriptor(MANIFEST, annotations={NAME: "latest"}, platform=dict(
            os="linux", architecture="arm64", variant="v8"))])
    config = dict(
        created="2020-01-01T00:00:00Z", architecture="amd64", os="linux",
        config=dict(User="x", ExposedPorts={"80/tcp": {}}, Env=["A=B"], Entrypoint=["a"],
                    Cmd=["b"], Volumes={"/x": {}}, WorkingDir="/", Labels={"a": "b"}),
        rootfs=dict(type="layers", diff_ids=[DIGEST]),
        history=[dict(created="x", created_by="y", empty_layer=True), {}])
    return [json.dumps(document).encode() for document in (config, manifest, index)]


def table():
    """A file of two chunks, one of two in a member, and an entry of each other type."""
    entries = [
        dict(name="d/", type="dir", modtime="2020-02-29T23:59:59.5Z", mode=493, uid=1, gid=2),
        dict(name="d/a", type="reg", size=7, mode=420, offset=9, xattrs={"user.a": "YQ=="},
             digest=DIGEST, chunkSize=4, chunkDigest=DIGEST),
        dict(name="d/a", type="chunk", offset=50, chunkOffset=4, chunkDigest=DIGEST),
        dict(name="d/b", type="reg", size=1, offset=50, innerOffset=99, chunkDigest=DIGEST),
        dict(name="e", type="reg"), dict(name="l", type="symlink", linkName="../x"),
        dict(name="h", type="hardlink", linkName="d/a"), dict(name="f", type="fifo"),
        dict(name="c", type="char", devMajor=1, devMinor=3), dict(name="b", type="block")]
    return json.dumps(dict(version=1, entries=entries)).encode()


def estargz(text, footer):
    """The end of a blob, with as little before it as can be."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        info = tarfile.TarInfo("stargz.index.json")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    front = gzip.compress(bytes(100), mtime=0)
    head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff" + footer
    return (front + gzip.compress(out.getvalue()[:-8192], mtime=0) + head +
            b"%016xSTARGZ" % len(front) + b"\x01\0\0\xff\xff" + bytes(8))


def image_tar(entries):
    """A tar of files and, where the data is text, of links."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        end = out.tell()
    return out.getvalue()[:end + 1024]


def archives():
    """Archives of images, and behind a number the tables of others."""
    hello = "sha256:" + hashlib.sha256(b"hello").hexdigest()
    config = json.dumps(dict(rootfs=dict(type="layers", diff_ids=[hello]))).encode()
    manifest = json.dumps([dict(Config="c.json", RepoTags=["a:1", "b/c"],
                                Layers=["a/layer.tar"])]).encode()
    repositories = json.dumps({"a": {"1": "a", "2": "b"}, "b/c": {"x": "b"}}).encode()
    document = json.dumps(dict(
        schemaVersion=2, config=dict(mediaType="application/vnd.oci.image.config.v1+json",
                                     digest="sha256:" + hashlib.sha256(config).hexdigest(),
                                     size=len(config)), layers=[])).encode()
    digest = hashlib.sha256(document).hexdigest()
    index = json.dumps(dict(schemaVersion=2, manifests=[dict(
        mediaType=MANIFEST, digest=f"sha256:{digest}", size=len(document),
        annotations={NAME: "1", "io.containerd.image.name": "docker.io/library/a:1"})])).encode()
    docker = image_tar([("manifest.json", manifest), ("c.json", config), ("a/layer.tar", "../l"),
                        ("./l", b"hello")])
    yield "docker", b"\3" + docker
    yield "compressed", b"\3" + gzip.compress(docker, mtime=0)
    yield "legacy", b"\3" + image_tar([
        ("a/json", b'{"parent":"b"}'), ("b/json", b"{}"), ("a/layer.tar", b"hello"),
        ("b/layer.tar", "../a/layer.tar"), ("repositories", repositories)])
    yield "layout", b"\3" + image_tar([
        ("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", index),
        (f"blobs/sha256/{digest}", document)])
    yield "manifest", b"\0" + manifest
    yield "repositories", b"\1" + repositories
    yield "index", b"\2" + index


def downloads():
    """Answers to requests for the rest of a blob."""
    for i, lines in enumerate((b"Content-Length: 100\nETag: \"a\"", b"Content-Range: bytes 40-99/100",
                               b"Content-Range: bytes 0-99/100\nETag: W/\"a\"",
                               b"Content-Encoding: gzip\nContent-Length: 60",
                               b"Content-Range: bytes */100")):
        for asked in range(3):
            put("answer", f"answer{i}{asked}", bytes([i % 4, asked]) + lines)


def credentials():
    """What is said of credentials, by registries, token services, helpers and files."""
    put("challenge", "lines", b'Negotiate, Bearer realm="https://auth.example/t?a=b",service="a, \\"b",'
        b'scope="repository:a/b:pull,push repository:c:pull",error=insufficient_scope\nBasic realm="x"')
    put("challenge", "token68", b'NTLM TlRMTVNTUAAB==, bearer realm = http://auth.example/t , x=y,,Basic')
    put("challenge", "private", b'Bearer realm="https://127.0.0.1/t"\nBearer realm="https://u@x/"')
    put("scope", "lists", b"repository:a/b:pull repository(plugin):h:5000/c:pull,push\n"
        b"repository:a/b:pull,push registry:catalog:* x")
    token = dict(token="t.o-k_en", access_token="", expires_in=300, refresh_token="r",
                 issued_at="2020-01-01T00:00:00Z")
    errors = dict(errors=[dict(code="DENIED", message="no\n", detail=[{"Type": "\x1b[31m"}]), {}])
    secret = dict(ServerURL="https://index.docker.io/v1/", Username="<token>", Secret="s")
    for i, answer in enumerate((token, errors, secret)):
        put("answers", f"answer{i}", bytes([i]) + json.dumps(answer).encode())
    for i, text in enumerate((b"0-99", b"0-0", b"bytes=0-9", b"0-99999999999999999999", b"1-2")):
        put("upload", f"range{i}", b"\1" + text)
    for i, text in enumerate((b"5242880", b"1", b"9223372036854775807", b"99999999999999999999999")):
        put("upload", f"limit{i}", b"\0" + text)
    put("answers", "oauth", b'\1{"error":"invalid_grant","error_description":"unknown \\u001b token"}')
    put("answers", "none", b"\2credentials not found in native keychain\n")
    auths = {"https://index.docker.io/v1/": dict(auth="dTpw"), "r/a": dict(identitytoken="i"),
             "r": dict(username="u", password="p", registrytoken="t"), "http://r:80/v2/": {}}
    put("authfile", "all", json.dumps(dict(auths=auths, credsStore="a", credHelpers={
        "r": "b", "s": ""})).encode())
    put("authfile", "legacy", json.dumps(auths).encode())
    put("authfile", "key", b"HTTPS://index.docker.io:443/v1/")
    put("authfile", "port", b":443//")


def transport():
    """What servers and the environment say to the transport."""
    lines = ("a.example,.b, *.c\t10.0.0.0/8 [fd00::1]:80,fd00::/8,1.2.3.4:5",
             "https://H.b:443/v2/./a/../b?c=d#e", "//[fd00::1]:80/a b")
    put("url", "names", "\n".join(lines).encode())
    put("url", "path", b"*\nhttp://10.1.2.3/a/b?c\n../../d/..?e\xc3\xa9")
    put("url", "odd", b"x/y,:1\nHTTPS://2130706433:0065535\n?q")
    put("retry_after", "seconds", b"Retry-After: 120\nretry-after : 3\n")
    put("retry_after", "date", b"Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
        b"Retry-After:\tSun, 06 Nov 1994 08:51:37 GMT \n")


def remembered():
    """What builds keep: a list of stamps and records of layers, without their ends."""
    head = b"libimg stamps 1\n" + struct.pack("=IIQ", 0x01020304, 104, 7)
    rows = b""
    for shared, path in [(0, b""), (0, b"a"), (1, b"/b"), (1, b"c"), (0, b"d")]:
        stamp = struct.pack("=QQqq8I", 1, 2, 3, 4, 5, 6, 0o100644, 0, 0, 1, 0, 0)
        rows += struct.pack("=HHI", shared, len(path), len(path) % 3) + stamp + 32 * b"d" + path
    put("stamps", "list", head + rows)
    put("stamps", "empty", head)
    layer = f"layer {64 * 'a'} {64 * 'b'} {64 * 'c'} {DIGEST} 123 {DIGEST} "
    put("records", "two", (layer + "1000000000\nwhat add /srv\n" + layer + "-\nwhat add /\n"
                           "annotation a.b/c=d\nannotation e=\n").encode())
    put("records", "old", (layer + "-5\nwhat add /\n").encode())


def main():
    downloads()
    credentials()
    transport()
    remembered()
    for i, form in enumerate((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT)):
        put("tar", f"plain{i}", tar(form))
        put("view", f"twice{i}", 2 * tar(form))
    put("view", "whiteouts", whiteouts())
    put("apply", "twice", 2 * tar(tarfile.PAX_FORMAT))
    put("apply", "whiteouts", whiteouts())
    put("apply", "escapes", escapes())
    put("view", "links", links())
    for options in (["--format=gnu"], ["--format=pax", "--sparse-version=0.0"],
                    ["--format=pax", "--sparse-version=0.1"],
                    ["--format=pax", "--sparse-version=1.0"]):
        put("tar", "sparse" + options[-1][-3:], sparse(options))

    random.seed(1)
    text = 900 * b"abc" + random.randbytes(200)
    member = gzip.compress(text, mtime=0)
    put("decompress", "gzip", b"\x05\x05" + member + gzip.compress(b"", mtime=0))
    put("decompress", "fields", b"\x00\x00" + member[:3] + b"\x1d" + member[4:10] +
        b"\x02\x00ab" + b"name\0" + b"comment\0" + member[10:])
    frame = subprocess.run(["zstd", "-q", "-c"], input=text, check=True,
                           stdout=subprocess.PIPE).stdout
    put("decompress", "zstd", b"\x05\x05" + b"\x50\x2a\x4d\x18\x03\0\0\0abc" + frame + frame)

    put("estargz", "table", table())
    put("estargz", "blob", estargz(b'{"version":1,"entries":[]}', b"\x1a\0SG\x16\0"))
    put("estargz", "old", estargz(b'{"version":1,"entries":[]}', b"\x16\0"))

    references()
    lists()
    settings()
    for i, document in enumerate(documents()):
        put("json", f"document{i}", document)
        put("documents", f"document{i}", bytes([i]) + document)
        put("documents", f"sniffed{i}", b"\3" + document)
    put("json", "values", rb'{"a":[1,-0,1.5e3,true,null,"\u00e9\ud834\udd1e\n"],"b":{}}')
    put("names", "foreign", documents()[2])
    lines = ",\n".join(json.dumps(descriptor(MANIFEST, annotations={
        NAME: f"docker.io/library/{name}:1"}), separators=(",", ":")) for name in "abc")
    put("names", "lines", b'{"schemaVersion":2,"manifests":[\n' + lines.encode() + b"\n]}\n")
    for i, spec in enumerate((b"app", b"5:more", b"7", b":app")):
        put("user", f"spec{i}", spec + b"\nroot:x:0:0::/root:\n#a\napp:x:5:6:,,:/d:/bin/sh\n"
            b"\1app:x:6:\nmore:x:7:root,app\n")
    put("ignore", "docker", b"\xef\xbb\xbf# a\n*\n!src/**\n**/[a-c]?*.o\nsrc/x\n!src/x/y\nsrc/x/y/z")
    put("ignore", "exceptions", b"**\n!**/*.md\n/a/../b/\n! c\\*d \na/b/x.md")
    put("ignore", "mode", b"u=rwX,go=g-w+s,a=t")
    for name, data in archives():
        put("archive", name, data)
    put("names", "empty", b'{"schemaVersion":2,"manifests":[\n]}\n')


def settings():
    """registries.conf, hosts.toml and what else TOML has."""
    put("toml", "values", b"""# a
a.b = {c = [1, -2.5e3, +inf, 0x1f, true], "d e" = 'f\\'}
[x."y z"]
s = \"\"\"\\
  \\u00e9\\t\"\"\"
t = 1979-05-27 07:32:00.5+01:00
[[x.l]]
[[x.l]]
m = '''
n'''
""")
    conf = b"""unqualified-search-registries = ["a.example:5000"]
[[registry]]
prefix = "a.example/b"
location = "c.example/d"
blocked = false
[[registry.mirror]]
location = "m.example:1/e"
insecure = true
pull-from-mirror = "tag-only"
[[registry]]
prefix = "*.w.example"
mirror-by-digest-only = true
[[registry.mirror]]
location = "n/f"
[aliases]
g = "h.example/i"
"""
    hosts = b"""server = "https://a.example/v2"
ca = ["a.pem"]
[host."http://m:5000/p"]
capabilities = ["pull", "resolve"]
client = [["a.cert", ""]]
override_path = true
skip_verify = true
[host."http://m:5000/p".header]
x-a = ["b", "c"]
"""
    put("registries_conf", "tag", b"""[[registry]]
prefix = "a.example/b"
location = "c"
[[registry.mirror]]
location = "m.example/1:e"
""")
    for name in ("toml", "registries_conf"):
        put(name, "conf", conf)
        put(name, "hosts", hosts)


def lists():
    """What registries list, and how they lead on."""
    for i, value in enumerate((
            b'</v2/a/tags/list?last=b&n=2>; rel="next"',
            b'<a>; title="x>, <b>; rel=next \\" "; rel=first, <x>;REL="last next";anchor="", ,<y>')):
        put("link", f"link{i}", b"\1" + value)
    put("link", "warning", b'\0299 - "a, \\"b", 110 x "c" "Wed, 21", 299 - "d"')
    put("names_page", "tags", b'{"name":"a","tags":["1","",null,"sha256:ab","a b","v1.0_x-y"]}')
    put("names_page", "repositories", b'{"repositories":["a/b","A","../c","d__e/f-g"]}')
    subject = descriptor(MANIFEST)
    entry = descriptor(MANIFEST, artifactType="a/b", annotations={"a": "b"})
    other = {**entry, "digest": DIGEST[:-1] + "1"}
    put("referrers", "list", json.dumps({"schemaVersion": 2, "manifests": [entry, other, 1],
                                         "annotations": {}}).encode())
    put("referrers", "manifest", json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "a/b", "subject": subject,
        "config": subject, "layers": [], "annotations": {"a": "b"}}).encode())


main()
