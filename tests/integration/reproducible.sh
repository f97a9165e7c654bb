#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The same input gives the same manifest, whoever builds it and how the machine is set: umask,
# locale, time zone, clock, user, threads, and the order in which a directory lists its files.
. "$(dirname "$0")/lib.sh"

small_tree
for number in $(seq 300); do
    echo "$number" >"$work/tree/etc/file-$number"
done
echo 'umlaut' >"$work/tree/etc/Ärger"
echo 'dotless' >"$work/tree/etc/ILIK"
find "$work/tree" -exec touch -h -d '2020-02-02 02:02:02' {} +

# A locale where letters change case in another way and numbers have a comma.
mkdir "$work/locales"
localedef -i tr_TR -f UTF-8 "$work/locales/tr_TR.UTF-8" 2>/dev/null ||
    [ -d "$work/locales/tr_TR.UTF-8" ] || fail "cannot make the locale tr_TR.UTF-8"

# build [NAME=VALUE...] [WRAPPER...]: the digest of the image of $tree, in a new store; $options has
# more of the command line.
tree=$work/tree
build() {
    local store
    store=$(mktemp -d "$work/stores/XXXXXX")
    chmod 777 "$store"
    IMGTOOL_STORE=$store env "$@" "$IMGTOOL" build -t same:1 --add "$tree:/" \
        -e A=b -l k=v --entrypoint /bin/hello -q ${options:-}
}

mkdir -p "$work/stores"
chmod 1777 "$work/stores"
expected=$(build)
[[ $expected =~ ^sha256:[0-9a-f]{64}$ ]] || fail "build -q printed '$expected'"

same "again" "$expected" "$(build)"
same "umask 077" "$expected" "$(umask 077 && build)"
same "umask 000" "$expected" "$(umask 000 && build)"
same "Turkish" "$expected" "$(build LOCPATH="$work/locales" LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8)"
same "locale C" "$expected" "$(build LC_ALL=C)"
same "time zone" "$expected" "$(build TZ=Asia/Kathmandu)"
same "no environment" "$expected" "$(build -i PATH="$PATH" \
    "IMGTOOL_STORE=$work/stores/bare" LD_LIBRARY_PATH="${LD_LIBRARY_PATH:-}")"
same "another clock" "$expected" "$(build faketime '2031-05-06 07:08:09')"
# The command may lie where only root may look.
install -D -m 755 "$(readlink -f "$IMGTOOL")" "$work/bin/imgtool"
cp -L "$(dirname "$(readlink -f "$IMGTOOL")")"/../lib/libimg.so.* "$work/bin/"
same "another user" "$expected" "$(IMGTOOL=$work/bin/imgtool build \
    LD_LIBRARY_PATH="$work/bin" HOME="$work/stores/home" \
    setpriv --reuid=65534 --regid=65534 --clear-groups)"

step "threads"
same "one processor" "$expected" "$(build taskset -c "$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')")"
# Blocks for many threads: text that does not repeat.
seq 1 1800000 >"$work/tree/etc/many"
touch -d '2020-02-02 02:02:02' "$work/tree/etc/many" "$work/tree/etc"
for compression in gzip gzip:fast gzip:small zstd zstd:small estargz zstd:chunked none; do
    first=$(options="--compression $compression --threads 1" build)
    for threads in 2 3 8 16; do
        same "$compression, $threads threads" "$first" \
            "$(options="--compression $compression --threads $threads" build)"
    done
done
rm "$work/tree/etc/many"
touch -d '2020-02-02 02:02:02' "$work/tree/etc"
same "as before" "$expected" "$(build)"

step "another order of the directory"
# Backwards, on another file system.
mkdir "$work/other"
mount -t tmpfs -o size=64m tmpfs "$work/other"
mounts+=("$work/other")
(cd "$work/tree" && find . -type d) | (cd "$work/other" && xargs mkdir -p)
(cd "$work/tree" && find . ! -type d | sort -r) | while read -r file; do
    cp -a "$work/tree/$file" "$work/other/$file"
done
(cd "$work/tree" && find . -type d) | while read -r folder; do
    touch -r "$work/tree/$folder" "$work/other/$folder"
done
[ "$(ls -fm "$work/other/etc")" != "$(ls -fm "$work/tree/etc")" ] || fail "the order is the same"
tree=$work/other
same "another order" "$expected" "$(build)"

step "SOURCE_DATE_EPOCH"
tree=$work/tree
touch -d '2024-01-01' "$work/tree/etc/hello"
one=$(build SOURCE_DATE_EPOCH=1600000000)
touch -d '2025-01-01' "$work/tree/etc/hello"
same "newer times become the epoch" "$one" "$(build SOURCE_DATE_EPOCH=1600000000)"
[ "$one" != "$(build SOURCE_DATE_EPOCH=1700000000)" ] || fail "the epoch changes nothing"
[ "$one" != "$expected" ] || fail "the epoch changes nothing"
