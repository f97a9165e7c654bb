# SPDX-License-Identifier: Apache-2.0
#
# A network that breaks: every connection is cut, reset or stalled after some megabytes, in either
# direction. Every push and pull comes through all the same, equal to the last byte, and what had
# arrived does not travel again.
. "$(dirname "$0")/lib.sh"

readonly MB=1000000

# Two layers that do not compress.
for layer in 1 2; do
    mkdir -p "$work/$layer"
    head -c $((12 * MB)) /dev/urandom >"$work/$layer/data-$layer"
done
imgtool build -t app:1 --add "$work/1:/" --add "$work/2:/" >/dev/null
start_registry back
back=$registry
size=$(imgtool inspect app:1 --raw | jq '[.layers[].size, .config.size] | add')

# broken NAME FAULT...: what connects to $front goes to the registry by a broken way.
broken() {
    local name=$1
    shift
    start_script "$name" python3 -B "$here/fault_proxy.py" "$back" "$@" --count "$work/$name.count"
    front=127.0.0.1:$port
}

# count NAME WORD: how many of it the proxy counted.
count() {
    sed -n "s/.*\<$2 \([0-9]*\).*/\1/p" "$work/$1.count"
}

# spent NAME DIRECTION FAULT-BYTES: no more passed than the image, requests and answers, and what was
# under way when a connection broke: the part of one cut, for each.
spent() {
    local bytes faults most
    bytes=$(count "$1" "$2")
    faults=$(count "$1" faults)
    [ "$faults" -gt 0 ] || fail "$1: nothing was broken"
    most=$((size + faults * $3 + MB / 2))
    echo "   $1: $bytes bytes for $size, $faults faults"
    [ "$bytes" -lt "$most" ] || fail "$1: $bytes bytes went $2, more than $most"
}

# pulls NAME LOST FAULT...
pulls() {
    local name=$1 lost=$2
    shift 2
    broken "$name" "$@"
    same "$name" "$pushed" "$(digest "$(IMGTOOL_STORE=$work/store-$name imgtool pull \
        --retry 9 --stall-timeout 1 "$front/app:1")")"
    consistent "$work/store-$name"
    spent "$name" down "$lost"
    rm -rf "$work/store-$name"
}

# pushes NAME LOST FAULT...
pushes() {
    local name=$1 lost=$2
    shift 2
    broken "$name" "$@"
    same "$name" "$pushed" "$(digest "$(imgtool push \
        --retry 9 --stall-timeout 1 app:1 "$front/$name:1")")"
    skopeo copy -q --src-tls-verify=false "docker://$back/$name:1" "oci:$work/judge-$name:1"
    same "$name: skopeo" "$pushed" "$(jq -r '.manifests[0].digest' "$work/judge-$name/index.json")"
    spent "$name" up "$lost"
    rm -rf "$work/judge-$name"
}

pushed=$(digest "$(imgtool push app:1 "$back/app:1")")

step "downloads that are cut, reset, stalled"
pulls down-cut $((MB / 2)) --down "cut:$((5 * MB))"
pulls down-reset $((2 * MB)) --down "reset:$((5 * MB))"
pulls down-stall $((MB / 2)) --down "stall:$((5 * MB)):2"

step "uploads that are cut, reset, stalled"
# docker-registry 2 forgets an upload whose connection breaks: a cut costs what came through before it, and what
# follows goes in pieces that are small enough.
pushes up-cut $((6 * MB)) --up "cut:$((5 * MB))"
pushes up-reset $((6 * MB)) --up "reset:$((5 * MB))"
pushes up-stall $((6 * MB)) --up "stall:$((5 * MB)):2"

step "answers that are lost"
pushes answers $((13 * MB)) --down cut:300:5
