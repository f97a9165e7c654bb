# SPDX-License-Identifier: Apache-2.0
# build -o and build --from: layouts, archives, files and pipes; what other tools find there; what
# stays untouched when the image is the same, and what is refused before anything is built.
. "$(dirname "$0")/lib.sh"

mkdir -p "$work/tree/etc" "$work/out"
echo hello >"$work/tree/etc/hello"
ln "$work/tree/etc/hello" "$work/tree/etc/again"
touch -d @1600000000 "$work/tree/etc/hello" "$work/tree/etc"
cd "$work/out"
build() {
    imgtool build --platform linux/amd64 --add "$work/tree:/" --entrypoint /bin/hello "$@"
}
# marks PATH...: what changes if one of them is written.
marks() {
    find "$@" -printf '%p %i %T@ %s\n' | sort
}

step "several at once, without a name in the store"
result=$(build -o oci:lay:v1 -o oci-archive:o.tar -o docker-archive:d.tar:team/app:2 -o rootfs:root \
    -o type=tar,dest=files.tar)
[[ $result =~ ^sha256:[0-9a-f]{64}$ ]] || fail "not a digest: $result"
[ -z "$(imgtool images --format json | jq -r '.[].reference')" ] || fail "the store has names"

step "skopeo, umoci, podman and docker's rules find the image in all of them"
same "layout" "$result" "$(skopeo inspect oci:lay:v1 | jq -r .Digest)"
same "oci-archive" "$result" "$(skopeo inspect oci-archive:o.tar | jq -r .Digest)"
config=$(skopeo inspect --raw oci:lay:v1 | jq -r .config.digest)
same "docker load" "$config docker.io/team/app:2" "$(python3 -B "$here/docker_load.py" d.tar)"
podman load -q -i d.tar | grep -qx 'Loaded image: docker.io/team/app:2' || fail "podman load"
umoci unpack --image lay:v1 "$work/umoci" >/dev/null
diff -r "$work/tree" "$work/umoci/rootfs" || fail "umoci finds other files"
diff -r "$work/tree" root || fail "rootfs: has other files"
mkdir untar
tar -xf files.tar -C untar
diff -r "$work/tree" untar || fail "type=tar has other files"
same "links in the rootfs" 2 "$(stat -c %h root/etc/hello)"

step "names: -t goes into archives whole, into a layout as its tag"
build -q -t app:1 -t localhost:5000/team/app:2 -t other:1 -o oci:named -o oci-archive:named.tar \
    -o docker-archive:named-docker.tar >/dev/null
same "tags of the layout" "1 2" "$(umoci ls --layout named | sort | xargs)"
same "names in the oci-archive" \
    "docker.io/library/app:1 docker.io/library/other:1 localhost:5000/team/app:2" \
    "$(tar -xOf named.tar index.json |
        jq -r '.manifests[].annotations["org.opencontainers.image.ref.name"]' | sort | xargs)"
same "names for docker" "$config docker.io/library/app:1 docker.io/library/other:1 localhost:5000/team/app:2" \
    "$(python3 -B "$here/docker_load.py" named-docker.tar | tr ' ' '\n' | { read -r id; echo "$id" "$(sort | xargs)"; })"

step "the same image again: nothing is written, whatever the store has forgotten"
marks lay named o.tar d.tar named.tar named-docker.tar >"$work/before"
rm -rf "$IMGTOOL_STORE"
build -q -o oci:lay:v1 -o oci-archive:o.tar -o docker-archive:d.tar:team/app:2 >/dev/null
build -q -t app:1 -t localhost:5000/team/app:2 -t other:1 -o oci:named -o oci-archive:named.tar \
    -o docker-archive:named-docker.tar >/dev/null
marks lay named o.tar d.tar named.tar named-docker.tar | diff "$work/before" - || fail "something was written"

step "another image: the tag moves, others stay, files are replaced"
build -q -e NEW=1 -o oci:named:1 -o oci-archive:o.tar >"$work/new"
same "the tag" "$(cat "$work/new")" "$(skopeo inspect oci:named:1 | jq -r .Digest)"
same "the other tag" "$result" "$(skopeo inspect oci:named:2 | jq -r .Digest)"
same "the archive" "$(cat "$work/new")" "$(skopeo inspect oci-archive:o.tar | jq -r .Digest)"
marks o.tar | diff <(grep '^o.tar ' "$work/before") - >/dev/null && fail "o.tar was not written"
build -q -o oci-archive:o.tar >/dev/null

step "pipes: one archive, nothing else on stdout"
build -t app:1 -o - 2>/dev/null >"$work/pipe.tar"
same "what docker loads" "$config docker.io/library/app:1" "$(python3 -B "$here/docker_load.py" "$work/pipe.tar")"
build -t app:1 -o docker-archive:- --format json | cmp - "$work/pipe.tar"
build -t app:1 -o type=docker,dest=- | cmp - "$work/pipe.tar"
build -o oci-archive:- -o oci:piped | cmp - o.tar
imgtool --store "$work/loaded" load -i "$work/pipe.tar" | grep -q "@$result$" || fail "load of the pipe"
status=0
build -o - >/dev/full 2>"$work/stderr" || status=$?
same "exit status with a full disk" 9 "$status"

step "docker's forms"
build -q -o type=oci,dest=t.tar -o type=docker,dest=td.tar -o type=oci,tar=false,dest=tlay \
    -o type=local,dest=troot >/dev/null
