#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How fast a layer is made of a tree, with what memory, and how large it becomes: imgtool beside
# umoci, buildah, tar with pigz and tar with zstd. Prints a Markdown table; times are the least of
# the runs, since what else the machine does only adds to them. Nothing of it is kept in the tree.
#
#   bash tests/bench/build.sh [--runs N] [--input NAME]... [--tool NAME]...     needs root
#
# Inputs are rootfs and node_modules, and if asked for by name million (a million files of 200 bytes
# in 10,000 directories) and large (one file of 4 GiB, which is real data). IMGTOOL is the command to
# measure; without it, one is built. TMPDIR has to have room: 6 GiB for million, 20 GiB for large.
#
# umoci and buildah compress by gzip and on all processors, as is their default; so do pigz and zstd
# as they are called here. buildah copies the tree before it makes a layer of it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=3
inputs_wanted=()
tools=()
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --input) inputs_wanted+=("${2:?}") && shift 2 ;;
    --tool) tools+=("${2:?}") && shift 2 ;;
    *)
        echo "usage: build.sh [--runs N] [--input rootfs|node_modules|million|large]... [--tool NAME]..." >&2
        exit 2
        ;;
    esac
done
[ ${#inputs_wanted[@]} != 0 ] || inputs_wanted=(rootfs node_modules)
[ ${#tools[@]} != 0 ] || tools=(umoci imgtool imgtool-1 imgtool-small imgtool-zstd imgtool-zstd-1
    imgtool-none buildah tar-pigz tar-zstd)

. "$root/tests/packages.sh"
# shellcheck disable=SC2086
[ -n "${IMGTOOL:-}" ] || install_packages $packages_build $packages_test $packages_bench
inputs=$(bash "$root/tests/integration/inputs.sh")
if [ -z "${IMGTOOL:-}" ]; then
    cmake -S "$root" -B "$root/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DLIBIMG_BUILD_TESTS=OFF >/dev/null
    cmake --build "$root/build/bench" >&2
    IMGTOOL=$root/build/bench/cli/imgtool
fi
export IMGTOOL
. "$root/tests/integration/lib.sh"
sed -i 's/"vfs"/"overlay"/' "$CONTAINERS_STORAGE_CONF"
buildah info >/dev/null 2>&1 || sed -i 's/"overlay"/"vfs"/' "$CONTAINERS_STORAGE_CONF"
export work policy=$work/containers/policy.json

make_million() {
    python3 - "$1" <<'END'
import os, sys
for folder in range(10000):
    path = f"{sys.argv[1]}/{folder // 100:02}/{folder:05}"
    os.makedirs(path)
    for number in range(100):
        with open(f"{path}/file-{number:04}.txt", "w") as out:
            out.write((f"{number} in {folder}: " + "some words of a small file " * 8)[:200])
END
}

# The two trees as tars, with an eighth of noise, over and over: too far apart to be found again.
make_large() {
    mkdir "$1"
    while [ "$(stat -c %s "$1/large" 2>/dev/null || echo 0)" -lt $((4 << 30)) ]; do
        tar -C "$inputs" -c rootfs node_modules 2>/dev/null >>"$1/large"
        head -c $((40 << 20)) /dev/urandom >>"$1/large"
    done
    truncate -s $((4 << 30)) "$1/large"
}

# tree NAME: where it is; the large ones are made here.
tree_of() {
    case $1 in
    million | large)
        [ -d "$work/$1" ] || "make_$1" "$work/$1" >&2
        echo "$work/$1"
        ;;
    *) echo "$inputs/$1" ;;
    esac
}

clean() {
    rm -rf "$IMGTOOL_STORE" "$work/umoci" "$work/oci" "$work/out"
    buildah rm -a >/dev/null 2>&1 || true
    buildah rmi -a -f >/dev/null 2>&1 || true
}

# A program for each tool; $tree and $work come from the environment.
program() {
    local imgtool='exec "$IMGTOOL" build -q -t bench:1 --add "$tree:/"'
    case $1 in
    imgtool) echo "$imgtool --threads 2" ;;
    imgtool-1) echo "$imgtool --threads 1" ;;
    imgtool-small) echo "$imgtool --threads 2 --compression gzip:small" ;;
    imgtool-zstd) echo "$imgtool --threads 2 --compression zstd" ;;
    imgtool-zstd-1) echo "$imgtool --threads 1 --compression zstd" ;;
    imgtool-none) echo "$imgtool --threads 2 --compression none" ;;
    umoci)
        echo 'umoci init --layout "$work/umoci"; umoci new --image "$work/umoci:1"
            exec umoci insert --image "$work/umoci:1" "$tree" /'
        ;;
    buildah)
        echo 'container=$(buildah from scratch); buildah copy -q "$container" "$tree" /
            exec buildah commit -q --disable-compression=false --signature-policy "$policy" "$container" "oci:$work/oci:1"'
        ;;
    tar-pigz) echo 'tar -C "$tree" --numeric-owner --xattrs -c . | pigz >"$work/out"' ;;
    tar-zstd) echo 'tar -C "$tree" --numeric-owner --xattrs -c . | zstd -q -T2 >"$work/out"' ;;
    *) fail "there is no tool $1" ;;
    esac
}

# The size of what was made: the largest file.
made_bytes() {
    find "$IMGTOOL_STORE" "$work/umoci" "$work/oci" "$work/out" -type f -printf '%s\n' 2>/dev/null |
        sort -n | tail -n 1
}

for input in "${inputs_wanted[@]}"; do
    tree=$(tree_of "$input")
    export tree
    for tool in "${tools[@]}"; do
        echo "$input: $tool" >&2
        program "$tool" >"$work/program"
        for run in $(seq "$runs"); do
            clean
            command time -o "$work/time" -f '%e %U %S %M' bash -euo pipefail "$work/program" \
                >/dev/null 2>"$work/err" || { cat "$work/err" >&2 && fail "$input: $tool"; }
            printf '%s %s %s %s\n' "$input" "$tool" "$(tail -n 1 "$work/time")" "$(made_bytes)" \
                >>"$work/rows"
        done
    done
done
clean
python3 -B "$root/tests/bench/build_table.py" "$work/rows"
