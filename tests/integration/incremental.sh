#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds of a tree that was built before, by their system calls: what did not change is not opened,
# and nothing is compressed; a touched file is the only one that is read; one that changed costs its
# layer alone. Builds at the same time, or without room to remember anything, give the same image.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/tree" "$work/other"
for folder in $(seq 40); do
    mkdir "$work/tree/$folder" "$work/other/$folder"
    for file in $(seq 25); do
        echo "$file in $folder" >"$work/tree/$folder/$file"
        echo "$file in $folder, too" >"$work/other/$folder/$file"
    done
done
ln -s 1 "$work/tree/link"
# Younger files would be read again.
find "$work/tree" "$work/other" -exec touch -h -d @1000000000 {} +
sleep 3.2

# The digest, and what was logged in $work/log; the tracer is told of files and of writes.
traced() {
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" strace -f -y -qq -o "$work/trace" \
        -e trace=openat,open,llistxattr,listxattr,flistxattr,pwrite64,write \
        "$IMGTOOL" --progress plain build -v "$@" --add "$work/tree:/tree" --add "$work/other:/other" 2>"$work/log"
}

# The files beneath the trees that were opened. They are all in folders of the trees.
opened() {
    grep openat "$work/trace" | grep -o "= [0-9]*<$work/[a-z]*/[0-9]*/[^>]*>" |
        sed 's/.*<\(.*\)>/\1/' | sort -u || true
}

# expect_cached NUMBER: so many layers were there; the others were made.
expect_cached() {
    same "layers from the cache" "$1" "$(grep -c 'layer from the cache' "$work/log" || true)"
}

step "the first build"
first=$(traced)
same "files that were opened" 2000 "$(opened | wc -l)"
expect_cached 0

step "nothing changed: no file is opened, no layer written"
same "the image" "$first" "$(traced)"
same "files that were opened" none "$(opened | grep . || echo none)"
same "attributes that were listed" none "$(grep listxattr "$work/trace" || echo none)"
expect_cached 2
bytes=$({ grep -E "write.*<$work/store/" "$work/trace" || true; } |
    sed 's/.*= //' | awk '{n += $1} END {print n + 0}')
[ "$bytes" -lt 20000 ] || fail "$bytes bytes were written into the store"
same "the image without the cache" "$first" "$(traced --no-cache)"
same "files that were opened" 2000 "$(opened | wc -l)"
expect_cached 0

step "a touched file is read, it alone"
touch -d @1000000000 "$work/tree/7/7"
same "the image" "$first" "$(traced)"
same "files that were opened" "$work/tree/7/7" "$(opened)"
expect_cached 2

step "one file changed: its layer alone"
echo other >"$work/tree/7/7"
touch -d @1000000000 "$work/tree/7/7"
second=$(traced)
[ "$second" != "$first" ] || fail "the change is not in the image"
same "trees that were read" "$work/tree" "$(opened | grep -o "^$work/[a-z]*" | sort -u)"
expect_cached 1
same "the image without the cache" "$second" "$(traced --no-cache)"

step "builds at once"
rm -rf "$IMGTOOL_STORE/.libimg-cache"
for round in 1 2; do
    running=()
    for number in 1 2 3 4; do
        imgtool build -q --add "$work/tree:/tree" --add "$work/other:/other" \
            >"$work/at-once.$number" &
        running+=($!)
    done
    for pid in "${running[@]}"; do
        wait "$pid" || fail "a build failed"
    done
    for number in 1 2 3 4; do
        same "an image built at once" "$second" "$(cat "$work/at-once.$number")"
    done
done
same "the image" "$second" "$(traced)"
expect_cached 2
same "files in the making" none \
    "$(find "$IMGTOOL_STORE" -name '.tmp-*' | grep . || echo none)"

step "prune leaves what is remembered, and takes the layers"
imgtool prune >/dev/null
same "the image" "$second" "$(traced)"
expect_cached 0
same "the image" "$second" "$(traced)"
expect_cached 2

if [ "$(id -u)" = 0 ]; then
    step "no room to remember anything"
    cache=$IMGTOOL_STORE/.libimg-cache
    rm -rf "$cache" && mkdir "$cache"
    mount -t tmpfs -o size=16k none "$cache"
    mounts+=("$cache")
    for round in 1 2; do
        same "the image" "$second" "$(traced)"
        expect_cached 0
        same "warnings" 2 "$(grep -c 'nothing can be remembered: .*No space left' "$work/log")"
    done
    umount "$cache"
    step "and a place that can't be written"
    traced >/dev/null
    mount --bind "$cache" "$cache"
    mount -o remount,bind,ro "$cache"
    echo more >"$work/tree/8/8"
    third=$(traced)
    expect_cached 1
    same "warnings" 2 "$(grep -c 'nothing can be remembered: .*Read-only' "$work/log")"
    same "the image without the cache" "$third" "$(traced --no-cache)"
fi
