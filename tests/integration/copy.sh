#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Copies between all kinds of places: bytes of manifests stay, what is there does not move, within a
# registry no layer passes through here, and between registries none touches the disk. skopeo and
# umoci judge.
. "$(dirname "$0")/lib.sh"

small_tree
digest=$(digest "$(imgtool build -t app:1 --platform linux/amd64 --add "$work/tree:/")")
imgtool inspect --raw app:1 >"$work/app.json"

step "a store to a layout and back"
same "digest" "$digest" "$(imgtool copy store:app:1 "oci:$work/layout:1.0+git")"
imgtool copy store:app:1 "oci:$work/layout" >/dev/null
consistent "$work/layout"
same "names" "1,1.0+git" "$(jq -r \
    '[.manifests[].annotations."org.opencontainers.image.ref.name"] | sort | join(",")' \
    "$work/layout/index.json")"
skopeo inspect --raw "oci:$work/layout:1.0+git" | cmp - "$work/app.json"
misuses 'holds 2 images; say which one: 1, 1.0\+git' \
    "$IMGTOOL" copy "oci:$work/layout" store:back:1
same "pinned name" "docker.io/library/back@$digest" \
    "$(imgtool copy "oci:$work/layout:1.0+git" store:back:1)"
refuses 3 'no image .*missing' "$IMGTOOL" copy "oci:$work/layout:missing" store:back:1
refuses 3 "cannot open .*nowhere" "$IMGTOOL" copy "oci:$work/nowhere" store:back:1
[ ! -e "$work/nowhere" ] || fail "a source was created"

step "what skopeo and umoci wrote"
skopeo copy -q "oci:$work/layout:1" "oci:$work/theirs:latest"
same "digest" "$digest" "$(imgtool copy "oci:$work/theirs:latest" "oci:$work/again:x")"
umoci stat --image "$work/again:x" --json >/dev/null
umoci tag --image "$work/again:x" y
imgtool copy "oci:$work/again:y" "oci:$work/a\\:b:z" >/dev/null
[ -f "$work/a:b/oci-layout" ] || fail "no layout in a path with a colon"

step "a registry to a layout and back"
start_registry one
one=$registry
same "pushed" "$one/team/app@$digest" "$(imgtool copy store:app:1 "$one/team/app:1")"
same "pulled" "$digest" "$(imgtool copy "docker://$one/team/app:1" "oci:$work/pulled")"
consistent "$work/pulled"
skopeo inspect --raw "oci:$work/pulled:1" | cmp - "$work/app.json"
skopeo inspect --raw --tls-verify=false "docker://$one/team/app:1" | cmp - "$work/app.json"

step "an index"
imgtool build -t app:arm --platform linux/arm64 --add "$work/tree/bin:/" >/dev/null
imgtool build -t app:s390 --platform linux/s390x --add "$work/tree/etc:/" >/dev/null
for which in 1 arm s390; do
    imgtool push "app:$which" "$one/team/app:$which" >/dev/null
done
# entry NAME OS/ARCH
entry() {
    imgtool inspect --raw "$1" >"$work/entry"
    jq -nc --arg digest "sha256:$(sha256sum <"$work/entry" | cut -d' ' -f1)" --arg arch "$2" \
        --argjson size "$(stat -c %s "$work/entry")" '
        {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size,
         platform: {os: "linux", architecture: $arch}, annotations: {kept: $arch}}'
}
jq -nc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: $ARGS.positional | map(fromjson), annotations: {"also": "kept"}, unknown: [1]}' \
    --args "$(entry app:1 amd64)" "$(entry app:arm arm64)" "$(entry app:s390 s390x)" \
    >"$work/index.json"
curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
    --data-binary @"$work/index.json" "http://$one/v2/team/app/manifests/all"
index=sha256:$(sha256sum <"$work/index.json" | cut -d' ' -f1)
same "whole" "$index" "$(imgtool copy "$one/team/app:all" "oci:$work/index:all")"
consistent "$work/index"
skopeo inspect --raw "oci:$work/index:all" | cmp - "$work/index.json"

step "platforms of an index"
imgtool copy "$one/team/app:all" "oci:$work/two:two" --platform s390x --platform linux/amd64 >/dev/null
consistent "$work/two"
skopeo inspect --raw "oci:$work/two:two" | cmp - <(jq -jc 'del(.manifests[1])' "$work/index.json")
same "one platform" "$digest" \
    "$(imgtool copy "$one/team/app:all" "oci:$work/single:x" --platform linux/amd64)"
same "sparse" "$index" \
    "$(imgtool copy "$one/team/app:all" "oci:$work/sparse:x" --platform linux/amd64 --sparse)"
