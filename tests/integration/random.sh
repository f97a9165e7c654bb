#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Random trees become layers and come out again as they went in, by imgtool and by each judge that can
# tell; random stacks of layers become the tree that the specification says. All are made from a number,
# which is printed; LIBIMG_RANDOM_CASES says how many there are, and LIBIMG_RANDOM_SEED which is the first.
. "$(dirname "$0")/lib.sh"

cases=${LIBIMG_RANDOM_CASES:-12}
first=${LIBIMG_RANDOM_SEED:-1}
compressions=(gzip zstd none estargz zstd:chunked gzip:small zstd:7)

# the_same WHAT EXPECTED ACTUAL
the_same() {
    python3 -B "$here/compare.py" "$2" "$3" >"$work/compared" ||
        fail "number $seed, $1: $(cat "$work/compared")"
}

# What eStargz adds to a tree goes away; it may change the time of the topmost directory, which counts for
# nothing.
own_tree() {
    [ "$compression" != estargz ] || rm "$1/stargz.index.json" "$1/.no.prefetch.landmark"
}

# by_tar WHAT EXPECTED ARGUMENT...: the merged tar stream, by GNU tar. The stream comes layer by layer, and
# so back to directories that tar takes for done.
by_tar() {
    mkdir "$work/unpacked"
    imgtool unpack --to-tar "${@:3}" | tar -C "$work/unpacked" --xattrs --xattrs-include='*' \
        --numeric-owner --delay-directory-restore -xpf - 2>"$work/error" || fail "number $seed, $1: $(cat "$work/error")"
    own_tree "$work/unpacked"
    the_same "$1" "$2" "$work/unpacked"
    rm -rf "$work/unpacked"
}

# unpack WHAT EXPECTED ARGUMENT...: by imgtool, on one thread or on two.
unpack() {
    imgtool unpack "${@:3}" --no-sync --threads $((1 + seed % 2)) "$work/unpacked" >/dev/null ||
        fail "number $seed, $1"
    own_tree "$work/unpacked"
    the_same "$1" "$2" "$work/unpacked"
    rm -rf "$work/unpacked"
}

# by_umoci WHAT EXPECTED LAYOUT
by_umoci() {
    umoci unpack --image "$3:1" "$work/bundle" >/dev/null || fail "number $seed, $1"
    own_tree "$work/bundle/rootfs"
    the_same "$1" "$2" "$work/bundle/rootfs"
    rm -rf "$work/bundle"
}

step "trees"
for ((seed = first; seed < first + cases; seed++)); do
    compression=${compressions[seed % ${#compressions[@]}]}
    # A table of contents is JSON, which has no other names.
    names=()
    [[ $compression != estargz && $compression != *chunked ]] || names=(--utf8)
    python3 -B "$here/random_tree.py" "$seed" "$work/tree" "${names[@]}"
    imgtool build -q -t random:1 --compression "$compression" --add "$work/tree:/" >/dev/null ||
        fail "number $seed: build"
    unpack "$compression" "$work/tree" random:1
    by_tar "$compression by tar" "$work/tree" random:1
    # umoci 0.4.7 knows nothing of zstd.
    if [[ $compression != zstd* ]]; then
        skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/random:1" "oci:$work/copy:1"
        by_umoci "$compression by umoci" "$work/tree" "$work/copy"
    fi
    rm -rf "$work/tree" "$work/copy"
done
echo "   $cases trees, from number $first on"
consistent

step "stacks"
compression=gzip
for ((seed = first; seed < first + cases; seed++)); do
    plain=()
    [ $((seed % 3)) != 0 ] || plain=(--plain)
    python3 -B "$here/random_stack.py" "$seed" "$work/layout" "$work/tree" "${plain[@]}"
    unpack "a stack" "$work/tree" --store "$work/layout" 1
    by_tar "a stack by tar" "$work/tree" --store "$work/layout" 1
    [ ${#plain[@]} = 0 ] || by_umoci "a stack by umoci" "$work/tree" "$work/layout"
    rm -rf "$work/tree" "$work/layout"
done
echo "   $cases stacks, from number $first on"
