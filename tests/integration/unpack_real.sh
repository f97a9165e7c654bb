#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What unpack makes of real input is the tree that went in, and what umoci makes of it, in every
# compression and on any number of threads. usage: unpack_real.sh rootfs|node_modules
. "$(dirname "$0")/lib.sh"

tree=$inputs/$1
[ -d "$tree" ] || fail "$tree is not there: tests/integration/inputs.sh makes it"

for compression in gzip zstd; do
    step "$compression"
    digest=$(digest "$(imgtool build -t "real:$compression" --compression "$compression" \
        --add "$tree:/")")
    for threads in 1 3; do
        same "digest of unpack" "$digest" \
            "$(digest "$(imgtool unpack "real:$compression" "$work/tree" --threads "$threads")")"
        python3 -B "$here/compare.py" "$tree" "$work/tree"
        rm -rf "$work/tree"
    done
done

step "umoci unpack"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/real:gzip" "oci:$work/copy:1"
umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
imgtool unpack real:gzip "$work/tree" >/dev/null
python3 -B "$here/compare.py" "$work/bundle/rootfs" "$work/tree"
