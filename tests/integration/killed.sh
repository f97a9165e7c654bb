#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kill -9 at moments all over a build, a push and a pull. Each time the store is consistent, the names
# that were there are there, and the same command works when it is run again.
. "$(dirname "$0")/lib.sh"

rounds=12
start_registry registry
small_tree
for number in $(seq 8); do
    head -c 6000000 /dev/urandom >"$work/tree/random-$number"
done
mkdir "$work/before"
echo 'before' >"$work/before/file"

# seconds COMMAND...: how long it takes.
seconds() {
    local from=$EPOCHREALTIME
    "$@" >/dev/null
    echo "$from $EPOCHREALTIME" | awk '{ print $2 - $1 }'
}

build_it() {
    exec "$IMGTOOL" --store "$1" build -t "$registry/killed:1" --add "$work/tree:/a" \
        --compression zstd --add "$work/tree:/b" --add "$work/before:/c"
}

pull_it() {
    exec "$IMGTOOL" --store "$1" pull "$whole_image"
}

push_it() {
    exec "$IMGTOOL" --store "$1" push "$whole_image" "$registry/target-$round:1"
}

# kill_at FRACTION FUNCTION STORE: whether it was still at work then.
kill_at() {
    local pid
    "$2" "$3" >"$work/stdout" 2>"$work/stderr" &
    pid=$!
    pids+=("$pid")
    sleep "$1"
    kill -9 "$pid" 2>/dev/null || true
    ! wait "$pid" 2>/dev/null
}

# sweep FUNCTION: kills it at moments all over the time that it takes, each time in a new store.
sweep() {
    local whole caught=0 store=$work/whole.$1
    round=whole
    imgtool --store "$store" build -t before:1 --add "$work/before:/" >/dev/null
    whole=$(seconds eval "($1 '$store')")
    step "$1 takes $whole seconds"
    for round in $(seq "$rounds"); do
        store=$work/killed.$1
        rm -rf "$store"
        imgtool --store "$store" build -t before:1 --add "$work/before:/" >/dev/null
        ! kill_at "$(moment "$whole")" "$1" "$store" || caught=$((caught + 1))
        usable "$store"
        imgtool --store "$store" inspect before:1 >/dev/null || fail "an older name was lost"
        ("$1" "$store") >/dev/null || fail "$1 fails after the kill"
        usable "$store"
        # The collector removes what the dead one left.
        imgtool --store "$store" rm before:1 >/dev/null
        consistent "$store"
    done
    [ "$caught" -ge $((rounds / 3)) ] || fail "only $caught of $rounds were killed at work"
    echo "   $caught of $rounds were killed at work"
}

# moment SECONDS: that part of them which belongs to $round.
moment() {
    awk "BEGIN { print $1 * ($round - 0.5) / $rounds }"
}

sweep build_it
whole_image=$registry/whole:1
imgtool build -t "$whole_image" --add "$work/tree:/a" --compression none \
    --add "$work/tree:/b" >/dev/null
digest=$(digest "$(imgtool push "$whole_image")")
sweep pull_it

# To another registry, where nothing can be mounted from.
start_registry target
round=0
whole=$(seconds eval "(push_it '$IMGTOOL_STORE')")
step "push_it takes $whole seconds"
for round in $(seq "$rounds"); do
    rm -rf "$work/target/docker"
    kill_at "$(moment "$whole")" push_it "$IMGTOOL_STORE" || true
    consistent
    (push_it "$IMGTOOL_STORE") >/dev/null || fail "push fails after the kill"
    same "digest" "$digest" "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' \
        "docker://$registry/target-$round:1")"
done
