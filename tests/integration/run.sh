#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An image with one static program runs: umoci unpacks it, runc starts it, and it sees the
# entrypoint, command, environment, user, groups and working directory that the image says.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/tree/bin" "$work/tree/etc" "$work/tree/data" "$work/tree/proc" "$work/tree/dev" \
    "$work/tree/sys"
cp "$(command -v busybox)" "$work/tree/bin/busybox"
ln -s busybox "$work/tree/bin/sh"
printf 'root:x:0:0::/:/bin/sh\napp:x:1234:2345::/data:/bin/sh\n' >"$work/tree/etc/passwd"
printf 'root:x:0:\napp:x:2345:\nextra:x:3456:app\n' >"$work/tree/etc/group"
chown 1234:2345 "$work/tree/data"

imgtool build -t run:1 --add "$work/tree:/" \
    --entrypoint '["/bin/sh","-c","echo \"$0 $*\"; echo $GREETING; echo $PATH; busybox id; pwd; touch here && echo may write; touch /etc/no 2>/dev/null || echo may not write"]' \
    --cmd '["first","second word"]' -e GREETING='good day' -e PATH=/bin -w /data -u app

skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/run:1" "oci:$work/copy:1"
umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null

# No terminal, no cgroup of its own and no network to set up: none of it belongs to the image.
jq '.process.terminal = false | .linux.resources = {} | .linux.cgroupsPath = null |
    .linux.namespaces |= map(select(.type != "cgroup" and .type != "network")) |
    .mounts |= map(select(.type != "cgroup" and .destination != "/etc/resolv.conf"))' \
    "$work/bundle/config.json" >"$work/config.json"
mv "$work/config.json" "$work/bundle/config.json"

runc --root "$work/runc" run --bundle "$work/bundle" "libimg-$$" >"$work/output" 2>"$work/runc.err" ||
    fail "runc: exit $?: $(cat "$work/runc.err")"
cat >"$work/expected" <<'END'
first second word
good day
/bin
uid=1234(app) gid=2345(app) groups=3456(extra)
/data
may write
may not write
END
diff -u "$work/expected" "$work/output" || fail "the program saw something else"
