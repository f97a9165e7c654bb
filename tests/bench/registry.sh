#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What push, pull and copy cost in requests, time and memory beside skopeo in the same run: with a registry
# that asks for tokens and answers at once or after 100 ms, and one large blob as fast as it goes. Prints
# Markdown tables of medians and ratios; what was measured belongs to the machine, so nothing of it is kept.
#
#   bash tests/bench/registry.sh [--runs N] [--large MIB]       MIB of the large blob, 1024 by default
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)

runs=5
large=1024
while [ $# != 0 ]; do
    case $1 in
    --runs) runs=${2:?} && shift 2 ;;
    --large) large=${2:?} && shift 2 ;;
    *)
        echo "usage: registry.sh [--runs N] [--large MIB]" >&2
        exit 2
        ;;
    esac
done

. "$root/tests/packages.sh"
# shellcheck disable=SC2086
install_packages $packages_build $packages_test $packages_bench
if [ -z "${IMGTOOL:-}" ]; then
    cmake -S "$root" -B "$root/build/bench" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        -DLIBIMG_BUILD_TESTS=OFF >/dev/null
    cmake --build "$root/build/bench" >&2
    IMGTOOL=$root/build/bench/cli/imgtool
fi
export IMGTOOL

. "$root/tests/integration/lib.sh"
tests=$root/tests/integration

# image NAME LAYERS BYTES: with layers of random bytes, in the store and, for skopeo, in $work/layout.
image() {
    local i arguments=()
    for i in $(seq "$2"); do
        mkdir -p "$work/input/$1/$i"
        head -c "$3" /dev/urandom >"$work/input/$1/$i/data-$i"
        arguments+=(--add "$work/input/$1/$i:/")
    done
    imgtool build -q -t "$1:1" "${arguments[@]}" >/dev/null
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/$1:1" "oci:$work/layout:$1" 2>/dev/null
    rm -rf "$work/input/$1"
}

# token_registry NAME DELAY: sets $front to what clients see. Each request to it, also for tokens, is in
# $work/NAME.record.
token_registry() {
    local name=$1 delay=$2 token
    front=127.0.0.1:$(free_port)
    start_script "$name-token" python3 -B "$tests/token_server.py" --key "$work/token.key" \
        --cert "$work/token.pem" --user bob:secret
    token=127.0.0.1:$port
    start_registry "$name" "auth:
  token: {realm: 'http://$front/token', service: here, issuer: token_server,
          rootcertbundle: $work/token.pem}"
    start_script "$name-front" python3 -B "$tests/record_proxy.py" --to "$registry" \
        --route "/token=$token" --delay "$delay" --record "$work/$name.record" --port "${front##*:}"
    printf '{"auths":{}}' >"$work/auth.json.empty"
    jq -s --arg host "$front" '.[0] * {auths: {($host): {auth: ("bob:secret" | @base64)}}}' \
        "$([ -e "$work/auth.json" ] && echo "$work/auth.json" || echo "$work/auth.json.empty")" \
        >"$work/auth.json.new"
    mv "$work/auth.json.new" "$work/auth.json"
}

# measure JOB IMAGE DELAY TOOL NAME PREPARE COMMAND...: PREPARE is a function; NAME the registry's.
measure() {
    local job=$1 image=$2 delay=$3 tool=$4 name=$5 prepare=$6 i result
    shift 6
    echo "$job $image $delay: $tool" >&2
    for i in $(seq "$runs"); do
        "$prepare"
        : >"$work/$name.record"
        REGISTRY_AUTH_FILE=$work/auth.json command time -f '%e %M' -o "$work/time" "$@" >/dev/null 2>"$work/err" ||
            { cat "$work/err" >&2; fail "$job $image: $tool"; }
        result=$(tail -n 1 "$work/time")
        printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$job" "$image" "$delay" "$tool" "${result/ /$'\t'}" \
            "$(wc -l <"$work/$name.record")" >>"$work/rows"
    done
}

nothing() {
    :
}

forget_registry() {
    rm -rf "$work/$name/docker" "$work/home/.local/share/containers/cache" /var/lib/containers/cache
}

forget_pulled() {
    rm -rf "$work/pulled" "$work/oci"
}

forget_copied() {
    rm -rf "$work/$name/docker/registry/v2/repositories/copied" \
        "$work/home/.local/share/containers/cache" /var/lib/containers/cache
}

largest_blob() {
    find "$IMGTOOL_STORE/blobs" -type f -size +"$((large - 1))"M | head -n 1
}

copier=("$(command -v skopeo)" --policy "$work/containers/policy.json" copy -q
    --src-tls-verify=false --dest-tls-verify=false)

# jobs IMAGE DELAY NAME
jobs() {
    local image=$1 delay=$2 name=$3
    measure push "$image" "$delay" imgtool "$name" forget_registry \
        "$IMGTOOL" push "$image:1" "$front/$image:1"
    measure push "$image" "$delay" skopeo "$name" forget_registry \
        "${copier[@]}" "oci:$work/layout:$image" "docker://$front/$image:1"
    measure "push again" "$image" "$delay" imgtool "$name" nothing \
        "$IMGTOOL" push "$image:1" "$front/$image:1"
    measure "push again" "$image" "$delay" skopeo "$name" nothing \
        "${copier[@]}" "oci:$work/layout:$image" "docker://$front/$image:1"
    measure pull "$image" "$delay" imgtool "$name" forget_pulled \
        "$IMGTOOL" --store "$work/pulled" pull "$front/$image:1"
    measure pull "$image" "$delay" skopeo "$name" forget_pulled \
        "${copier[@]}" "docker://$front/$image:1" "oci:$work/oci:1"
    measure "copy within" "$image" "$delay" imgtool "$name" forget_copied \
        "$IMGTOOL" copy "$front/$image:1" "$front/copied/$image:1"
    measure "copy within" "$image" "$delay" skopeo "$name" forget_copied \
        "${copier[@]}" "docker://$front/$image:1" "docker://$front/copied/$image:1"
}

openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj '/CN=tokens' -keyout "$work/token.key" \
    -out "$work/token.pem" 2>/dev/null
image five 5 10000
image twenty 20 10000

token_registry fast 0
jobs five 0 fast
jobs twenty 0 fast
token_registry slow 0.1
jobs five 0.1 slow
jobs twenty 0.1 slow

if [ "$large" != 0 ]; then
    image large 1 $((large * 1024 * 1024))
    start_registry plain
    front=$registry
    : >"$work/plain.record"
    name=plain
    measure push large - imgtool plain forget_registry "$IMGTOOL" push large:1 "$front/large:1"
    measure push large - skopeo plain forget_registry \
        "${copier[@]}" "oci:$work/layout:large" "docker://$front/large:1"
    measure pull large - imgtool plain forget_pulled \
        "$IMGTOOL" --store "$work/pulled" pull "$front/large:1"
    measure pull large - skopeo plain forget_pulled \
        "${copier[@]}" "docker://$front/large:1" "oci:$work/oci:1"
    measure pull large - curl plain nothing curl -sf -o "$work/blob" \
        "http://$front/v2/large/blobs/sha256:$(basename "$(largest_blob)")"
    start_registry other
    other=$registry
    name=other
    measure "copy across" large - imgtool other forget_registry \
        "$IMGTOOL" copy "$front/large:1" "$other/large:1"
    measure "copy across" large - skopeo other forget_registry \
        "${copier[@]}" "docker://$front/large:1" "docker://$other/large:1"
    measure "digest alone" large - openssl plain nothing openssl dgst -sha256 "$(largest_blob)"
fi

python3 -B "$root/tests/bench/registry_table.py" "$work/rows"
