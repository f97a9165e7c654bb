#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What it costs that a layer can be fetched file by file: time of the processors and size, beside the
# plain layer of the same compression, and beside skopeo's zstd:chunked. Prints a Markdown table.
#
#   bash tests/bench/lazy.sh [--runs N] [--input NAME]...
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=5
inputs_wanted=()
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --input) inputs_wanted+=("${2:?}") && shift 2 ;;
    *)
        echo "usage: lazy.sh [--runs N] [--input rootfs|node_modules]..." >&2
        exit 2
        ;;
    esac
done
[ ${#inputs_wanted[@]} != 0 ] || inputs_wanted=(rootfs node_modules)

. "$root/tests/packages.sh"
# shellcheck disable=SC2086
install_packages $packages_build $packages_test $packages_bench
bash "$root/tests/integration/inputs.sh" >/dev/null
if [ -z "${IMGTOOL:-}" ]; then
    cmake -S "$root" -B "$root/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DLIBIMG_BUILD_TESTS=OFF >/dev/null
    cmake --build "$root/build/bench" >&2
    IMGTOOL=$root/build/bench/cli/imgtool
fi
export IMGTOOL
. "$root/tests/integration/lib.sh"

# least COMMAND...: seconds of the processors, the least of all runs.
least() {
    for _ in $(seq "$runs"); do
        command time -f '%U %S' -o "$work/time" "$@" >/dev/null 2>&1 || fail "$*"
        awk '{ print $1 + $2 }' "$work/time"
    done | sort -n | head -n 1
}

build() {
    rm -rf "$IMGTOOL_STORE"
    "$IMGTOOL" build -q -t bench:1 --compression "$1" --add "$inputs/$2:/"
}

skopeo_chunked() {
    rm -rf "$work/skopeo"
    command skopeo --policy "$work/containers/policy.json" copy -q \
        --dest-compress-format zstd:chunked --dest-compress-level 3 "oci:$work/plain:1" \
        "oci:$work/skopeo:1"
}
export -f build skopeo_chunked
export work inputs IMGTOOL_STORE

# layer_size FOLDER: of the layer of the only image in it.
layer_size() {
    local manifest
    manifest=$(jq -r '.manifests[0].digest' "$1/index.json" | cut -d: -f2)
    jq '[.layers[].size] | add' "$1/blobs/sha256/$manifest"
}

# row INPUT WHAT SECONDS BYTES [BASE-SECONDS BASE-BYTES]
row() {
    awk -v i="$1" -v w="$2" -v s="$3" -v b="$4" -v bs="${5:-$3}" -v bb="${6:-$4}" 'BEGIN {
        printf "| %s | %s | %.2f | %.2f | %.1f | %.2f |\n", i, w, s, s / bs, b / 1048576, b / bb }'
}

echo "| input | layer | processor s | plain = 1 | MiB | plain = 1 |"
echo "|---|---|---:|---:|---:|---:|"
for input in "${inputs_wanted[@]}"; do
    for pair in gzip:estargz zstd:zstd:chunked; do
        plain=${pair%%:*} lazy=${pair#*:}
        seconds=$(least bash -c "build $plain $input")
        bytes=$(layer_size "$IMGTOOL_STORE")
        row "$input" "$plain" "$seconds" "$bytes"
        row "$input" "$lazy" "$(least bash -c "build $lazy $input")" "$(layer_size "$IMGTOOL_STORE")" \
            "$seconds" "$bytes"
    done
    build none "$input" >/dev/null
    rm -rf "$work/plain"
    command skopeo --policy "$work/containers/policy.json" copy -q \
        "oci:$IMGTOOL_STORE:docker.io/library/bench:1" "oci:$work/plain:1" --dest-oci-accept-uncompressed-layers
    row "$input" "zstd:chunked of skopeo" "$(least bash -c skopeo_chunked)" \
        "$(layer_size "$work/skopeo")" "$seconds" "$bytes"
done
