#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Layers that can be fetched file by file, eStargz and zstd:chunked: whoever knows the format finds
# each chunk and each entry as the table of contents says; whoever does not sees an ordinary layer.
. "$(dirname "$0")/lib.sh"

small_tree
tree=$work/tree
mkdir -p "$tree/many" "$tree/deep/$(printf %0120d 1)"
for number in $(seq 200); do
    seq "$number" >"$tree/many/$number"
done
: >"$tree/etc/empty"
head -c $((4 << 20)) /dev/urandom >"$tree/exact"
seq 1500000 >"$tree/over"
truncate -s $(((8 << 20) + 1)) "$tree/over"
printf x >"$tree/deep/$(printf %0120d 1)/a \"quoted\\name\" é"
ln "$tree/exact" "$tree/hard"
ln -s "é/$(printf %0110d 2)" "$tree/far"
mkfifo "$tree/fifo"
[ "$(id -u)" != 0 ] || mknod "$tree/null" c 1 3
setfattr -n user.note -v 'a=b' "$tree/etc/hello"
chmod 4750 "$tree/bin/hello"
find "$tree" -exec touch -h -d '2020-02-02 02:02:02' {} +
touch -d '1960-01-01' "$tree/etc/empty"
touch -d '1970-01-01' "$tree/exact"

# build NAME COMPRESSION [OPTION...]: sets $manifest, $blob and $diff_id of its last layer.
build() {
    local name=$1 compression=$2 line
    shift 2
    line=$(imgtool build -t "$name" --compression "$compression" --add "$tree:/" "$@" 2>/dev/null)
    manifest=$(path_of "$(digest "$line")")
    blob=$(path_of "$(jq -r '.layers[-1].digest' "$manifest")")
    diff_id=$(jq -r '.rootfs.diff_ids[-1]' "$(path_of "$(jq -r .config.digest "$manifest")")")
}

path_of() {
    echo "$IMGTOOL_STORE/blobs/sha256/${1#sha256:}"
}

step "what an ordinary layer has"
build plain:1 none
cp "$blob" "$work/plain.tar"

step "zstd:chunked, read piece by piece"
build chunked:1 zstd:chunked
same "media type" application/vnd.oci.image.layer.v1.tar+zstd \
    "$(jq -r '.layers[0].mediaType' "$manifest")"
python3 -B "$here/lazy.py" chunked "$blob" "$manifest" "$diff_id" "$work/plain.tar" "$work/lines"
chunked_manifest=$manifest
chunked_blob=$blob

step "eStargz, read piece by piece"
build estargz:1 estargz
same "media type" application/vnd.oci.image.layer.v1.tar+gzip \
    "$(jq -r '.layers[0].mediaType' "$manifest")"
python3 -B "$here/lazy.py" estargz "$blob" "$manifest" "$diff_id" "$work/plain.tar"
estargz_manifest=$manifest
estargz_blob=$blob

# What find says of the tree in the words of the judge below. The name of a hard link is that of a
# file for it, too.
list_tree() {
    (cd "$tree" && find . -mindepth 1 -printf '%y %m %U %G %s %T@ %l\t%P\n') |
        while IFS=$'\t' read -r fields name; do
            read -r kind mode uid gid size time target <<<"$fields"
            sum=-
            if [ "$kind" != f ]; then
                size=0
            elif [ "$size" != 0 ]; then
                sum=sha256:$(sha256sum <"$tree/$name" | cut -d' ' -f1)
            fi
            case $kind in
            f) kind=reg ;;
            d) kind=dir ;;
            l) kind=symlink ;;
            c) kind=char ;;
            p) kind=fifo ;;
            esac
            printf '%s %s %s %s %s %s %s %s "%s"\n' "$kind" "$name" "$mode" "$uid" "$gid" "$size" \
                "${time%.*}" "$sum" "$target"
        done
}

# The reference readers have a say where they can be built: tests/run.sh brings their sources.
step "both, read by the reference"
sources=$inputs/sources/usr/share/gocode
if [ -d "$sources" ] && command -v go >/dev/null; then
    export GO111MODULE=off GOPATH=$sources GOCACHE=$work/go GOFLAGS=
    go build -o "$work/estargz_judge" "$here/estargz_judge.go"
    go build -o "$work/tar_split_judge" "$here/tar_split_judge.go"
    toc=$(jq -r '.layers[0].annotations["containerd.io/snapshot/stargz/toc.digest"]' "$manifest")
    "$work/estargz_judge" "$blob" "$toc" | grep -v '\.no\.prefetch\.landmark' |
        sort >"$work/by-reference"
    list_tree | sort | diff - "$work/by-reference"
    echo "   $(wc -l <"$work/by-reference") entries"
    refuses 1 'invalid TOC JSON' "$work/estargz_judge" "$blob" "sha256:$(printf %064d 0)"
    "$work/tar_split_judge" "$work/lines" "$tree" | cmp - "$work/plain.tar"
