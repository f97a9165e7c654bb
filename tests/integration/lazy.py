# SPDX-License-Identifier: Apache-2.0
"""Reads a layer piece by piece, as a file system does that fetches what is asked for.
usage: lazy.py estargz|chunked BLOB MANIFEST DIFF-ID PLAIN [LINES]

MANIFEST describes the blob as its last layer; PLAIN is the tar of an ordinary layer of the same files. Table of contents, tar and (of zstd:chunked) tar-split
must agree entry by entry; each chunk must decompress alone to its digest; tar-split and chunks must
give the tar again, byte for byte. The lines of the tar-split go to LINES. Prints how many entries and chunks there were."""

import base64
import calendar
import ctypes
import hashlib
import io
import json
import re
import struct
import sys
import tarfile
import zlib

TYPES = {tarfile.REGTYPE: "reg", tarfile.DIRTYPE: "dir", tarfile.SYMTYPE: "symlink",
         tarfile.LNKTYPE: "hardlink", tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block",
         tarfile.FIFOTYPE: "fifo"}
CHUNKED = "io.github.containers.zstd-chunked."
CHUNK = 4 << 20

zstd = ctypes.CDLL("libzstd.so.1")
zstd.ZSTD_decompress.restype = ctypes.c_size_t
zstd.ZSTD_decompress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]


def check(good, *message):
    if not good:
        sys.exit("FAILED: " + " ".join(str(part) for part in message))


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def unzstd(data, size):
    """All frames of data, which come to size bytes."""
    out = ctypes.create_string_buffer(size or 1)
    got = zstd.ZSTD_decompress(out, size, data, len(data))
    check(got == size, f"{len(data)} bytes of zstd give {ctypes.c_ssize_t(got).value}, not {size}")
    return out.raw[:size]


def gunzip(data, size):
    """The first size bytes of the members that data begins with."""
    out = b""
    while len(out) < size:
        check(data[:4] == b"\x1f\x8b\x08\x00", "no gzip member")
        member = zlib.decompressobj(31)
        out += member.decompress(data, size - len(out))
        if not member.eof:
            break
        data = member.unused_data
    check(len(out) == size, "the members have", len(out), "bytes, not", size)
    return out


def gunzip_all(data):
    out = []
    while data:
        member = zlib.decompressobj(31)
        out.append(member.decompress(data))
        check(member.eof, "the last member is cut short")
        data = member.unused_data
    return b"".join(out)


