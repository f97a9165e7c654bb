#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An old tree and a diff upon it are the new tree, for random pairs of trees, unpacked by others
# (layers.md D1-D8). LIBIMG_RANDOM_CASES says how many pairs there are, LIBIMG_RANDOM_SEED which one is
# the first; the number of each is printed, and random_pair.py makes its trees again.
. "$(dirname "$0")/lib.sh"

count=${LIBIMG_RANDOM_CASES:-25}
first=${LIBIMG_RANDOM_SEED:-1}

# unpack REF DEST: by umoci.
unpack() {
    rm -rf "$work/copy"
    skopeo copy -q "oci:$IMGTOOL_STORE:$1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$2" >/dev/null
}

for seed in $(seq "$first" $((first + count - 1))); do
    rm -rf "$work/old" "$work/new" "$work/bundle"
    python3 -B "$here/random_pair.py" "$seed" "$work/old" "$work/new"
    imgtool build -q -t random:1 --compression none --add "$work/old:/" \
        --diff "$work/old" "$work/new" >/dev/null
    unpack docker.io/library/random:1 "$work/bundle"
    python3 -B "$here/compare.py" "$work/new" "$work/bundle/rootfs" >"$work/findings" || {
        cat "$work/findings"
        fail "seed $seed"
    }
    # Nothing is written that need not be.
    rm -rf "$work/same"
    cp -a "$work/new" "$work/same"
    imgtool build --progress plain --diff "$work/new" "$work/same" 2>"$work/stderr" >/dev/null
    grep -q 'nothing to add' "$work/stderr" || fail "seed $seed: a copy differs"
    echo "   seed $seed: $(tail -n 1 "$work/findings")"
done
consistent
