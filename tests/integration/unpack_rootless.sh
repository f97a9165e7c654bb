#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Unpacking without privileges: everything belongs to the caller, the rest is counted and recorded,
# in the form that umoci has, too; in a user namespace owners are set; and maps of owners.
. "$(dirname "$0")/lib.sh"

tree=$work/tree
small_tree
mkdir "$tree/dev" "$tree/closed"
printf 'x' >"$tree/bin/su"
chown 0:0 "$tree/bin/su"
chmod 4755 "$tree/bin/su"
chown 33:33 "$tree/etc/numbers"
chown 1000:1000 "$tree/etc/hello"
chown 12:34 "$tree/etc"
mknod -m 666 "$tree/dev/null" c 1 3
mknod -m 640 "$tree/dev/sda" b 8 0
chown 0:6 "$tree/dev/sda"
ln "$tree/dev/null" "$tree/dev/zero"
mkfifo "$tree/dev/pipe"
cp /bin/true "$tree/bin/capable"
setcap cap_net_raw+ep "$tree/bin/capable"
setfattr -n user.mine -v yes "$tree/bin/hello"
echo 'closed' >"$tree/closed/file"
chmod 400 "$tree/closed/file"
chmod 555 "$tree/closed"
find "$tree" -exec touch -h -d '2020-02-02 02:02:02' {} +
imgtool build -t rootless:1 --add "$tree:/" >/dev/null

# Of nobody here: the store is only read.
chmod -R go+rX "$IMGTOOL_STORE"
mkdir "$work/mine"
chown 1000:1000 "$work/mine"
as_user() {
    setpriv --reuid=1000 --regid=1000 --clear-groups "$@"
}

step "as a user"
as_user "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --record "$work/mine/record" \
    --format json >"$work/result"
same "owners" "1000:1000" "$(find "$work/mine/tree" -printf '%U:%G\n' | sort -u)"
[ -z "$(find "$work/mine/tree" -type b -o -type c)" ] || fail "a device was made"
same "setuid" "755" "$(stat -c %a "$work/mine/tree/bin/su")"
same "a file in a closed directory" "closed" "$(cat "$work/mine/tree/closed/file")"
same "an attribute" "yes" "$(getfattr --only-values -n user.mine "$work/mine/tree/bin/hello")"
same "mtimes" "1580608922" "$(find "$work/mine/tree" -mindepth 1 -printf '%Ts\n' | sort -u)"
[ -p "$work/mine/tree/dev/pipe" ] || fail "the pipe is not there"

step "a topmost directory that may not be written"
mkdir -m 555 "$work/top"
echo 'x' >"$work/top/file"
tar -C "$work/top" -cf "$work/top.tar" .
python3 -B "$here/craft.py" "$IMGTOOL_STORE" docker.io/library/top:1 "$work/top.tar,gz"
as_user "$IMGTOOL" unpack top:1 "$work/mine/top" >/dev/null
same "mode" "555" "$(stat -c %a "$work/mine/top")"
chmod 755 "$work/mine/top"
rm -r "$work/mine/top"

step "the record"
same "lines and count" "$(wc -l <"$work/mine/record")" "$(jq .unset "$work/result")"
record() {
    jq -rc "select(.path == \"$1\" and .what == \"$2\") | del(.path, .what)" "$work/mine/record"
}
same "owner" '{"uid":33,"gid":33}' "$(record etc/numbers owner)"
same "owner of a directory" '{"uid":12,"gid":34}' "$(record etc owner)"
[ -z "$(record etc/hello owner)" ] || fail "an owner that is right is recorded"
same "mode" '{"mode":"4755"}' "$(record bin/su mode)"
same "device" '{"kind":"character","major":1,"minor":3,"mode":"666","uid":0,"gid":0,"mtime":"1580608922"}' \
    "$(record dev/null device)"
same "another name of a device" '{"target":"dev/null"}' "$(record dev/zero link)"
same "block device" '{"kind":"block","major":8,"minor":0,"mode":"640","uid":0,"gid":6,"mtime":"1580608922"}' \
    "$(record dev/sda device)"
same "capability" "$(getfattr --only-values -n security.capability "$tree/bin/capable" | base64 -w0)" \
    "$(record bin/capable xattr | jq -r 'select(.name == "security.capability").value')"

step "the attribute that umoci writes"
as_user umoci unpack --rootless --image "oci:$IMGTOOL_STORE:docker.io/library/rootless:1" \
    "$work/mine/bundle" >/dev/null 2>&1 ||
    { skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/rootless:1" "oci:$work/copy:1" &&
        chmod -R go+rX "$work/copy" &&
        as_user umoci unpack --rootless --image "$work/copy:1" "$work/mine/bundle" >/dev/null; }
for path in etc etc/numbers bin/su etc/hello dev/pipe bin; do
    same "$path" "$(getfattr -e hex -n user.rootlesscontainers "$work/mine/bundle/rootfs/$path" 2>&1 | grep -o '=0x.*' || echo none)" \
        "$(getfattr -e hex -n user.rootlesscontainers "$work/mine/tree/$path" 2>&1 | grep -o '=0x.*' || echo none)"