same "blobs of a sparse copy" 4 "$(find "$work/sparse/blobs" -type f | wc -l)"
refuses 3 'not there for linux/386, only for: linux/amd64, linux/arm64, linux/s390x' \
    "$IMGTOOL" copy "$one/team/app:all" "oci:$work/sparse:x" --platform 386
misuses 'sparse needs --platform' "$IMGTOOL" copy a b --sparse

step "what would move"
same "nothing there" "would upload 1 of 1 layers" \
    "$(imgtool copy store:app:1 "$one/other:1" --dry-run | cut -d, -f1)"
same "all there" "would upload 0 of 1 layers, 0 B; 1 exist" \
    "$(imgtool copy store:app:1 "$one/team/app:2" --dry-run)"
same "of an index" "3 of 3 layers" "$(imgtool copy "$one/team/app:all" "oci:$work/new" --dry-run |
    grep -o '[0-9] of [0-9] layers')"
[ ! -e "$work/new" ] || fail "a dry run has made a directory"
same "as JSON" "3 1 4 2" "$(imgtool --format json copy "$one/team/app:all" "oci:$work/two:x" \
    --dry-run | jq -r '"\(.layers) \(.missing_layers) \(.manifests) \(.missing_manifests)"')"
same "what other:1 is" 404 "$(curl -so "$work/answer" -w '%{http_code}' \
    "http://$one/v2/other/tags/list")"
same "tags" "1 all arm s390" "$(curl -s "http://$one/v2/team/app/tags/list" |
    jq -r '.tags | sort | join(" ")')"

step "archives and pipes"
for kind in oci docker; do
    same "written" "$digest" "$(imgtool copy "$one/team/app:1" "$kind-archive:$work/$kind.tar:app:1")"
    same "read" "$digest" "$(imgtool copy "$kind-archive:$work/$kind.tar:app:1" "oci:$work/$kind:x")"
    consistent "$work/$kind"
    skopeo inspect --raw "oci:$work/$kind:x" | cmp - "$work/app.json"
    same "pushed" "$one/from/$kind@$digest" \
        "$(imgtool copy "$kind-archive:$work/$kind.tar" "$one/from/$kind:1")"
done
imgtool copy "$one/team/app:1" - >"$work/pipe.tar"
same "through a pipe" "$one/from/pipe@$digest" "$(imgtool copy - "$one/from/pipe:1" <"$work/pipe.tar")"
imgtool copy store:app:1 docker-archive:- | imgtool copy - "oci:$work/piped:x" >/dev/null
consistent "$work/piped"
skopeo copy -q "docker-archive:$work/docker.tar" "oci:$work/theirs:docker"
imgtool copy "$one/team/app:all" "docker-archive:$work/all.tar" --platform arm64 >/dev/null
same "platform" arm64 "$(skopeo inspect "docker-archive:$work/all.tar" | jq -r .Architecture)"
misuses 'room for one platform' \
    "$IMGTOOL" copy "$one/team/app:all" "docker-archive:$work/x.tar" --platform arm64 --platform amd64

step "all tags of a repository"
imgtool copy "$one/team/app:1" "$one/team/app:same" >/dev/null
start_script front python3 -B "$here/record_proxy.py" --to "$one" --record "$work/record"
front=127.0.0.1:$port
imgtool copy --all-tags "$front/team/app" "oci:$work/every" >"$work/copied"
same "tags" "1 all arm s390 same" "$(sed 's/@.*//' "$work/copied" | sort | xargs)"
same "names" "1 all arm s390 same" "$(jq -r \
    '[.manifests[].annotations."org.opencontainers.image.ref.name"] | sort | join(" ")' \
    "$work/every/index.json")"
consistent "$work/every"
same "blobs that were fetched" 6 "$(grep -c '^GET .*/blobs/' "$work/record")"
imgtool copy --all-tags "$one/team/app" "$one/every/app" >/dev/null
same "tags in a registry" "1 all arm s390 same" "$(curl -s "http://$one/v2/every/app/tags/list" |
    jq -r '.tags | sort | join(" ")')"
skopeo inspect --raw --tls-verify=false "docker://$one/every/app:all" | cmp - "$work/index.json"
same "what would move" "would mount 0 of 3 layers; 3 exist" \
    "$(imgtool copy --all-tags --dry-run "$one/team/app" "$one/every/app")"
misuses 'the same repository' "$IMGTOOL" copy --all-tags "$one/team/app" "$one/team/app"
misuses 'only a repository of a registry' "$IMGTOOL" copy --all-tags store:app "$one/team/app"
