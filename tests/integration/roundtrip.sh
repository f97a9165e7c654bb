#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The main job on real input: build, push, pull elsewhere. skopeo agrees on every digest, and what
# umoci unpacks is the tree that went in. usage: roundtrip.sh rootfs|node_modules
. "$(dirname "$0")/lib.sh"

tree=$inputs/$1
[ -d "$tree" ] || fail "$tree is not there: tests/integration/inputs.sh makes it"
start_registry registry
name=$registry/test/$1:1

step "build"
digest=$(digest "$(imgtool build -t "$name" --add "$tree:/" -l made=here --cmd /bin/bash)")
consistent

step "push"
same "digest of push" "$digest" "$(digest "$(imgtool push "$name")")"
same "digest of a second push" "$digest" "$(digest "$(imgtool push "$name")")"

step "skopeo inspect and skopeo copy"
same "digest by skopeo inspect" "$digest" \
    "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$name")"
skopeo copy -q --src-tls-verify=false "docker://$name" "oci:$work/copy:1"
same "digest by skopeo copy" "$digest" "$(jq -r '.manifests[0].digest' "$work/copy/index.json")"

step "pull elsewhere"
same "digest of pull" "$digest" \
    "$(digest "$(imgtool --store "$work/elsewhere" pull "$name")")"
consistent "$work/elsewhere"
for blob in "$IMGTOOL_STORE"/blobs/sha256/*; do
    cmp "$blob" "$work/elsewhere/blobs/sha256/${blob##*/}"
done

step "umoci unpack"
umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
python3 -B "$here/compare.py" "$tree" "$work/bundle/rootfs"
