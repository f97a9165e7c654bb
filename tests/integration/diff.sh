#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An old tree and a diff upon it are the new tree, for random pairs of trees, unpacked by others
# (layers.md D1-D8). LIBIMG_RANDOM_CASES says how many pairs there are, LIBIMG_RANDOM_SEED which one is
# the first; the number of each is printed, and random_pair.py makes its trees again.
. "$(dirname "$0")/lib.sh"

count=${LIBIMG_RANDOM_CASES:-20}
first=${LIBIMG_RANDOM_SEED:-1}

# the_same WHAT TREE [IGNORED-KEY...]: as the new one.
the_same() {
    local what=$1
    shift
    python3 -B "$here/compare.py" "$work/new" "$@" >"$work/findings" || {
        cat "$work/findings"
        fail "seed $seed, by $what"
    }
}

by_imgtool() {
    rm -rf "$work/unpacked"
    imgtool unpack --no-sync random:1 "$work/unpacked" >/dev/null
    the_same imgtool "$work/unpacked"
}

by_umoci() {
    rm -rf "$work/copy" "$work/bundle"
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/random:1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
    the_same umoci "$work/bundle/rootfs"
}

# After by_umoci. The containers of podman and buildah get their files like this. Their driver copies the
# tree of the layer below, but not its hard links.
by_buildah() {
    local container
    skopeo copy -q "oci:$work/copy:1" containers-storage:localhost/random:1
    container=$(buildah from -q --pull-never localhost/random:1)
    the_same buildah "$(buildah mount "$container")" linked
    buildah umount "$container" >/dev/null
    buildah rm --all >/dev/null
    buildah rmi --all >/dev/null
}

for seed in $(seq "$first" $((first + count - 1))); do
    rm -rf "$work/old" "$work/new" "$work/same"
    python3 -B "$here/random_pair.py" "$seed" "$work/old" "$work/new"
    imgtool build -q -t random:1 --compression none --add "$work/old:/" \
        --diff "$work/old" "$work/new" >/dev/null
    by_imgtool
    by_umoci
    [ $((seed % 8)) != 0 ] || by_buildah
    # Nothing is written that need not be.
    cp -a "$work/new" "$work/same"
    imgtool build --progress plain --diff "$work/new" "$work/same" 2>"$work/stderr" >/dev/null
    grep -q 'nothing to add' "$work/stderr" || fail "seed $seed: a copy differs"
    echo "   seed $seed: $(tail -n 1 "$work/findings")"
done
consistent