cmp t.tar o.tar
same "layout" "$result" "$(skopeo inspect oci:tlay:latest | jq -r .Digest)"
diff -r "$work/tree" troot

step "bases: what is written can be begun with, and has the same digest everywhere"
more=$(imgtool build -q --from oci:lay:v1 -e MORE=1)
for from in oci:lay oci-archive:o.tar docker-archive:d.tar docker-archive:d.tar:team/app:2; do
    same "from $from" "$more" "$(imgtool --store "$work/fresh" build -q --from "$from" -e MORE=1)"
done
same "base digest" "$result" "$(imgtool build -q -t based:1 --from oci:lay:v1 >/dev/null
    imgtool inspect based:1 --raw | jq -r '.annotations["org.opencontainers.image.base.digest"]')"
same "base name, which is a path here" null \
    "$(imgtool inspect based:1 --raw | jq -r '.annotations["org.opencontainers.image.base.name"]')"
imgtool --store "$work/fresh" images --format json | jq -e 'length == 0' >/dev/null || fail "bases left names"
skopeo copy -q oci:lay:v1 docker-archive:plain.tar:plain:1
imgtool build -q -t plain:2 --from docker-archive:plain.tar -e MORE=1 >/dev/null
same "layers of a docker-archive are compressed" 1 \
    "$(imgtool inspect plain:2 --raw | jq '[.layers[].mediaType|select(endswith("gzip"))]|length')"
same "by digest" "$more" "$(imgtool build -q --from "$result" -e MORE=1)"
imgtool inspect "$result" >/dev/null
imgtool unpack "$result" "$work/by-digest" | grep -qx "$result" || fail "unpack by digest"

step "interrupted, nothing is left, and what was there stays"
mkdir stopped
cp o.tar stopped/o.tar
truncate -s 300M "$work/tree/zeros"
build -q >/dev/null
for signal in INT TERM HUP; do
    env --default-signal=INT "$IMGTOOL" build --add "$work/tree:/" -q -o type=tar,dest=stopped/o.tar \
        >/dev/null 2>"$work/stderr" &
    pid=$!
    pids+=("$pid")
    while [ "$(ls -A stopped)" = o.tar ]; do
        kill -0 "$pid" || fail "it ended by itself"
    done
    kill "-$signal" "$pid"
    status=0
    wait "$pid" || status=$?
    same "exit status after SIG$signal" 130 "$status"
    same "files after SIG$signal" o.tar "$(ls -A stopped)"
    cmp o.tar stopped/o.tar
done
rm "$work/tree/zeros"

step "failed, nothing is left"
mkdir full
mount -t tmpfs -o size=64k tmpfs full 2>/dev/null && {
    mounts+=("$work/out/full")
    head -c 200000 /dev/urandom >"$work/tree/big"
    refuses 9 'cannot write|No space' build -q -o oci-archive:full/o.tar -o docker-archive:full/d.tar
    [ -z "$(ls -A full)" ] || fail "left: $(ls -A full)"
    rm "$work/tree/big"
}

step "refused before anything is built"
rm -rf "$IMGTOOL_STORE"
misuses 'rootfs:DIR' build -o plain
misuses 'same place' build -o oci:lay:v2 -o oci:../out/lay:v2
misuses 'same place' build -o oci-archive:n.tar -o docker-archive:./n.tar
misuses 'same place' build -o - -o oci-archive:-
misuses 'needs a name' build -o type=registry
misuses 'docker load' build -o type=docker
misuses 'dest= is missing' build -o type=oci
misuses "'x' is not known" build -o type=x,dest=y
misuses 'name is given by -t' build -o type=oci,dest=y,name=z
misuses 'does not say' build -o dir:x
misuses 'path is missing' build -o oci-archive:
misuses 'not read from a pipe' imgtool build --from -
refuses 9 'is not empty' build -o rootfs:root
refuses 9 'neither empty nor an image layout' build -o oci:root
refuses 9 'is a directory' build -o oci-archive:lay
refuses 9 'no directory nowhere' build -o oci-archive:nowhere/o.tar
refuses 9 'no directory nowhere' build -o rootfs:nowhere/r
refuses 3 'nolayout is not there' imgtool build --from oci:nolayout
# What is written last, too.
misuses '--digestfile x and -o oci-archive:x go to the same place' \
    build --digestfile x -o oci-archive:x
misuses '--digestfile and --depfile go to the same place' build --digestfile x --depfile ../out/x
misuses '--iidfile and --metadata-file go to' build --iidfile x --metadata-file "$PWD/x"
refuses 9 'metadata-file nowhere/x: there is no directory nowhere' build --metadata-file nowhere/x
refuses 9 'iidfile lay: is a directory' build --iidfile lay
[ ! -e "$IMGTOOL_STORE" ] || fail "the store was made"
misuses 'say which one' imgtool build --from oci:named
refuses 3 'nothere' imgtool build --from oci:lay:nothere
if command -v script >/dev/null; then
    script -qec "'$IMGTOOL' build --platform linux/amd64 -o -" /dev/null </dev/null >"$work/tty" || true
    grep -q 'not for a terminal' "$work/tty" || fail "an archive went to a terminal"
fi

step "devices and pipes take several results"
build -q --iidfile /dev/null --digestfile /dev/null --metadata-file /dev/null >/dev/null
