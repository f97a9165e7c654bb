#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# All that a file can have survives: owner, mode, time, links, hard links, devices, extended
# attributes, file capabilities, long names and names that are not UTF-8; in every compression.
. "$(dirname "$0")/lib.sh"

tree=$work/tree
mkdir -p "$tree/plain" "$tree/empty" "$tree/shared"
printf 'x' >"$tree/plain/one"
: >"$tree/plain/nothing"
chmod 4755 "$tree/plain/one"
chmod 0000 "$tree/plain/nothing"
chmod 1777 "$tree/shared"
chmod 2750 "$tree/empty"
chown 1000:1001 "$tree/plain/one"
# Beyond what the old octal field of a tar header holds.
echo 'big ids' >"$tree/plain/ids"
chown 3000000:4000000 "$tree/plain/ids"
ln "$tree/plain/one" "$tree/shared/same-one"
ln "$tree/plain/one" "$tree/aaa-first-name"
ln -s ../plain/one "$tree/shared/link"
ln -s /does/not/exist "$tree/dangling"
chown -h 12:34 "$tree/dangling"
ln -s "$(printf 'to/%.0s' $(seq 60))" "$tree/long-link"
mkfifo "$tree/pipe"
mknod "$tree/null" c 1 3
mknod "$tree/block" b 7 200
setfattr -n user.plain -v 'value' "$tree/plain/one"
setfattr -n user.binary -v 0x00ff0a3d "$tree/plain/ids"
setfattr -n user.of.folder -v 'yes' "$tree/empty"
cp /bin/true "$tree/plain/capable"
setcap cap_net_raw,cap_chown+ep "$tree/plain/capable"
name=$(printf 'n%.0s' $(seq 200))
mkdir -p "$tree/$name/$name"
echo 'deep' >"$tree/$name/$name/$name"
ln "$tree/$name/$name/$name" "$tree/$name/hard-link-to-a-long-name"
echo 'latin 1' >"$tree/$(printf 'caf\351')"
echo 'utf 8' >"$tree/café-日本"
printf 'line' >"$tree/$(printf 'a\nb')"
echo 'space' >"$tree/ a b "
echo 'colon' >"$tree/a:b=c,d"
echo 'backslash' >"$tree/back\\slash"
truncate -s 3M "$tree/sparse"
echo 'end' >>"$tree/sparse"
find "$tree" -exec touch -h -d '2001-02-03 04:05:06' {} +
touch -d '1969-12-31 23:00:00' "$tree/plain/ids"
touch -d '2100-01-01 00:00:00' "$tree/plain/nothing"
touch -h -d '2011-11-11 11:11:11' "$tree/dangling"

digest "$(imgtool build -t attributes:zstd --compression zstd --add "$tree:/")" >/dev/null
for compression in gzip none; do
    step "$compression"
    digest "$(imgtool build -t "attributes:$compression" --compression "$compression" --add "$tree:/")" >/dev/null
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/attributes:$compression" \
        "oci:$work/copy:$compression"
    umoci unpack --image "$work/copy:$compression" "$work/bundle-$compression" >/dev/null
    python3 -B "$here/compare.py" "$tree" "$work/bundle-$compression/rootfs"
done
consistent

step "the same layer in every compression"
# umoci 0.4.7 knows nothing of zstd; the same bytes in it are the same tree.
for compression in zstd none; do
    same "diff_id of $compression" \
        "$(imgtool inspect --config attributes:gzip | jq -r '.rootfs.diff_ids[0]')" \
        "$(imgtool inspect --config "attributes:$compression" | jq -r '.rootfs.diff_ids[0]')"
done
layer=$(imgtool inspect --raw attributes:zstd | jq -r '.layers[0].digest')
same "diff_id by the zstd command" \
    "$(imgtool inspect --config attributes:zstd | jq -r '.rootfs.diff_ids[0]')" \
    "sha256:$(zstd -qdc "$IMGTOOL_STORE/blobs/sha256/${layer#sha256:}" | sha256sum | cut -d ' ' -f 1)"

step "the bytes of Go's archive/tar"
# C6-C9, C14, C22, C23: what they write who write layers in Go.
GO111MODULE=off GOCACHE=$work/go go build -o "$work/go_tar" "$here/go_tar.go"
# as_go_writes NAME: the tar of the layer is what Go makes of it.
as_go_writes() {
    local digest
    digest=$(imgtool inspect --raw "$1" | jq -r '.layers[-1].digest')
    "$work/go_tar" <"$IMGTOOL_STORE/blobs/sha256/${digest#sha256:}" >"$work/by-go.tar"
    cmp "$IMGTOOL_STORE/blobs/sha256/${digest#sha256:}" "$work/by-go.tar" || fail "$1: not Go's bytes"
}
as_go_writes attributes:none
touch -d '2001-02-03 04:05:06.000000001' "$tree/plain/nothing"
touch -d '1969-12-31 23:59:55.5' "$tree/plain/ids"
touch -d '2250-01-01 00:00:00.25' "$tree/plain/one"
setfattr -n trusted.kept -v 1 "$tree/plain/ids"
setfattr -n security.ima -v 0x0404 "$tree/plain/ids"
imgtool build -q -t attributes:more --compression none --add "$tree:/" \
    --preserve nanoseconds,ima,xattrs >/dev/null
as_go_writes attributes:more
same "fractions and attributes" "$(printf '%s\n' SCHILY.xattr.security.ima=0404 \
    SCHILY.xattr.trusted.kept=31 SCHILY.xattr.user.binary=00ff0a3d gid=4000000 mtime=-4.5 uid=3000000)" \
    "$(python3 -B -c '
import sys, tarfile
for entry in tarfile.open(sys.argv[1], errors="surrogateescape"):
    for key, value in sorted(entry.pax_headers.items()) if entry.name == "plain/ids" else ():
        raw = value.encode("utf-8", "surrogateescape").hex() if key.startswith("SCHILY") else value
        print(key + "=" + raw)' "$work/by-go.tar")"
