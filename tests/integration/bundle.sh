#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is in a bundle: config.json is that of "runc spec" but for what the image says, and says of the
# image what umoci's does; users come from the image alone, whatever its files are; a failure leaves
# nothing.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/tree/etc" "$work/tree/bin"
cp "$(command -v busybox)" "$work/tree/bin/sh"
printf 'root:x:0:0::/root:/bin/sh\napp:x:1234:2345::/data:/bin/sh\n' >"$work/tree/etc/passwd"
printf 'root:x:0:\napp:x:2345:\nextra:x:3456:app\nmore:x:7:root,app\n' >"$work/tree/etc/group"
imgtool build -q -t bare:1 --add "$work/tree:/" --cmd sh >/dev/null
imgtool build -q -t full:1 --from bare:1 --entrypoint '["/bin/sh","-c"]' --cmd '["a","b c"]' \
    -e B=2 -e A='x y' -w /data -u app --expose 80 --expose 53/udp --volume /vol --volume /data/x \
    -l com.example.z=y -l org.opencontainers.image.author=label --stop-signal SIGINT >/dev/null

# bundle NAME [ARGUMENT...]: makes $work/NAME, sets $config.
bundle() {
    imgtool unpack --bundle "$2" "$work/$1" "${@:3}" >/dev/null
    config=$work/$1/config.json
    same "what is in the bundle" $'config.json\nrootfs' "$(ls -A "$work/$1")"
    same "who may enter" 700 "$(stat -c %a "$work/$1")"
    same "mode of config.json" 644 "$(stat -c %a "$config")"
}

# equal WHAT FILTER EXPECTED-FILE FILTER ACTUAL-FILE
equal() {
    diff -u <(jq -S "$2" "$3") <(jq -S "$4" "$5") || fail "$1 differs"
    [ "$(jq "$2" "$3")" != null ] || fail "$1 is nothing on both sides"
}

# What belongs to the image, and what runc has in some versions and on some machines only.
ours='del(.annotations, .hostname, .ociVersion, .root.readonly, .process.terminal, .process.args)'
runcs='del(.hostname, .ociVersion, .root.readonly, .process.terminal, .process.args,
    .process.capabilities.ambient, .process.capabilities.inheritable,
    (.linux.namespaces[] | select(.type == "cgroup"))) |
    .process.env |= map(select(startswith("TERM=") | not))'

step "as runc spec"
mkdir "$work/spec" && (cd "$work/spec" && runc spec)
bundle bare bare:1
cp "$config" "$work/bare.json"
jq '.process.env |= map(select(. != "HOME=/root")) | del(.process.user.additionalGids)' "$config" >"$work/plain"
equal "all that the image does not say" "$runcs" "$work/spec/config.json" "$ours" "$work/plain"
same "root, terminal" '{"path":"rootfs","readonly":false}false' \
    "$(jq -c '.root' "$config")$(jq -c .process.terminal "$config")"
same "groups of root" '{"uid":0,"gid":0,"additionalGids":[7]}' "$(jq -c .process.user "$config")"

step "as runc spec --rootless"
mkdir "$work/spec-rootless" && (cd "$work/spec-rootless" && runc spec --rootless)
IMGTOOL_PROGRESS=plain bundle rootless bare:1 --rootless 2>"$work/notes"
grep -q '1 groups of the user are left out' "$work/notes" || fail "nothing said of the groups"
jq '.process.env |= map(select(. != "HOME=/root"))' "$config" >"$work/plain"
equal "all that the image does not say" "$runcs" "$work/spec-rootless/config.json" "$ours" "$work/plain"

step "the same once more"
bundle again bare:1
cmp "$work/bare.json" "$config"

step "as umoci"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/full:1" "oci:$work/copy:1"
umoci unpack --image "$work/copy:1" "$work/umoci" >/dev/null
bundle full full:1 --terminal
theirs=$work/umoci/config.json
for field in .process.args .process.user .process.cwd .process.terminal .process.rlimits \
    .process.noNewPrivileges '(.process.env|sort)' .linux.namespaces .linux.resources \
    '.annotations | del(.["org.opencontainers.image.author"])'; do
    equal "$field" "$field" "$theirs" "$field" "$config"
done
# In any order, there.
equal "volumes" '[.mounts[] | select(.source == "none") | .destination] | sort' "$theirs" \
    '[.mounts[] | select(.source == "none") | .destination]' "$config"
same "order of env" '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","TERM=xterm","B=2","A=x y","HOME=/data"]' \
    "$(jq -c .process.env "$config")"
same "annotations" '["com.example.z","org.opencontainers.image.architecture","org.opencontainers.image.author","org.opencontainers.image.created","org.opencontainers.image.exposedPorts","org.opencontainers.image.os","org.opencontainers.image.stopSignal"]' \
    "$(jq -c '.annotations | keys' "$config")"
# Where umoci 0.4.7 has the author, who is nobody.
same "a label over the author" label \
    "$(jq -r '.annotations["org.opencontainers.image.author"]' "$config")"

step "owners that are mapped"
imgtool unpack --bundle bare:1 "$work/mapped" --uid-map 0:100000:65536 --gid-map 0:200000:65536 >/dev/null
same "the owner outside" 100000:200000 "$(stat -c %u:%g "$work/mapped/rootfs/etc/passwd")"
same "the maps" '[{"containerID":0,"hostID":100000,"size":65536}][{"containerID":0,"hostID":200000,"size":65536}]' \
    "$(jq -c .linux.uidMappings "$work/mapped/config.json")$(jq -c .linux.gidMappings "$work/mapped/config.json")"
