#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Random trees become layers and come out again as they went in, by each judge that can tell. Each tree is
# made from a number, which is printed; LIBIMG_RANDOM_CASES says how many there are, and
# LIBIMG_RANDOM_SEED which one is the first.
. "$(dirname "$0")/lib.sh"

cases=${LIBIMG_RANDOM_CASES:-24}
first=${LIBIMG_RANDOM_SEED:-1}
compressions=(gzip zstd none gzip:1 zstd:7)

# the_same WHAT EXPECTED ACTUAL
the_same() {
    python3 -B "$here/compare.py" "$2" "$3" >"$work/compared" ||
        fail "tree $seed in $compression, by $1: $(cat "$work/compared")"
}

# umoci 0.4.7 knows nothing of zstd.
by_umoci() {
    [[ $compression != zstd* ]] || return 0
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/random:1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
    the_same umoci "$work/tree" "$work/bundle/rootfs"
    rm -rf "$work/copy" "$work/bundle"
}

for ((seed = first; seed < first + cases; seed++)); do
    compression=${compressions[seed % ${#compressions[@]}]}
    python3 -B "$here/random_tree.py" "$seed" "$work/tree"
    imgtool build -q -t random:1 --compression "$compression" --add "$work/tree:/" >/dev/null ||
        fail "tree $seed in $compression: build"
    by_umoci
    rm -rf "$work/tree"
done
echo "   $cases trees, from number $first on"
consistent
