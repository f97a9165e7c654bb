#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How long a build takes that is not the first one: nothing changed, one file changed; and the first
# one. imgtool beside umoci and buildah, and beside walking and stat-ing the tree, which is the
# least that can be done to find out. Prints a Markdown table of medians and ratios.
#
#   bash tests/bench/incremental.sh [--runs N] [--files N]... [--tool NAME]...     needs root
#
# IMGTOOL is the command to measure; without it, one is built. umoci repacks a bundle, whose mtree it
# compares (a new layer holds what changed); buildah bud --layers copies a context. Files are 0 to
# 20,000 bytes of text, two hundred to a folder of folders of ten.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=5
sizes=()
tools=()
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --files) sizes+=("${2:?}") && shift 2 ;;
    --tool) tools+=("${2:?}") && shift 2 ;;
    *)
        echo "usage: incremental.sh [--runs N] [--files N]... [--tool NAME]..." >&2
        exit 2
        ;;
    esac
done
[ ${#sizes[@]} != 0 ] || sizes=(20000)
[ ${#tools[@]} != 0 ] || tools=(stat imgtool imgtool-no-cache umoci buildah)

. "$root/tests/packages.sh"
# shellcheck disable=SC2086
[ -n "${IMGTOOL:-}" ] || install_packages $packages_build $packages_test $packages_bench
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

make_tree() {
    python3 - "$1" "$2" <<'END'
import os, sys
words = b"some words of a file that is like many others " * 500
for number in range(int(sys.argv[2])):
    folder = f"{sys.argv[1]}/{number // 200:05}/{number // 10:06}"
    if number % 10 == 0:
        os.makedirs(folder)
    with open(f"{folder}/file-{number:07}.txt", "wb") as out:
        out.write((b"%d: " % number + words)[:number * 7919 % 20000])
END
}

clean() {
    case $1 in
    imgtool*) rm -rf "$IMGTOOL_STORE" ;;
    umoci) rm -rf "$work/umoci" "$work/bundle" ;;
    buildah)
        buildah rm -a >/dev/null 2>&1 || true
        buildah rmi -a -f >/dev/null 2>&1 || true
        ;;
    esac
}

# Before the first build of a tool.
prepare() {
    case $1 in
    buildah) printf 'FROM scratch\nCOPY . /\n' >"$work/Dockerfile" ;;
    umoci)
        umoci init --layout "$work/umoci" && umoci new --image "$work/umoci:1" &&
            umoci unpack --image "$work/umoci:1" "$work/bundle" && rmdir "$work/bundle/rootfs" &&
            cp -al "$tree" "$work/bundle/rootfs"
        ;;
    esac >/dev/null 2>&1
}

build() {
    case $1 in
    stat) find "$tree" -printf '%i %s %T@ %C@\n' ;;
    imgtool) "$IMGTOOL" build -q -t bench:1 --add "$tree:/" ;;
    imgtool-no-cache) "$IMGTOOL" build -q -t bench:1 --no-cache --add "$tree:/" ;;
    umoci) umoci repack --refresh-bundle --image "$work/umoci:1" "$work/bundle" ;;
    buildah) buildah bud -q --layers --signature-policy "$work/containers/policy.json" \
        -t bench:1 -f "$work/Dockerfile" "$tree" ;;
    esac >/dev/null 2>"$work/err" || { cat "$work/err" >&2 && fail "$1"; }
}

# measure JOB TOOL: a row of the time it takes.
measure() {
    local began ended
    began=$(date +%s%N)
    build "$2"
    ended=$(date +%s%N)
    echo "$files $1 $2 $(((ended - began) / 1000))" >>"$work/rows"
}

for files in "${sizes[@]}"; do
    tree=$work/tree-$files
    make_tree "$tree" "$files"
    sleep 3.2
    for tool in "${tools[@]}"; do
        for run in $(seq "$runs"); do
            echo "$files files: $tool, run $run" >&2
            clean "$tool"
            prepare "$tool"
            measure first "$tool"
            # Once more, so that what was too young for anyone is not any more.
            build "$tool"
            measure unchanged "$tool"
            # umoci works on hard links to the tree: so in place.
            echo "$tool $run" >>"$tree/00000/000000/file-0000000.txt"
            sleep 3.2
            measure one-file "$tool"
        done
        clean "$tool"
    done
    rm -rf "$tree"
done
python3 -B "$root/tests/bench/incremental_table.py" "$work/rows"