done

step "a failure leaves nothing, whatever the modes"
as_user truncate -s 100K "$work/mine/record"
refuses 7 'max|limit|more than' as_user "$IMGTOOL" unpack rootless:1 "$work/mine/again" --max-entries 12
[ ! -e "$work/mine/again" ] && [ -z "$(find "$work/mine" -maxdepth 1 -name '.*tmp*')" ] ||
    fail "something was left"
same "the record of before" 100K "$(as_user du -h --apparent-size "$work/mine/record" | cut -f1)"
rm -rf "$work/mine/bundle" "$work/mine/record" "$work/mine/tree"

step "as root, rootless"
imgtool unpack rootless:1 "$work/mine/tree" --rootless --progress plain >/dev/null 2>"$work/stderr"
grep -q 'are not as in the image; --record FILE lists them' "$work/stderr" || fail "nothing is said"
same "owners" "0:0" "$(find "$work/mine/tree" -printf '%U:%G\n' | sort -u)"
rm -rf "$work/mine/tree"

step "maps"
imgtool unpack rootless:1 "$work/mine/tree" --uid-map 0:100000:1000 --uid-map 1000:2000:1 \
    --gid-map 0:200000:65536 >/dev/null
same "owners" "100000:200000 100012:200034 100033:200033 2000:201000" \
    "$(find "$work/mine/tree" -printf '%U:%G\n' | sort -u | grep -v 100000:200006 | tr '\n' ' ' | sed 's/ $//')"
same "setuid" "4755" "$(stat -c %a "$work/mine/tree/bin/su")"
rm -rf "$work/mine/tree"
imgtool unpack rootless:1 "$work/mine/tree" --uid-map 0:100000:65536 >/dev/null
same "groups without a map of theirs" 100034 "$(stat -c %g "$work/mine/tree/etc")"
rm -rf "$work/mine/tree"
misuses "entry 'etc/hello' at byte [0-9]+: .*1000" "$IMGTOOL" unpack rootless:1 "$work/mine/tree" \
    --uid-map 0:100000:1000
misuses 'IMAGE:HOST:COUNT' "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --gid-map 0:1
misuses 'right to set them' as_user "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --uid-map 0:0:10
misuses 'sets no owners' "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --rootless --uid-map 0:0:10
[ -z "$(ls -A "$work/mine")" ] || fail "left $(ls -A "$work/mine")"

step "subordinate ids"
if unshare -m true 2>/dev/null; then
    printf 'other:1:1\nkeeper:300000:65536\n' >"$work/subuid"
    printf 'keeper:400000:65536\n' >"$work/subgid"
    touch /etc/subuid /etc/subgid
    in_namespace() {
        unshare -m sh -c 'mount --bind "$0/subuid" /etc/subuid; mount --bind "$0/subgid" /etc/subgid
            exec "$@"' "$work" "$@"
    }
    in_namespace "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --subids keeper >/dev/null
    same "owner" "300033:400033" "$(stat -c %u:%g "$work/mine/tree/etc/numbers")"
    rm -rf "$work/mine/tree"
    refuses 3 '/etc/subuid: has no ids for the user stranger' in_namespace "$IMGTOOL" unpack \
        rootless:1 "$work/mine/tree" --subids stranger
fi

step "in a user namespace"
if as_user unshare -Ur true 2>/dev/null; then
    refuses 9 "(33|12|34|6).*" as_user unshare -Ur "$IMGTOOL" unpack rootless:1 "$work/mine/tree"
    as_user unshare -Ur "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --rootless >/dev/null
    same "owners" "1000:1000" "$(find "$work/mine/tree" -printf '%U:%G\n' | sort -u)"
    rm -rf "$work/mine/tree"
else
    echo "   none is to be had here"
fi
# As "podman unshare" or "unshare --map-auto" make them, by root since those need helper programs.
if unshare -U true 2>/dev/null; then
    unshare -U sleep 60 &
    sleeper=$!
    pids+=("$sleeper")
    for try in $(seq 200); do
        [ "$(readlink "/proc/$sleeper/ns/user")" = "$(readlink /proc/self/ns/user)" ] || break
        sleep 0.01
    done
    echo '0 500000 65536' >"/proc/$sleeper/uid_map"
    echo '0 600000 65536' >"/proc/$sleeper/gid_map"
    chown 500000:600000 "$work/mine"
    nsenter -U -t "$sleeper" "$IMGTOOL" unpack rootless:1 "$work/mine/tree" --format json >"$work/result"
    same "owner" "500033:600033" "$(stat -c %u:%g "$work/mine/tree/etc/numbers")"
    same "setuid" "4755" "$(stat -c %a "$work/mine/tree/bin/su")"
    same "what was not set" "3" "$(jq .unset "$work/result")"
    [ ! -e "$work/mine/tree/dev/null" ] || fail "a device was made"
fi
