#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An image with one static program runs, from a bundle that umoci made and from one of imgtool, by runc
# and by crun. It sees the entrypoint, command, environment, user, groups and working directory that the
# image says, may write what is its own, and ends with its own status.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/tree/bin" "$work/tree/etc" "$work/tree/data" "$work/tree/proc" "$work/tree/dev" \
    "$work/tree/sys" "$work/tree/volume"
cp "$(command -v busybox)" "$work/tree/bin/busybox"
ln -s busybox "$work/tree/bin/sh"
printf 'root:x:0:0::/:/bin/sh\napp:x:1234:2345::/data:/bin/sh\n' >"$work/tree/etc/passwd"
printf 'root:x:0:\napp:x:2345:\nextra:x:3456:app\n' >"$work/tree/etc/group"
chown 1234:2345 "$work/tree/data" "$work/tree/volume"
chmod 750 "$work/tree/volume"
echo 'of the image' >"$work/tree/volume/file"

imgtool build -t run:1 --add "$work/tree:/" \
    --entrypoint '["/bin/sh","-c","echo \"$0 $*\"; echo $GREETING; echo $PATH; echo $HOME; busybox id; pwd; touch here && echo may write; touch /etc/no 2>/dev/null || echo may not write; exit 7"]' \
    --cmd '["first","second word"]' -e GREETING='good day' -e PATH=/bin -w /data -u app
cat >"$work/expected" <<'END'
first second word
good day
/bin
/data
uid=1234(app) gid=2345(app) groups=3456(extra)
/data
may write
may not write
END

# start RUNTIME BUNDLE: what it prints goes to $work/output; sets $status.
start() {
    status=0
    "$1" --root "$work/$1" run --bundle "$2" "libimg-$$" </dev/null >"$work/output" 2>"$work/error" ||
        status=$?
}

# crun 1.8 takes no machine that has both kinds of cgroups; it is shown one that has the old kind.
crun() {
    if mountpoint -q /sys/fs/cgroup/unified; then
        unshare -m bash -c 'umount /sys/fs/cgroup/unified && exec crun "$@"' crun "$@"
    else
        command crun "$@"
    fi
}

# ran RUNTIME BUNDLE STATUS: as the image says.
ran() {
    start "$1" "$2"
    [ "$status" = "$3" ] || fail "$1: exit $status: $(cat "$work/error")"
    diff -u "$work/expected" "$work/output" || fail "$1: the program saw something else"
}

step "umoci's bundle"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/run:1" "oci:$work/copy:1"
umoci unpack --image "$work/copy:1" "$work/umoci" >/dev/null
# No terminal, no cgroup of its own and no network to set up: none of it belongs to the image.
jq '.process.terminal = false | .linux.resources = {} | .linux.cgroupsPath = null |
    .linux.namespaces |= map(select(.type != "cgroup" and .type != "network")) |
    .mounts |= map(select(.type != "cgroup" and .destination != "/etc/resolv.conf"))' \
    "$work/umoci/config.json" >"$work/config.json"
mv "$work/config.json" "$work/umoci/config.json"
ran runc "$work/umoci" 7

# Where a runtime can't start its own kind of bundle, ours is not asked for more.
simplify() {
    mkdir -p "$work/control-$1/rootfs"
    cp -a "$work/tree/." "$work/control-$1/rootfs"
    [ -e "$work/control-$1/config.json" ] || (cd "$work/control-$1" && runc spec &&
        jq '.process.terminal = false | .process.args = ["/bin/sh", "-c", "exit 5"]' config.json >c &&
        mv c config.json)
    start "$1" "$work/control-$1"
    [ "$status" != 5 ] || return 0
    echo "   no cgroups or network for $1 on this machine: $(tail -n 1 "$work/error")"
    jq '.linux.resources = {} | .mounts |= map(select(.type != "cgroup")) |
        .linux.namespaces |= map(select(.type != "network"))' "$2/config.json" >"$2/simple"
    mv "$2/simple" "$2/config.json"
}

for runtime in runc crun; do
    step "imgtool's bundle by $runtime"
    imgtool unpack --bundle run:1 "$work/bundle-$runtime" >/dev/null
    simplify "$runtime" "$work/bundle-$runtime"
    ran "$runtime" "$work/bundle-$runtime" 7
done

step "a command in the place of cmd, a volume, a user by number"
imgtool build -q --from run:1 -t run:2 --entrypoint '["/bin/sh","-c"]' -u 1234:3456 \
    --volume /volume >/dev/null
imgtool unpack --bundle run:2 "$work/bundle-2" --hostname here -- \
    'busybox id; busybox ls /volume; busybox stat -c "%u:%g %a" /volume; touch /volume/new && busybox hostname' \
    >/dev/null
printf 'uid=1234(app) gid=3456(extra)\n1234:2345 750\nhere\n' >"$work/expected"
simplify runc "$work/bundle-2"
ran runc "$work/bundle-2" 0
[ ! -e "$work/bundle-2/rootfs/volume/new" ] || fail "the volume is in the root file system"

unshare --user true 2>/dev/null || {
    echo "   no user namespaces on this machine"
    exit 0
}

step "owners that are mapped"
imgtool unpack --bundle run:1 "$work/bundle-mapped" --uid-map 0:100000:65536 --gid-map 0:200000:65536 \
    >/dev/null
cat >"$work/expected" <<'END'
first second word
good day
/bin
/data
uid=1234(app) gid=2345(app) groups=3456(extra)
/data
may write
may not write
END
simplify runc "$work/bundle-mapped"
ran runc "$work/bundle-mapped" 7
same "whose file it is outside" 101234:202345 "$(stat -c %u:%g "$work/bundle-mapped/rootfs/data/here")"

step "without root"
# The command may lie where only root may look.
install -D -m 755 "$(readlink -f "$IMGTOOL")" "$work/bin/imgtool"
cp -L "$(dirname "$(readlink -f "$IMGTOOL")")"/../lib/libimg.so.* "$work/bin/"
mkdir "$work/nobody"
chown 65534:65534 "$work/nobody"
imgtool build -q -t own:1 --add "$work/tree:/" --cmd '["/bin/sh","-c","busybox id; touch /here"]' >/dev/null
chmod -R a+rX "$IMGTOOL_STORE"
nobody() {
    HOME=$work/nobody XDG_RUNTIME_DIR=$work/nobody LD_LIBRARY_PATH=$work/bin \
        setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
nobody "$work/bin/imgtool" unpack --bundle own:1 "$work/nobody/bundle" >/dev/null
nobody runc --root "$work/nobody/runc" run --bundle "$work/nobody/bundle" "libimg-$$" </dev/null \
    >"$work/output" 2>"$work/error" || fail "runc: exit $?: $(cat "$work/error")"
same "who it is inside" 'uid=0(root) gid=0(root)' "$(cat "$work/output")"
same "and outside" 65534:65534 "$(stat -c %u:%g "$work/nobody/bundle/rootfs/here")"
