#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Disks that fill up, limits that are reached and calls that fail, at many moments of an unpack and of
# a build: one line that says what, the status of its class, and no residue. A run that got through
# all the same has made the whole tree.
. "$(dirname "$0")/lib.sh"

tree=$work/tree
small_tree
mkdir -p "$tree/many/deep/er" "$tree/closed"
for number in $(seq 60); do
    echo "file $number" >"$tree/many/$number"
done
head -c 700000 /dev/urandom >"$tree/many/deep/random"
ln "$tree/many/deep/random" "$tree/many/linked"
setfattr -n user.note -v here "$tree/many/1"
truncate -s 300K "$tree/many/sparse"
echo 'end' >>"$tree/many/sparse"
mkfifo "$tree/many/pipe"
chmod 500 "$tree/closed" "$tree/many/deep"
find "$tree" -exec touch -h -d '2020-02-02 02:02:02' {} +
imgtool build -t faults:1 --add "$tree:/" --remove /etc/hello --add "$tree/etc:/etc" >/dev/null
imgtool unpack faults:1 "$work/whole" >/dev/null
python3 -B "$here/compare.py" "$tree" "$work/whole" | tail -n 1
mkdir "$work/out"

# judge WHERE WHAT: the run in $work/stdout, $work/stderr and $status, which was to unpack to
# WHERE/tree, did all or nothing. Counts in $failed and $passed.
failed=0 passed=0
judge() {
    # What is printed comes last.
    if [ "$status" = 0 ] || grep -q 'cannot write to the standard output' "$work/stderr"; then
        passed=$((passed + 1))
        python3 -B "$here/compare.py" "$work/whole" "$1/tree" >"$work/compared" ||
            fail "$2: says that it succeeded: $(head -n 3 "$work/compared")"
        rm -rf "$1/tree"
    else
        failed=$((failed + 1))
        [ "$status" = 9 ] || fail "$2: exit $status: $(cat "$work/stderr")"
        [ "$(grep -c . "$work/stderr")" = 1 ] || fail "$2: $(cat "$work/stderr")"
        grep -q '^imgtool: error: unpack faults:1: ' "$work/stderr" ||
            fail "$2: $(cat "$work/stderr")"
    fi
    [ -z "$(ls -A "$1")" ] || fail "$2: left $(ls -A "$1"): $(cat "$work/stderr")"
}

counted() {
    echo "   $failed failed, $passed got through"
    [ "$failed" -ge "$1" ] || fail "only $failed failed"
    [ "$passed" -ge "$2" ] || fail "only $passed got through"
    failed=0 passed=0
}

run() {
    status=0
    "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
}

step "a disk that is full"
mkdir "$work/small"
for kib in 40 60 100 160 260 400 600 700 800 900 1000 1200 1600 2400 3200 6400; do
    mount -t tmpfs -o "size=${kib}k" tmpfs "$work/small"
    mounts+=("$work/small")
    run "$IMGTOOL" unpack faults:1 "$work/small/tree" --threads $((kib / 20 % 2 + 1))
    judge "$work/small" "$kib KiB"
    umount "$work/small"
done
mounts=()
counted 8 2

step "a disk without inodes"
for inodes in 2 3 4 5 8 12 20 40 60 68 70 72 74 76 78 80 82 84 90 200; do
    mount -t tmpfs -o "size=9m,nr_inodes=$inodes" tmpfs "$work/small"
    run "$IMGTOOL" unpack faults:1 "$work/small/tree"
    judge "$work/small" "$inodes inodes"
    umount "$work/small"
done
counted 8 2

