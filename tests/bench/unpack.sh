#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How fast unpacking is, and how much memory it takes, beside umoci and tar in the same run. Prints a
# Markdown table of the least times and of ratios; nothing of it is kept in the tree.
#
#   bash tests/bench/unpack.sh [--runs N] [--sync] [--disk DIR] [--input NAME]...     needs root
#
# Inputs: rootfs, node_modules, file (one of 4 GiB), million (empty files in 1,000 directories). Each run
# goes to an ext4 of its own, made just before: where many files were removed, ext4 makes new ones up to
# twenty times slower. DIR is where its image lies; in /dev/shm that leaves the disk out. imgtool ends
# with syncfs(), the others leave that to whoever wants it; with --sync they are given it. umoci also
# writes a list of all files with their digests, "umoci raw" does not. tar checks no digest; it is given
# the same layer.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=3 sync=false disk= inputs_wanted=()
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --sync) sync=true && shift ;;
    --disk) disk=${2:?} && shift 2 ;;
    --input) inputs_wanted+=("${2:?}") && shift 2 ;;
    *)
        echo "usage: unpack.sh [--runs N] [--sync] [--disk DIR] [--input rootfs|node_modules|file|million]..." >&2
        exit 2
        ;;
    esac
done
[ ${#inputs_wanted[@]} != 0 ] || inputs_wanted=(rootfs node_modules file million)

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
. "$root/tests/integration/lib.sh"

# A file system that nothing was ever removed from. Another process may hold the last one for a while in
# a mount namespace of its own, so each lies in a new file.
drop() {
    [ -n "$image" ] || return 0
    umount "$work/disk" || umount -l "$work/disk"
    rm -f "$image"
    image=
}
fresh() {
    drop
    image=$(mktemp "${disk:-$work}/disk.XXXXXX")
    truncate -s 16G "$image"
    mkfs.ext4 -q -i 8192 -E lazy_itable_init=1,lazy_journal_init=1 "$image"
    mount -o loop "$image" "$work/disk"
}

# run TOOL: into $work/disk/out, which does not exist.
run() {
    local out=$work/disk/out
    case $1 in
    imgtool-1) imgtool unpack --threads 1 bench:gzip "$out" ;;
    imgtool-2) imgtool unpack --threads 2 bench:gzip "$out" ;;
    imgtool-zstd-1) imgtool unpack --threads 1 bench:zstd "$out" ;;
    imgtool-zstd-2) imgtool unpack --threads 2 bench:zstd "$out" ;;
    umoci) umoci --log error unpack --image "$work/layout:1" "$out" ;;
    umoci-raw) umoci --log error raw unpack --image "$work/layout:1" "$out" ;;
    tar-gzip) mkdir "$out" && tar -C "$out" --xattrs --xattrs-include='*' -xpzf "$work/layer-gzip" ;;
    tar-zstd) mkdir "$out" && tar -C "$out" --xattrs --xattrs-include='*' --zstd -xpf "$work/layer-zstd" ;;
    esac >/dev/null
    # imgtool has done so.
    if $sync && [[ $1 != imgtool* ]]; then sync -f "$work/disk"; fi
}

# measure INPUT TOOL: a line of $work/rows for each run: wall, user and system seconds, KiB.
measure() {
    local i
    echo "$1: $2" >&2
    for ((i = 0; i < runs; i++)); do
        fresh
        TIME='%e %U %S %M' command time -o "$work/time" bash -ec 'run "$1"' run "$2" ||
            fail "$1: $2"
        printf '%s\t%s\t%s\n' "$1" "$2" "$(tail -n 1 "$work/time" | tr ' ' '\t')" >>"$work/rows"
    done
}

# input NAME: a tar stream.
input() {
    case $1 in
    rootfs | node_modules) tar -C "$inputs/$1" --numeric-owner --xattrs --xattrs-include='*' -cf - . ;;
    file) python3 -B "$root/tests/bench/big_tar.py" file "$inputs/rootfs" ;;
    million) python3 -B "$root/tests/bench/big_tar.py" million ;;
    *) fail "there is no input $1" ;;
    esac
}

layer_of() {
    echo "$IMGTOOL_STORE/blobs/sha256/$(imgtool inspect --raw "$1" | jq -r '.layers[0].digest' | cut -d : -f 2)"
}

mkdir "$work/disk"
image=
trap 'drop; cleanup' EXIT
export -f run imgtool
export work sync IMGTOOL
for name in "${inputs_wanted[@]}"; do
    rm -rf "$work/layout" "$IMGTOOL_STORE"
    input "$name" | imgtool build -q -t bench:gzip --layer - >/dev/null
    input "$name" | imgtool build -q -t bench:zstd --compression zstd --layer - >/dev/null
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/bench:gzip" "oci:$work/layout:1"
    ln -sf "$(layer_of bench:gzip)" "$work/layer-gzip"
    ln -sf "$(layer_of bench:zstd)" "$work/layer-zstd"
    for tool in imgtool-1 imgtool-2 imgtool-zstd-1 imgtool-zstd-2 umoci umoci-raw tar-gzip tar-zstd; do
        measure "$name" "$tool"
    done
done
python3 -B "$root/tests/bench/unpack_table.py" "$work/rows"