same "who may enter" 0:200000:710 "$(stat -c %u:%g:%a "$work/mapped")"
jq -e '.linux.namespaces | any(.type == "user")' "$work/mapped/config.json" >/dev/null ||
    fail "there is no user namespace"

step "what can't be run"
imgtool build -q -t empty:1 --add "$work/tree:/" >/dev/null
# fails STATUS PATTERN ARGUMENT...: unpack says so, and leaves nothing.
fails() {
    local expected=$1 pattern=$2 status=0
    shift 2
    timeout 60 "$IMGTOOL" unpack "$@" "$work/fail" >"$work/stdout" 2>"$work/stderr" || status=$?
    [ "$status" = "$expected" ] && grep -Eq -- "$pattern" "$work/stderr" ||
        fail "unpack $*: exit $status, not $expected with '$pattern': $(cat "$work/stderr")"
    [ ! -s "$work/stdout" ] || fail "unpack $*: printed something"
    [ -z "$(find "$work" -maxdepth 1 -name '*fail*')" ] || fail "unpack $*: left something"
    sed 's/^/   /;q' "$work/stderr"
}
fails 2 'neither an entrypoint nor a cmd' --bundle empty:1
bundle given empty:1 -- /bin/sh -c 'echo "$1"' x y
same "the command" '["/bin/sh","-c","echo \"$1\"","x","y"]' "$(jq -c .process.args "$config")"
imgtool build -q -t foreign:1 --platform windows/amd64 --add "$work/tree:/" --cmd a >/dev/null
fails 1 'bundles are made for linux' --bundle --platform windows/amd64 foreign:1
fails 2 'needs --bundle' bare:1 "$work/other"
fails 2 'needs --bundle' --hostname x bare:1
fails 2 'needs --bundle' --terminal bare:1
fails 2 'all layers' --bundle --layer 1 bare:1

step "users"
# user_of SPEC: the user and HOME that it becomes.
user_of() {
    imgtool build -q --from bare:1 -t user:1 -u "$1" >/dev/null
    rm -rf "$work/user"
    imgtool unpack --bundle user:1 "$work/user" >/dev/null
    jq -c '[.process.user, (.process.env | map(select(startswith("HOME="))))]' "$work/user/config.json"
}
same "by name" '[{"uid":1234,"gid":2345,"additionalGids":[3456,7]},["HOME=/data"]]' "$(user_of app)"
same "by number" '[{"uid":1234,"gid":2345,"additionalGids":[3456,7]},["HOME=/data"]]' "$(user_of 1234)"
same "with a group" '[{"uid":1234,"gid":3456},["HOME=/data"]]' "$(user_of app:extra)"
same "numbers without a line" '[{"uid":5,"gid":6},[]]' "$(user_of 5:6)"
for user in nobody app:nogroup; do
    imgtool build -q --from bare:1 -t user:1 -u "$user" >/dev/null
    fails 3 "no (user|group) 'no" --bundle user:1
done

# hostile WHAT STATUS PATTERN [USER]: an image whose /etc is $work/etc.
hostile() {
    imgtool build -q -t hostile:1 --add "$work/etc:/etc" --cmd sh -u "${4:-app}" >/dev/null
    fails "$2" "$3" --bundle hostile:1
    rm -rf "$work/etc"
}

step "an image whose files of users are hostile"
echo 'app:x:77:77::/host:' >"$work/outside"
mkdir "$work/etc" && ln -s "$work/outside" "$work/etc/passwd"
hostile "a link to the host" 3 "no user .app. in /etc/passwd of the image"
mkdir "$work/etc" && ln -s ../../../../../../../../../../../../../../../../../../../..$work/outside "$work/etc/passwd"
hostile "a link out by .." 3 "no user .app. in /etc/passwd of the image"
mkdir "$work/etc" && ln -s passwd "$work/etc/passwd"
hostile "a link to itself" 7 "passwd"
mkdir "$work/etc" && mkfifo "$work/etc/passwd"
hostile "a FIFO" 7 "/etc/passwd of the image is no regular file"
mkdir -p "$work/etc/passwd"
hostile "a directory" 7 "/etc/passwd of the image is no regular file"
mkdir "$work/etc" && mknod "$work/etc/passwd" c 1 5
hostile "a device that never ends" 7 "/etc/passwd of the image is no regular file"
mkdir "$work/etc" && truncate -s 64M "$work/etc/passwd"
hostile "a file of 64 MiB" 7 "passwd is larger than"
for line in 'app:x:4294967296:1' 'app:x:4294967295:1' 'app:x:-1:1' 'app:x:root:1' 'app:x::1' 'app:x:1:' 'app'; do
    mkdir "$work/etc" && printf '%s\napp:x:5:5::/:\n' "$line" >"$work/etc/passwd"
    hostile "$line" 7 "line 1 has '.*' for a [UG]ID"
done
mkdir "$work/etc" && { printf 'app\0:x:0:0::/:\n' && head -c 2000000 /dev/zero | tr '\0' a; } >"$work/etc/passwd"
hostile "NUL, and a line without end" 3 "no user 'app'"
mkdir "$work/etc" && printf 'app:x:1:1::/\xff:\n' >"$work/etc/passwd"
hostile "a home that is not UTF-8" 7 "not UTF-8"
mkdir "$work/etc" && printf 'app:x:1:1::/a:\n' >"$work/etc/passwd" && printf 'g:x:zero:app\n' >"$work/etc/group"
hostile "a group without a number" 7 "/etc/group of the image: line 1 has 'zero'"