def when(text):
    """Seconds and nanoseconds of a time of RFC 3339."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", text)
    check(found, "no time:", text)
    fraction = (found.group(7) or "").ljust(9, "0")
    check(not (found.group(7) or "").endswith("0"), "a fraction with zeros:", text)
    return calendar.timegm(tuple(int(x) for x in found.groups()[:6])), int(fraction)


def tar_time(member):
    text = member.pax_headers.get("mtime")
    if not text:
        return int(member.mtime), 0
    seconds, _, fraction = text.partition(".")
    ns = int(fraction.ljust(9, "0")) if fraction else 0
    if seconds.startswith("-") and ns:
        return int(seconds) - 1, 1000000000 - ns
    return int(seconds), ns


def describe_tar(member):
    name = member.name + ("/" if member.isdir() else "")
    xattrs = {key[len("SCHILY.xattr."):]: value.encode("utf-8", "surrogateescape")
              for key, value in member.pax_headers.items() if key.startswith("SCHILY.xattr.")}
    device = (member.devmajor, member.devminor) if member.isdev() and not member.isfifo() else (0, 0)
    return (name, TYPES[member.type], member.mode, member.uid, member.gid,
            member.size if member.isreg() else 0, tar_time(member),
            member.linkname if member.issym() or member.islnk() else "", device, xattrs)


def describe_toc(entry):
    xattrs = {key: base64.b64decode(value) for key, value in entry.get("xattrs", {}).items()}
    return (entry["name"], entry["type"], entry.get("mode", 0), entry.get("uid", 0),
            entry.get("gid", 0), entry.get("size", 0), when(entry["modtime"]),
            entry.get("linkName", ""), (entry.get("devMajor", 0), entry.get("devMinor", 0)), xattrs)


def members(tar):
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:", encoding="utf-8") as archive:
        return archive.getmembers()


def group(entries):
    """Each entry with its chunks: the entry itself and those that follow it."""
    groups = []
    for entry in entries:
        if entry["type"] == "chunk":
            check(groups and groups[-1][0]["name"] == entry["name"], "a chunk without a file")
            groups[-1].append(entry)
        else:
            groups.append([entry])
    return groups


def compare(groups, found):
    check(len(groups) == len(found), len(groups), "entries in the table,", len(found), "in the tar")
    for chunks, member in zip(groups, found):
        check(describe_toc(chunks[0]) == describe_tar(member), "the table says",
              describe_toc(chunks[0]), "the tar", describe_tar(member))


def json_of(text):
    """The document, which must be canonical: it is the same when it is written again."""
    def pairs(items):
        check(len({key for key, _ in items}) == len(items), "a key twice")
        return dict(items)
    document = json.loads(text, object_pairs_hook=pairs)
    again = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    check(again == text, "the table is not canonical")
    check(document["version"] == 1, "version", document["version"])
    return document


def contents(chunks, read):
    """The data of a file from its chunks, all that the table says of them being checked."""
    entry = chunks[0]
    size, out = entry.get("size", 0), b""
    for index, chunk in enumerate(chunks):
        begin = index * CHUNK
        length = min(CHUNK, size - begin)
        check(chunk.get("chunkOffset", 0) == begin and length > 0, chunk)
        data = read(chunks, index, length)
        if "chunkDigest" in chunk or len(chunks) > 1:
            check(sha256(data) == chunk["chunkDigest"], "a chunk has another digest:", chunk)
        out += data
    check(len(out) == size and sha256(out) == entry["digest"], "a file has another digest:", entry)
    return out


def estargz(blob, layer, diff_id, other):
    footer = blob[-51:]
    offset = int(footer[16:32], 16)
    check(footer == b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x1a\0SG\x16\0" + b"%016xSTARGZ" % offset +
          b"\x01\0\0\xff\xff" + b"\0" * 8, "another footer")
    member = zlib.decompressobj(31)
    toc_tar = member.decompress(blob[offset:-51])
    check(member.eof and not member.unused_data, "the table is not one member")
    toc_member = members(toc_tar)
    check([m.name for m in toc_member] == ["stargz.index.json"], "no table at", offset)
    text = toc_tar[512:512 + toc_member[0].size]
    check(layer["annotations"] == {
        "containerd.io/snapshot/stargz/toc.digest": sha256(text),
        "io.containers.estargz.uncompressed-size": str(len(gunzip_all(blob)))}, "annotations")

    tar = gunzip_all(blob)
    check(sha256(tar) == diff_id, "the diffID")
    groups = group(json_of(text)["entries"])
    compare(groups, members(tar)[:-1])
    check(groups[0][0]["name"] == ".no.prefetch.landmark", "no landmark")

    def read(chunks, index, length):
        chunk = chunks[index]
        last = index == len(chunks) - 1
        check(chunk.get("chunkSize", 0) == (0 if last else CHUNK), chunk)
        check("chunkDigest" in chunk, chunk)
        return gunzip(blob[chunk["offset"]:offset], length)
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:") as archive:
        for chunks in groups:
            if chunks[0]["type"] == "reg" and chunks[0].get("size", 0):
                data = contents(chunks, read)
                check(data == archive.extractfile(chunks[0]["name"]).read(), chunks[0])
    # What is an ordinary layer but for two files.
    plain = members(other)
    check([describe_tar(m) for m in plain] == [describe_tar(m) for m in members(tar)[1:-1]],
          "the tar differs from an ordinary layer's")
    check(tar[1024:1024 + len(other) - 1024] == other[:-1024], "the bytes of the tar differ")
    return groups


CRC_TABLE = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0xd800000000000000 if number & 1 else 0)
    CRC_TABLE.append(number)


def crc64(data):
    crc = 0xffffffffffffffff
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffffffffffffffff


def rebuild(split, groups, files):
    """The tar, from the lines of the tar-split and the data of the files."""
    out, names = [], []
    for position, line in enumerate(split.splitlines()):
        part = json.loads(line)
        check(part["position"] == position, part)
        if part["type"] == 2:
            out.append(base64.b64decode(part["payload"]))
            continue
        check(part["type"] == 1, part)
        names.append((part["name"], part.get("size", 0)))
        if not part.get("size", 0):
            check(part["payload"] is None, part)
            continue
        data = files[part["name"]]
        # Slow: a sample will do of what is large.
        if len(data) < 200000:
            check(struct.pack(">Q", crc64(data)) == base64.b64decode(part["payload"]), part)
        out.append(data)
    check(names == [(g[0]["name"], g[0].get("size", 0)) for g in groups],
          "tar-split and table differ")
    return b"".join(out)


def skippable(blob, offset, length):
    check(blob[offset - 8:offset] == struct.pack("<II", 0x184d2a50, length), "no frame at", offset)
    return blob[offset:offset + length]


def chunked(blob, layer, diff_id, other):
    notes = layer["annotations"]
    toc = [int(x) for x in notes[CHUNKED + "manifest-position"].split(":")]
    split = [int(x) for x in notes[CHUNKED + "tarsplit-position"].split(":")]
    check(toc[3] == 1 and len(toc) == 4 and len(split) == 3 and len(notes) == 4, notes)
    check(split[0] == toc[0] + toc[1] + 8 and split[0] + split[1] + 8 + 64 == len(blob), notes)
    footer = struct.pack("<7Q", *toc, *split) + b"GNUlInUx"
    check(skippable(blob, len(blob) - 64, 64) == footer, "another footer")
    toc_frames, split_frames = skippable(blob, *toc[:2]), skippable(blob, *split[:2])
    check(sha256(toc_frames) == notes[CHUNKED + "manifest-checksum"], "the table's digest")
    check(sha256(split_frames) == notes[CHUNKED + "tarsplit-checksum"], "the tar-split's digest")
    document = json_of(unzstd(toc_frames, toc[2]))
    check(document["tarSplitDigest"] == sha256(split_frames), "tarSplitDigest")

    tar = unzstd(blob, len(other))
    check(sha256(tar) == diff_id and tar == other, "the tar is not that of an ordinary layer")
    groups = group(document["entries"])
    compare(groups, members(tar))

    def read(chunks, index, length):
        chunk = chunks[index]
        last = index == len(chunks) - 1
        check(chunk.get("chunkSize", 0) == (0 if len(chunks) == 1 else length), chunk)
        end = chunks[0]["endOffset"] if last else chunks[index + 1]["offset"]
        return unzstd(blob[chunk["offset"]:end], length)
    files = {g[0]["name"]: contents(g, read)
             for g in groups if g[0]["type"] == "reg" and g[0].get("size", 0)}
    lines = unzstd(split_frames, split[2])
    check(rebuild(lines, groups, files) == tar, "tar-split and chunks do not give the tar")
    if len(sys.argv) > 6:
        with open(sys.argv[6], "wb") as stream:
            stream.write(lines)
    return groups


def main():
    kind, blob_path, manifest_path, diff_id, other_path = sys.argv[1:6]
    with open(blob_path, "rb") as stream:
        blob = stream.read()
    with open(manifest_path, "rb") as stream:
        layer = json.load(stream)["layers"][-1]
    with open(other_path, "rb") as stream:
        other = stream.read()
    check(layer["digest"] == sha256(blob), "the blob's digest")
    groups = {"estargz": estargz, "chunked": chunked}[kind](blob, layer, diff_id, other)
    print(len(groups), "entries,", sum(len(g) for g in groups if g[0].get("size")), "chunks")


main()
