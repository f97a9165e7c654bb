#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How fast push and pull are, and how much memory they take, beside skopeo and buildah in the same
# run, on the input of the integration tests. Prints a Markdown table of medians and ratios. What it
# measured belongs to the machine it ran on, so nothing of it is kept in the tree. Builds are
# measured by build.sh.
#
#   bash tests/bench/bench.sh [--runs N] [--input NAME]...     needs root
#
# Every tool does what it does by default; buildah keeps images unpacked, so that its push compresses
# and its pull unpacks.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=5
inputs_wanted=()
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --input) inputs_wanted+=("${2:?}") && shift 2 ;;
    *)
        echo "usage: bench.sh [--runs N] [--input rootfs|node_modules]..." >&2
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
start_registry registry
export registry work
# The tests keep to vfs, which works everywhere; people have overlay.
sed -i 's/"vfs"/"overlay"/' "$CONTAINERS_STORAGE_CONF"
buildah info >/dev/null 2>&1 || sed -i 's/"overlay"/"vfs"/' "$CONTAINERS_STORAGE_CONF"
export TIME="%M"

# script NAME: a program of the rest of the input, with its own folder and the words of the tools.
script() {
    { echo 'set -euo pipefail'; cat; } >"$work/$1"
}

# measure JOB INPUT TOOL PREPARE PROGRAM: PREPARE and PROGRAM are scripts in $work.
measure() {
    local job=$1 input=$2 tool=$3 result=$work/results/$1-$2-$3
    echo "$job $input: $tool" >&2
    mkdir -p "$work/results"
    hyperfine --style none --warmup 1 --runs "$runs" --shell none \
        --prepare "bash $work/$4" --export-json "$result.json" "bash $work/$5" >/dev/null 2>"$work/err" ||
        { cat "$work/err" >&2; bash "$work/$5" || true; fail "$job $input: $tool"; }
    bash "$work/$4"
    command time -o "$result.memory" bash "$work/$5" >/dev/null 2>&1
    printf '%s\t%s\t%s\t%s\n' "$job" "$input" "$tool" "$result" >>"$work/rows"
}

# What the programs below share; $tree, $work, $registry and $policy come from the environment.
export policy=$work/containers/policy.json

script clean-build <<'END'
rm -rf "$work/store" "$work/oci"
buildah rm -a >/dev/null; buildah rmi -a -f >/dev/null
END
script build-imgtool <<'END'
"$IMGTOOL" build -q -t bench:1 --add "$tree:/"
END
script clean-push <<'END'
rm -rf "$work/registry/docker"
END
script push-imgtool <<'END'
"$IMGTOOL" push bench:1 "$registry/bench:1"
END
script push-skopeo <<'END'
skopeo --policy "$policy" copy -q --dest-tls-verify=false "oci:$work/layout:1" "docker://$registry/bench:1"
END
script push-buildah <<'END'
buildah push -q --tls-verify=false --signature-policy "$policy" localhost/bench:1 "docker://$registry/bench:1"
END

script clean-pull <<'END'
rm -rf "$work/pulled" "$work/oci"
buildah rmi -a -f >/dev/null
END
script pull-imgtool <<'END'
"$IMGTOOL" --store "$work/pulled" pull "$registry/bench:1"
END
script pull-skopeo <<'END'
skopeo --policy "$policy" copy -q --src-tls-verify=false "docker://$registry/bench:1" "oci:$work/oci:1"
END
script pull-buildah <<'END'
buildah pull -q --tls-verify=false --signature-policy "$policy" "docker://$registry/bench:1"
END

for input in "${inputs_wanted[@]}"; do
    export tree=$inputs/$input
    # The same image for all, as libimg wrote it.
    bash "$work/clean-build"
    bash "$work/build-imgtool" >/dev/null
    bash "$work/push-imgtool" >/dev/null
    bash "$work/pull-skopeo" && rm -rf "$work/layout" && mv "$work/oci" "$work/layout"
    buildah pull -q --tls-verify=false --signature-policy "$policy" \
        "docker://$registry/bench:1" >/dev/null
    buildah tag "$registry/bench:1" localhost/bench:1
    for tool in imgtool skopeo buildah; do
        measure push "$input" "$tool" clean-push "push-$tool"
    done
    bash "$work/push-imgtool" >/dev/null
    for tool in imgtool skopeo buildah; do
        measure pull "$input" "$tool" clean-pull "pull-$tool"
    done
done

python3 -B "$root/tests/bench/table.py" "$work/rows"
