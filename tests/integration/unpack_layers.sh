#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images of several layers, made by umoci, buildah and imgtool, with whiteouts, opaque directories,
# kinds that change and links across layers: what comes out is what umoci and buildah make of them.
# Layers alone, and onto each other, are the same again.
. "$(dirname "$0")/lib.sh"

# The disk is not what this is about.
imgtool() {
    local command=$1
    shift
    [ "$command" != unpack ] || set -- "$@" --no-sync
    "$IMGTOOL" "$command" "$@"
}

small_tree
mkdir -p "$work/tree/usr/bin" "$work/tree/gone/deep" "$work/tree/opaque" "$work/tree/became/link"
ln -s usr/bin "$work/tree/sbin"
seq 100 >"$work/tree/gone/deep/file"
seq 200 >"$work/tree/opaque/old"
seq 300 >"$work/tree/became/link/file"
echo 'x' >"$work/tree/became/file"
chmod 711 "$work/tree/opaque"
find "$work/tree" -exec touch -h -d '2020-02-02 02:02:02' {} +

# compared NAME: our tree of an image of the store, and umoci's.
compared() {
    rm -rf "$work/ours" "$work/bundle" "$work/copy"
    imgtool unpack "$1" "$work/ours" >/dev/null
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/$1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
    python3 -B "$here/compare.py" "$work/bundle/rootfs" "$work/ours"
}

step "umoci repack"
imgtool build -t layers:1 --add "$work/tree:/" >/dev/null
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/layers:1" "oci:$work/umoci:1"
umoci unpack --image "$work/umoci:1" "$work/edit" >/dev/null
root=$work/edit/rootfs
rm -r "$root/gone" "$root/etc/numbers" "$root/became/link" "$root/became/file"
echo 'now a file' >"$root/became/link"
mkdir "$root/became/file"
echo 'in it' >"$root/became/file/new"
ln "$root/bin/hello" "$root/linked"
chmod 4755 "$root/bin/hello"
setfattr -n user.second -v layer "$root/opaque"
umoci repack --image "$work/umoci:2" "$work/edit"
umoci unpack --image "$work/umoci:2" "$work/edit2" >/dev/null
rm "$work/edit2/rootfs/linked" "$work/edit2/rootfs/became/file/new"
mkdir "$work/edit2/rootfs/gone"
echo 'again' >"$work/edit2/rootfs/gone/again"
umoci repack --image "$work/umoci:3" "$work/edit2"
for tag in 2 3; do
    skopeo copy -q "oci:$work/umoci:$tag" "oci:$IMGTOOL_STORE:docker.io/library/umoci:$tag"
    compared "umoci:$tag"
done
[ ! -e "$work/ours/linked" ] && [ -e "$work/ours/gone/again" ] || fail "the layers were not applied"

step "a layer alone, and layers onto each other"
count=$(imgtool inspect umoci:3 | jq '.Layers | length')
same "layers" 3 "$count"
imgtool unpack umoci:3 "$work/alone" --layer 2 >/dev/null
[ ! -e "$work/alone/gone" ] && [ -z "$(find "$work/alone" -name '.wh.*')" ] ||
    fail "whiteouts of a layer alone are there"
same "of layer 2" "now a file" "$(cat "$work/alone/became/link")"
[ ! -e "$work/alone/etc/hello" ] || fail "a layer alone has what is below it"
imgtool unpack umoci:3 "$work/onto" --layer 1 >/dev/null
imgtool unpack umoci:3 "$work/onto" --layer 2 --onto >/dev/null
imgtool unpack umoci:3 "$work/onto" --layer 3 --onto --format json >"$work/result"
same "layers of the result" 1 "$(jq .layers "$work/result")"
python3 -B "$here/compare.py" "$work/ours" "$work/onto"
refuses 9 'onto is not empty' "$IMGTOOL" unpack umoci:3 "$work/onto" --layer 3
refuses 3 'no layer 4: the image has 3' "$IMGTOOL" unpack umoci:3 "$work/four" --layer 4

step "imgtool build with --remove"
imgtool build -t removed:1 --from umoci:3 --remove /etc/hello --remove /opaque \
    --add "$work/tree/opaque:/opaque" --compression zstd --add "$work/tree/etc:/other" >/dev/null
rm -rf "$work/ours"
imgtool unpack removed:1 "$work/ours" >/dev/null
[ ! -e "$work/ours/etc/hello" ] && [ -e "$work/ours/other/hello" ] && [ -e "$work/ours/opaque/old" ] ||
    fail "the layers of build were not applied"

step "buildah"
# It takes no directory with capital letters for an image, as $work is; and what umoci made of
# became/ it can't apply.
start_registry registry
imgtool tag umoci:3 "$registry/umoci:3"
imgtool push "$registry/umoci:3" >/dev/null
imgtool tag layers:1 "$registry/layers:1"
imgtool push "$registry/layers:1" >/dev/null
container=$(buildah from -q --tls-verify=false "docker://$registry/layers:1")
mounted=$(buildah mount "$container")
rm -r "$mounted/opaque" "$mounted/usr" "$mounted/sbin"
mkdir -p "$mounted/sbin" "$mounted/opaque"
echo 'new' >"$mounted/opaque/new"
ln "$mounted/opaque/new" "$mounted/sbin/same"
mkfifo "$mounted/pipe"
chown 12:34 "$mounted/sbin"
buildah umount "$container" >/dev/null
buildah commit -q --tls-verify=false "$container" "docker://$registry/buildah:1" >/dev/null
imgtool pull "$registry/buildah:1" >/dev/null
imgtool tag "$registry/buildah:1" buildah:1
compared buildah:1
again=$(buildah from -q --tls-verify=false "docker://$registry/buildah:1")
python3 -B "$here/compare.py" "$(buildah mount "$again")" "$work/ours"
buildah umount "$again" >/dev/null
buildah rm "$container" "$again" >/dev/null

step "straight from a registry"
refuses 3 'no image .*; --pull brings it' "$IMGTOOL" unpack "$registry/other:3" "$work/pulled"
digest "$(imgtool --store "$work/other" unpack "$registry/umoci:3" "$work/pulled" --pull)" >/dev/null
python3 -B "$here/compare.py" "$work/onto" "$work/pulled"
consistent "$work/other"

step "SIGINT"
mkdir "$work/large" "$work/stopped"
(cd "$work/large" && seq 9000 | split -l 1 -a 5 -)
imgtool build -t large:1 --add "$work/large:/" >/dev/null
wait_for_files() {
    for try in $(seq 1000); do
        ! compgen -G "$work/stopped/.tree.tmp-*/xaa*" >/dev/null || return 0
        sleep 0.01
    done
    fail "nothing is unpacked"
}
for signal in INT TERM; do
    status=0
    # What bash starts in the background ignores SIGINT.
    env --default-signal "$IMGTOOL" unpack large:1 "$work/stopped/tree" >"$work/stdout" 2>"$work/stderr" &
    pid=$!
    pids+=("$pid")
    wait_for_files
    kill -"$signal" "$pid"
    wait "$pid" || status=$?
    judge_refusal 130 'interrupted' "$status" unpack
    [ -z "$(ls -A "$work/stopped")" ] || fail "left $(ls -A "$work/stopped")"
done

step "kill -9"
"$IMGTOOL" unpack large:1 "$work/stopped/tree" >"$work/stdout" 2>"$work/stderr" &
pid=$!
pids+=("$pid")
wait_for_files
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
[[ $(ls -A "$work/stopped") =~ ^\.tree\.tmp-[0-9a-f]{8}$ ]] || fail "left $(ls -A "$work/stopped")"