step "a real file system that is full"
if truncate -s 1M "$work/image" && mkfs.ext4 -q -N 64 -O ^has_journal "$work/image" &&
    mount -o loop "$work/image" "$work/small" 2>/dev/null; then
    mounts+=("$work/small")
    rmdir "$work/small/lost+found"
    for blocks in 0 100 300 500 600; do
        dd if=/dev/zero of="$work/small/ballast" bs=1K count="$blocks" status=none
        mv "$work/small/ballast" "$work/small/.ballast" 2>/dev/null || true
        run "$IMGTOOL" unpack faults:1 "$work/small/tree"
        rm -f "$work/small/.ballast"
        judge "$work/small" "$blocks KiB taken"
    done
    umount "$work/small"
    mounts=()
    counted 4 0
else
    echo "   no loop device here"
fi

step "files that may not be so large"
for blocks in 1 4 100 299 300 301 600 700 2000; do
    run bash -c 'trap "" XFSZ; ulimit -f '"$blocks"'; exec "$IMGTOOL" unpack faults:1 "$0"' "$work/out/tree"
    judge "$work/out" "$blocks KiB"
    run bash -c 'ulimit -f '"$blocks"'; exec "$IMGTOOL" unpack faults:1 "$0"' "$work/out/tree"
    judge "$work/out" "$blocks KiB, with SIGXFSZ"
done
counted 6 2

# Below some number the program itself can't be loaded, which is not its fault.
step "descriptors"
loads() {
    ! grep -q 'error while loading shared libraries' "$work/stderr"
}
for limit in $(seq 3 40); do
    threads=$((limit % 2 + 1))
    run bash -c "ulimit -n $limit"'; exec "$IMGTOOL" unpack faults:1 "$0" --no-sync --threads "$1"' \
        "$work/out/tree" "$threads"
    # Opening the store comes before.
    if loads && ! grep -q "$IMGTOOL_STORE" "$work/stderr"; then
        judge "$work/out" "$limit descriptors"
    fi
    [ -z "$(ls -A "$work/out")" ] || fail "$limit descriptors: left $(ls -A "$work/out")"
done
counted 2 15

# inject NAME WHEN COMMAND...: the call fails with EIO at the WHENth time, in each thread.
inject() {
    local name=$1 when=$2
    shift 2
    # A process that is traced can't look for its leaks.
    run env ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
        strace -f -qq -o /dev/null -e "trace=$name" -e "inject=$name:error=EIO:when=$when" "$@"
}

step "calls that fail, in an unpack"
for name in pwrite64 openat openat2 mkdirat fchown fchmod utimensat linkat symlinkat mknodat \
    fsetxattr ftruncate renameat syncfs fsync; do
    for when in 1 3 20; do
        inject "$name" "$when" "$IMGTOOL" unpack faults:1 "$work/out/tree" --threads $((when % 2 + 1))
        loads || continue
        # The store is opened before, and may be what fails.
        ! grep -q "$IMGTOOL_STORE" "$work/stderr" || continue
        judge "$work/out" "$name $when"
    done
done
counted 12 10

step "reads that fail"
for when in $(seq 8 4 60); do
    inject read "$when" "$IMGTOOL" unpack faults:1 "$work/out/tree" --threads $((when / 2 % 2 + 1))
    loads || continue
    [ "$status" = 0 ] || [ "$status" = 9 ] || fail "read $when: exit $status: $(cat "$work/stderr")"
    if [ "$status" = 0 ]; then judge "$work/out" "read $when"; fi
    [ -z "$(ls -A "$work/out")" ] || fail "read $when: left $(ls -A "$work/out")"
done

step "calls that fail, in a build"
for name in write fsync renameat fchmod; do
    for when in 1 2 4; do
        inject "$name" "$when" "$IMGTOOL" build -t faults:2 --add "$tree:/"
        loads || continue
        if [ "$status" = 0 ]; then
            imgtool rm faults:2 >/dev/null
        else
            [ "$status" = 9 ] || fail "$name $when: exit $status: $(cat "$work/stderr")"
            # Counted by thread, the write that fails may be that of the message, too.
            [ "$(grep -c . "$work/stderr")" = 1 ] || [ "$name" = write ] ||
                fail "$name $when: $(cat "$work/stderr")"
        fi
        consistent
    done
done
