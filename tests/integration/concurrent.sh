#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Several clients at once: building into one store, pushing the same and different images to one
# registry, pulling into one store. All succeed, no name is lost, and the store is consistent.
. "$(dirname "$0")/lib.sh"

clients=4
start_registry registry
small_tree
head -c 8000000 /dev/urandom >"$work/tree/random"

# at_once COMMAND...: runs it with 1..clients appended, all together; all have to succeed.
at_once() {
    local running=() number
    step "$* (by $clients)"
    for number in $(seq "$clients"); do
        "$@" "$number" >"$work/out.$number" 2>"$work/err.$number" &
        running+=($!)
    done
    for number in $(seq "$clients"); do
        wait "${running[$((number - 1))]}" || fail "client $number: $(cat "$work/err.$number")"
    done
}

build_one() {
    mkdir "$work/own.$1"
    echo "$1" >"$work/own.$1/number"
    local round
    for round in 1 2 3; do
        imgtool build -t "$registry/own/image-$1:$round" -t "$registry/shared:$1" \
            --add "$work/tree:/" --add "$work/own.$1:/own"
    done
}

push_one() {
    imgtool push "$registry/own/image-$1:1"
    imgtool push "$registry/shared:$1"
    imgtool push "$registry/own/image-1:2" "$registry/everyone:1"
}

pull_one() {
    imgtool --store "$work/elsewhere" pull "$registry/shared:$1"
    imgtool --store "$work/elsewhere" pull "$registry/everyone:1"
    imgtool --store "$work/elsewhere" rm "$registry/shared:$1"
    imgtool --store "$work/elsewhere" pull "$registry/own/image-$1:1"
}

at_once build_one
consistent
same "names in the store" $((clients * 4)) "$(imgtool --format json images | jq length)"
at_once push_one
for number in $(seq "$clients"); do
    same "digest of image $number" \
        "$(imgtool --format json images | jq -r --arg name "$registry/shared:$number" \
            '.[] | select(.name == $name) | .digest')" \
        "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$registry/shared:$number")"
done
at_once pull_one
consistent "$work/elsewhere"
same "names in the other store" $((clients + 1)) \
    "$(imgtool --store "$work/elsewhere" --format json images | jq length)"
