#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Files that cannot be read, go away, grow or are not what they should be. Each time: one line that
# names the file and the reason, the exit status of its class, no image, and a clean store.
. "$(dirname "$0")/lib.sh"

small_tree
imgtool build -t before:1 --add "$work/tree:/" >/dev/null
names=$(imgtool images)

# unchanged: what was there is there, and nothing else.
unchanged() {
    same "names" "$names" "$(imgtool images)"
    consistent
}

# Root may read everything unless it gives that up.
as_mortal() {
    setpriv --inh-caps=-all --bounding-set=-dac_override,-dac_read_search "$@"
}

step "a file that may not be read"
touch "$work/tree/etc/secret"
chmod 000 "$work/tree/etc/secret"
refuses 9 'tree/etc/secret: .*[Pp]ermission denied' \
    as_mortal "$IMGTOOL" build -t bad:1 --add "$work/tree:/"
rm "$work/tree/etc/secret"
unchanged

step "a folder that may not be read"
mkdir -m 000 "$work/tree/private"
refuses 9 'tree/private: .*[Pp]ermission denied' \
    as_mortal "$IMGTOOL" build -t bad:1 --add "$work/tree:/"
rmdir "$work/tree/private"
unchanged

step "a store that may not be written"
mkdir -m 555 "$work/locked"
refuses 9 'locked.*[Pp]ermission denied' \
    as_mortal "$IMGTOOL" --store "$work/locked/store" build -t bad:1 --add "$work/tree:/"

step "a file that is not there"
refuses 3 'tree/nothing: .*([Nn]o such file|not there|not found)' \
    "$IMGTOOL" build -t bad:1 --add "$work/tree/nothing:/"
refuses 3 'nothing.tar: .*([Nn]o such file|not there|not found)' \
    "$IMGTOOL" build -t bad:1 --layer "$work/nothing.tar"
unchanged

# while_reading FILE COMMAND...: builds a tree that has FILE in it, stops when it is being read, runs
# COMMAND and goes on. Output and status as for judge_refusal.
while_reading() {
    local file=$1 pid try
    shift
    "$IMGTOOL" build -t bad:1 --add "$work/changing:/" >"$work/stdout" 2>"$work/stderr" &
    pid=$!
    pids+=("$pid")
    for try in $(seq 2000); do
        if find "/proc/$pid/fd" -lname "$file" 2>/dev/null | grep -q .; then
            kill -STOP "$pid"
            break
        fi
        sleep 0.002
    done
    find "/proc/$pid/fd" -lname "$file" 2>/dev/null | grep -q . || fail "$file was read too fast"
    "$@"
    kill -CONT "$pid"
    status=0
    wait "$pid" || status=$?
}

step "a file that goes away"
mkdir "$work/changing"
truncate -s 1500M "$work/changing/a"
echo 'here' >"$work/changing/z"
while_reading "$work/changing/a" rm "$work/changing/z"
judge_refusal 3 'changing/z: .*([Nn]o such file|vanished|went away|gone)' "$status" "build"
unchanged

step "a file that grows"
while_reading "$work/changing/a" truncate -s 1600M "$work/changing/a"
judge_refusal 9 'changing/a: .*(grew|changed|grow)' "$status" "build"
unchanged

step "a file that shrinks"
while_reading "$work/changing/a" truncate -s 1M "$work/changing/a"
judge_refusal 9 'changing/a: .*(shrank|changed|shrunk|ended)' "$status" "build"
unchanged

step "broken archives"
tar -C "$work/tree" -cf "$work/whole.tar" .
head -c 30000 "$work/whole.tar" >"$work/cut.tar"
refuses 7 'cut.tar: .*cut short' "$IMGTOOL" build -t bad:1 --layer "$work/cut.tar"
gzip -c "$work/whole.tar" | head -c 2000 >"$work/cut.tar.gz"
refuses 7 'cut.tar.gz: .*(cut short|ends|truncated)' \
    "$IMGTOOL" build -t bad:1 --layer "$work/cut.tar.gz"
cp "$work/whole.tar" "$work/sum.tar"
printf 'XXXX' | dd of="$work/sum.tar" bs=1 seek=2 conv=notrunc status=none
refuses 7 'sum.tar: ' "$IMGTOOL" build -t bad:1 --layer "$work/sum.tar"
head -c 20000 /dev/urandom >"$work/noise.tar"
refuses 7 'noise.tar: ' "$IMGTOOL" build -t bad:1 --layer "$work/noise.tar"
python3 - "$work/escape.tar" <<'END'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    info = tarfile.TarInfo("../../outside")
    info.size = 4
    tar.addfile(info, io.BytesIO(b"evil"))
END
refuses 7 "escape.tar: .*outside" "$IMGTOOL" build -t bad:1 --layer "$work/escape.tar"
unchanged

step "a disk that is full"
mkdir "$work/small"
mount -t tmpfs -o size=3m tmpfs "$work/small"
mounts+=("$work/small")
head -c 8000000 /dev/urandom >"$work/tree/random"
imgtool --store "$work/small/store" build -t before:1 --add "$work/tree/etc:/etc" >/dev/null
refuses 9 '[Nn]o space left' \
    "$IMGTOOL" --store "$work/small/store" build -t bad:1 --add "$work/tree:/"
consistent "$work/small/store"
same "names" "before:1" "$(imgtool --store "$work/small/store" --format json images |
    jq -r '.[].name' | sed 's,.*/,,')"
imgtool --store "$work/small/store" build -t after:1 --add "$work/tree/bin:/bin" >/dev/null

step "a store that is damaged"
mkdir "$work/strange"
echo 'mine' >"$work/strange/file"
refuses 7 'strange is not a valid image layout' "$IMGTOOL" --store "$work/strange" images
cp -a "$IMGTOOL_STORE" "$work/damaged"
echo '{"schemaVersion":2,"manifests":[' >"$work/damaged/index.json"
refuses 7 'index.json' "$IMGTOOL" --store "$work/damaged" images
