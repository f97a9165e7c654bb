#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# podman and imgtool through one registry, both ways: each pulls what the other one pushed, for the
# same image.
. "$(dirname "$0")/lib.sh"

# podman has its own ideas of where HOME's files are; these are the test's.
podman() {
    command podman --root "$work/containers/graph" --runroot "$work/containers/run" \
        --storage-driver vfs "$@" 2>"$work/podman.err" || fail "podman $1: $(cat "$work/podman.err")"
}

start_registry registry
small_tree

step "podman pulls what we pushed"
imgtool build -q -t "$registry/ours:1" --add "$work/tree:/srv" --cmd /srv/run -l made=here >"$work/digest"
imgtool push "$registry/ours:1" >/dev/null
id=$(imgtool inspect "$registry/ours:1" | jq -r .ConfigDigest)
podman pull -q --tls-verify=false "$registry/ours:1" >/dev/null
same "id" "${id#sha256:}" "$(podman image inspect "$registry/ours:1" --format '{{.Id}}')"
same "digest" "$(cat "$work/digest")" "$(podman image inspect "$registry/ours:1" --format '{{.Digest}}')"

step "we pull what podman pushed"
for format in oci v2s2; do
    podman push -q --tls-verify=false --format "$format" "$registry/ours:1" "$registry/theirs:$format"
    imgtool --store "$work/elsewhere" pull "$registry/theirs:$format" >/dev/null
    imgtool --store "$work/elsewhere" inspect "$registry/theirs:$format" >"$work/theirs.json"
    same "diffIDs of $format" \
        "$(imgtool inspect "$registry/ours:1" | jq -c '[.LayersData[].DiffID]')" \
        "$(jq -c '[.LayersData[].DiffID]' "$work/theirs.json")"
    same "label of $format" here "$(jq -r .Labels.made "$work/theirs.json")"
    rm -rf "$work/root"
    imgtool --store "$work/elsewhere" unpack "$registry/theirs:$format" "$work/root"
    python3 -B "$here/compare.py" "$work/tree" "$work/root/srv"
done
consistent "$work/elsewhere"