else
    echo "   they are not here"
fi

step "with a level, and the same again"
build chunked:9 zstd:chunked:9
python3 -B "$here/lazy.py" chunked "$blob" "$manifest" "$diff_id" "$work/plain.tar" >/dev/null
build estargz:1 estargz:1
python3 -B "$here/lazy.py" estargz "$blob" "$manifest" "$diff_id" "$work/plain.tar" >/dev/null
build estargz:1 estargz
same "eStargz again" "$estargz_blob" "$blob"

step "nanoseconds and all attributes"
fraction=$work/fraction
mkdir "$fraction"
echo x >"$fraction/x"
setfattr -n user.bytes -v 0x00ff41 "$fraction/x"
touch -d '2020-02-02 02:02:02.123456700' "$fraction/x"
mkdir "$fraction/y"
touch -d "1969-12-31 23:59:58.25" "$fraction/y"
all=$tree
tree=$fraction
build plain:2 none --preserve nanoseconds,xattrs
cp "$blob" "$work/fraction.tar"
for kind in zstd:chunked estargz; do
    build fraction:1 $kind --preserve nanoseconds,xattrs
    python3 -B "$here/lazy.py" "${kind#zstd:}" "$blob" "$manifest" "$diff_id" "$work/fraction.tar"
done
tree=$all

step "ordinary readers"
zstd -dcq "$chunked_blob" | cmp - "$work/plain.tar"
mkdir "$work/by-tar"
gzip -dc "$estargz_blob" | tar -xf - -C "$work/by-tar" --exclude stargz.index.json \
    --exclude .no.prefetch.landmark
bsdtar -tf "$estargz_blob" >"$work/names"
grep -qx stargz.index.json "$work/names" || fail "bsdtar does not list the table"
diff -r "$tree/many" "$work/by-tar/many"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/estargz:1" "oci:$work/umoci:1"
umoci unpack --rootless --image "$work/umoci:1" "$work/bundle" >/dev/null
diff -r "$tree/many" "$work/bundle/rootfs/many"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/chunked:1" "dir:$work/dir" \
    --dest-decompress
layer=$(jq -r '.layers[0].digest' "$work/dir/manifest.json")
cmp "$work/plain.tar" "$work/dir/${layer#sha256:}"
start_registry registry
for kind in chunked estargz; do
    imgtool push "$kind:1" "$registry/$kind:1" >/dev/null
    container=$(buildah from -q --tls-verify=false \
        --signature-policy "$work/containers/policy.json" "docker://$registry/$kind:1")
    rootfs=$(buildah mount "$container")
    cmp "$tree/over" "$rootfs/over"
    diff -r "$tree/many" "$rootfs/many"
    buildah rm "$container" >/dev/null
done

step "our own"
for kind in chunked estargz; do
    imgtool unpack "$kind:1" "$work/unpacked-$kind" >/dev/null 2>&1
done
for file in stargz.index.json .no.prefetch.landmark; do
    [ ! -e "$work/unpacked-chunked/$file" ] || fail "zstd:chunked has $file"
    rm "$work/unpacked-estargz/$file"
done
python3 -B "$here/compare.py" "$tree" "$work/unpacked-chunked"
python3 -B "$here/compare.py" "$tree" "$work/unpacked-estargz"

step "a layer on top keeps what is said of those below"
mkdir "$work/more"
echo more >"$work/more/more"
for kind in chunked estargz; do
    base=${kind}_manifest
    line=$(imgtool build -t "$kind:2" --from "$kind:1" --add "$work/more:/etc/" \
        --remove /many 2>/dev/null)
    same "$kind: the base's layer" "$(jq -S '.layers[0]' "${!base}")" \
        "$(jq -S '.layers[0]' "$(path_of "$(digest "$line")")")"
    same "$kind: the new layers" "[null,null]" \
        "$(jq -c '[.layers[1:][].annotations]' "$(path_of "$(digest "$line")")")"
done
consistent

step "a tree that an eStargz layer was unpacked to"
gzip -dc "$estargz_blob" | tar -xf - -C "$tree" stargz.index.json .no.prefetch.landmark
build estargz:1 estargz
same "eStargz of it" "$estargz_blob" "$blob"
build chunked:1 zstd:chunked
zstd -dcq "$blob" | tar -tf - >"$work/names"
grep -qx stargz.index.json "$work/names" || fail "zstd:chunked has no reason to leave a file out"
