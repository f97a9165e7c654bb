#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images that are edited where they are: only documents that change are written, in a registry no
# layer is moved, what the library does not know survives, and an image that nothing changes in keeps
# its bytes. skopeo, umoci and jq judge, and a proxy writes down each request.
. "$(dirname "$0")/lib.sh"

small_tree
base=$(digest "$(imgtool build -t app:1 --platform linux/amd64 --add "$work/tree:/" -e A=1 -e PATH=/bin \
    --label a=b --label c=d --entrypoint '["/bin/hello"]' --cmd '["x"]' --expose 80 --volume /v)")

# config NAME: of an image of the store.
config() {
    skopeo inspect --config --raw "oci:$IMGTOOL_STORE:docker.io/library/$1"
}
manifest() {
    skopeo inspect --raw "oci:$IMGTOOL_STORE:docker.io/library/$1"
}

step "settings of an image of the store"
mutated=$(digest "$(imgtool mutate app:1 -t app:2 -e A=2 -l e=f --unset label=a --unset expose=80/tcp \
    --unset volume --append env=PATH=:/opt --prepend env=PATH=/first: --append cmd=y --user 1:2 \
    --workdir /w --author me --created 0 --stop-signal int --annotation k=v)")
[ "$mutated" != "$base" ] || fail "nothing has changed"
same "config" '["A=2","PATH=/first:/bin:/opt"] {"c":"d","e":"f"} null null ["x","y"] 1:2 /w me 1970-01-01T00:00:00Z SIGINT ["/bin/hello"]' \
    "$(config app:2 | jq -r '"\(.config.Env) \(.config.Labels) \(.config.ExposedPorts) \(.config.Volumes) \(.config.Cmd) \(.config.User) \(.config.WorkingDir) \(.author) \(.created) \(.config.StopSignal) \(.config.Entrypoint)"')"
same "annotation" v "$(manifest app:2 | jq -r .annotations.k)"
same "layers" "$(manifest app:1 | jq -c .layers)" "$(manifest app:2 | jq -c .layers)"
same "history" "$(config app:1 | jq -c .history)" "$(config app:2 | jq -c .history)"
same "old name" "$base" \
    "sha256:$(manifest app:1 | sha256sum | cut -d' ' -f1)"
same "platform in the index" amd64 \
    "$(jq -r '.manifests[] | select(.digest == "'"$mutated"'") | .platform.architecture' "$IMGTOOL_STORE/index.json")"
consistent
umoci stat --image "$IMGTOOL_STORE:docker.io/library/app:2" >/dev/null 2>&1 || true
imgtool unpack app:2 "$work/unpacked" >/dev/null
cmp "$work/tree/etc/hello" "$work/unpacked/etc/hello"

step "an entrypoint leaves cmd, and says so"
imgtool --progress plain mutate app:1 -t app:entry --entrypoint /bin/hi >"$work/out" 2>"$work/err"
grep -q "cmd stays: 'x'" "$work/err"
same "argv" '["/bin/hi"]["x"]' "$(config app:entry | jq -r '"\(.config.Entrypoint)\(.config.Cmd)"')"
imgtool mutate app:1 -t app:entry --entrypoint /bin/hi --unset cmd >/dev/null
same "without cmd" null "$(config app:entry | jq -r .config.Cmd)"

step "in place, and nothing at all"
imgtool tag app:1 place:1
same "in place" "docker.io/library/place@$mutated" "$(imgtool mutate place:1 -e A=2 -l e=f --unset label=a \
    --unset expose=80/tcp --unset volume --append env=PATH=:/opt --prepend env=PATH=/first: --append cmd=y \
    --user 1:2 --workdir /w --author me --created 0 --stop-signal int --annotation k=v)"
before=$(sha256sum "$IMGTOOL_STORE/index.json"; ls -l --time-style=full-iso "$IMGTOOL_STORE/blobs/sha256")
same "same digest" "docker.io/library/place@$mutated" "$(imgtool mutate place:1 -e A=2 --user 1:2)"
same "untouched" "$before" "$(sha256sum "$IMGTOOL_STORE/index.json"; ls -l --time-style=full-iso "$IMGTOOL_STORE/blobs/sha256")"
misuses 'say what the result is to be called' "$IMGTOOL" mutate "app@$base" -e A=3
refuses 3 'an image in a registry is docker://nosuch:1' "$IMGTOOL" mutate nosuch:1 -e A=3
refuses 3 'no variable NOSUCH to add to' "$IMGTOOL" mutate app:1 --append env=NOSUCH=1
misuses 'nothing called .nosuch. to unset' "$IMGTOOL" mutate app:1 --unset nosuch
misuses 'unset as a whole' "$IMGTOOL" mutate app:1 --unset user=me
misuses 'for layers there is imgtool append' "$IMGTOOL" mutate app:1 --append layer.tar
misuses "can't hold a digest" "$IMGTOOL" mutate app:1 -e A=3 -t "app@$base"
imgtool --progress plain mutate app:1 -t app:x --unset label=nosuch >/dev/null 2>"$work/err"
grep -q 'warning: label nosuch is not set' "$work/err"
consistent

step "in a registry: two documents, no layer"
start_registry one
one=$registry
start_script front python3 -B "$here/record_proxy.py" --to "$one" --record "$work/record"
front=127.0.0.1:$port
imgtool copy store:app:1 "docker://$one/team/app:1" >/dev/null
rm "$IMGTOOL_STORE" -r
layer=$(skopeo inspect --raw --tls-verify=false "docker://$one/team/app:1" | jq -r '.layers[0].digest')
: >"$work/record"
there=$(digest "$(imgtool mutate "docker://$front/team/app:1" -l new=one --plain-http "$front")")
cat "$work/record"
same "requests about manifests and configs" "2 2" \
    "$(grep -c '^GET .*/\(manifests\|blobs\)/' "$work/record") $(grep -c '^PUT ' "$work/record")"
same "no layer" 0 "$(grep -c "${layer#sha256:}" "$work/record" || true)"
same "requests in all" 1 "$(($(grep -vc ' /v2/ ' "$work/record") <= 6))"
[ ! -e "$IMGTOOL_STORE" ] || fail "a store was made"
same "label" one "$(skopeo inspect --config --tls-verify=false "docker://$one/team/app:1" | jq -r .config.Labels.new)"
skopeo copy -q --src-tls-verify=false "docker://$one/team/app@$there" "oci:$work/whole:x"

step "again: nothing is written"
: >"$work/record"
same "digest" "$there" "$(digest "$(imgtool mutate "docker://$front/team/app:1" -l new=one)")"
same "writes" 0 "$(grep -c '^P' "$work/record" || true)"

step "what would happen"
: >"$work/record"
imgtool mutate "docker://$front/team/app:1" -l new=two --dry-run >"$work/out"
cat "$work/out"
grep -q '^would upload 0 of 1 layers' "$work/out"
imgtool --format json mutate "docker://$front/team/app:1" --dry-run | jq -e '.changed == false' >/dev/null
same "writes" 0 "$(grep -c '^P' "$work/record" || true)"
same "nothing happened" "$there" "$(imgtool digest "$one/team/app:1" | sed 's/.*@//')"

step "another repository: mounted"
: >"$work/record"
imgtool mutate "docker://$front/team/app:1" -l new=two -t "$front/other/app:2" -t "$front/other/app:3" >/dev/null
same "layer bytes" 0 "$(grep "^GET .*blobs/$layer" "$work/record" | wc -l)"
grep -q "^POST .*mount=sha256.*${layer#sha256:}" "$work/record" || fail "the layer was not mounted: $(cat "$work/record")"
skopeo copy -q --src-tls-verify=false "docker://$one/other/app:3" "oci:$work/whole:y"
same "unchanged under its first name" "$there" "$(imgtool digest "$one/team/app:1" | sed 's/.*@//')"

step "by digest in a registry"
by=$(digest "$(imgtool mutate "docker://$one/team/app@$there" -l new=three)")
same "reached by its digest" three \
    "$(skopeo inspect --config --tls-verify=false "docker://$one/team/app@$by" | jq -r .config.Labels.new)"
same "tags" 1 "$(curl -s "http://$one/v2/team/app/tags/list" | jq -r '.tags | join(" ")')"

step "what libimg does not know survives, and so do Docker's types"
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false --format v2s2 \
    "docker://$one/team/app:1" "docker://$one/docker/app:plain"
skopeo copy -q --src-tls-verify=false "docker://$one/docker/app:plain" "dir:$work/dir"
jq -c '.config.Healthcheck = {"Test": ["CMD", "true"], "Interval": 30000000000} | .config.OnBuild = ["RUN x"]
    | .strange = {"a": [1, 2.5, null]}' "$work/dir/$(jq -r '.config.digest[7:]' "$work/dir/manifest.json")" >"$work/config"
sum=$(sha256sum <"$work/config" | cut -d' ' -f1)
cp "$work/config" "$work/dir/$sum"
jq -c --arg d "sha256:$sum" --argjson s "$(stat -c %s "$work/config")" '.config.digest = $d | .config.size = $s
    | .strange = [true]' "$work/dir/manifest.json" >"$work/m" && cp "$work/m" "$work/dir/manifest.json"
skopeo copy -q --dest-tls-verify=false --preserve-digests "dir:$work/dir" "docker://$one/docker/app:1"
imgtool mutate "docker://$one/docker/app:1" -t "$one/docker/app:2" -l x=y >/dev/null
skopeo inspect --raw --tls-verify=false "docker://$one/docker/app:2" >"$work/m2"
same "manifest type" "application/vnd.docker.distribution.manifest.v2+json application/vnd.docker.container.image.v1+json" \
    "$(jq -r '"\(.mediaType) \(.config.mediaType)"' "$work/m2")"
same "unknown member" '[true]' "$(jq -c .strange "$work/m2")"
skopeo inspect --config --raw --tls-verify=false "docker://$one/docker/app:2" >"$work/c2"
same "unknown members" "$(jq -c '[.config.Healthcheck, .config.OnBuild, .strange]' "$work/config")" \
    "$(jq -c '[.config.Healthcheck, .config.OnBuild, .strange]' "$work/c2")"
same "all but the label" "$(jq -S . "$work/config")" "$(jq -S 'del(.config.Labels.x)' "$work/c2")"
imgtool mutate "docker://$one/docker/app:1" -t "$one/docker/app:3" --unset healthcheck --unset onbuild -a k=v >/dev/null
skopeo inspect --raw --tls-verify=false "docker://$one/docker/app:3" >"$work/m3"
same "OCI for an annotation" "application/vnd.oci.image.manifest.v1+json v 0" \
    "$(jq -r '"\(.mediaType) \(.annotations.k) \([.. | .mediaType? | select(. != null) | select(test("docker"))] | length)"' "$work/m3")"
same "layers" "$(jq -c '[.layers[].digest]' "$work/m2")" "$(jq -c '[.layers[].digest]' "$work/m3")"
same "taken away" "null null" "$(skopeo inspect --config --raw --tls-verify=false "docker://$one/docker/app:3" |
    jq -r '"\(.config.Healthcheck) \(.config.OnBuild)"')"

step "bytes of an image that stays as it is"
imgtool mutate "docker://$one/docker/app:1" -t "oci:$work/bytes:x" -t "docker-archive:$work/bytes.tar" >/dev/null
cmp "$work/bytes/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' "$work/bytes/index.json")" "$work/dir/manifest.json"
skopeo inspect "docker-archive:$work/bytes.tar" >/dev/null
consistent "$work/bytes"

step "an index: every platform"
imgtool build -t arm:1 --platform linux/arm64 --add "$work/tree/etc:/" >/dev/null
imgtool copy store:arm:1 "docker://$one/team/app:arm" >/dev/null
# entry NAME ARCH
entry() {
    skopeo inspect --raw --tls-verify=false "docker://$one/team/app:$1" >"$work/entry"
    jq -nc --arg digest "sha256:$(sha256sum <"$work/entry" | cut -d' ' -f1)" --arg arch "$2" \
        --argjson size "$(stat -c %s "$work/entry")" \
        '{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: $size,
          platform: {os: "linux", architecture: $arch}, annotations: {kept: $arch}}'
}
# attestation ENTRY: a manifest as BuildKit attaches it.
attestation() {
    local of
    of=$(jq -r .digest <<<"$1")
    jq --arg of "$of" -c '.annotations = {"vnd.docker.reference.digest": $of,
        "vnd.docker.reference.type": "attestation-manifest"} | .platform = {os: "unknown", architecture: "unknown"}
        ' <<<"$(entry attest unknown)"
}
jq -c '.annotations.about = "attested"' "$work/m3" >"$work/attest.json"
imgtool copy "docker://$one/docker/app:3" "docker://$one/team/app:attest" >/dev/null
amd=$(entry 1 amd64)
arm=$(entry arm arm64)
jq -nc '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: $ARGS.positional | map(fromjson), annotations: {"also": "kept"}, unknown: [1]}' \
    --args "$amd" "$arm" "$(attestation "$amd")" "$(attestation "$arm")" >"$work/index.json"
curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
    --data-binary @"$work/index.json" "http://$one/v2/team/app/manifests/all"
imgtool --progress plain mutate "docker://$one/team/app:all" -t "$one/team/app:all2" -l both=1 \
    -a index:on=index -a every=one >"$work/out" 2>"$work/err"
same "warned" 2 "$(grep -c 'an attestation is left out' "$work/err")"
skopeo inspect --raw --tls-verify=false "docker://$one/team/app:all2" >"$work/all2"
same "index" '2 ["amd64","arm64"] ["amd64","arm64"] {"also":"kept","on":"index"} [1]' \
    "$(jq -r '"\(.manifests | length) \([.manifests[].platform.architecture]) \([.manifests[].annotations.kept]) \(.annotations) \(.unknown)"' "$work/all2")"
for arch in amd64 arm64; do
    same "$arch" 1 "$(skopeo --override-arch $arch inspect --config --tls-verify=false \
        "docker://$one/team/app:all2" | jq -r .config.Labels.both)"
done
skopeo copy -q --all --src-tls-verify=false "docker://$one/team/app:all2" "oci:$work/whole:all"

step "an index: one platform, the others stay"
imgtool mutate "docker://$one/team/app:all" --platform arm64 -l only=arm >/dev/null 2>"$work/err"
skopeo inspect --raw --tls-verify=false "docker://$one/team/app:all" >"$work/all"
same "amd64 stays" "$(jq -c .digest <<<"$amd")" "$(jq -c '.manifests[0].digest' "$work/all")"
same "its attestation too" '["linux","linux","unknown"]' "$(jq -c '[.manifests[].platform.os]' "$work/all")"
same "arm64" arm "$(skopeo --override-arch arm64 inspect --config --tls-verify=false \
    "docker://$one/team/app:all" | jq -r .config.Labels.only)"
refuses 3 'not there for linux/386' "$IMGTOOL" mutate "docker://$one/team/app:all" --platform 386 -l a=b
misuses "platform of 2 images at once" "$IMGTOOL" mutate "docker://$one/team/app:all" --set-platform 386
imgtool mutate "docker://$one/team/app:all" --platform arm64 --set-platform linux/arm64/v8 -t "$one/team/app:v8" >/dev/null
imgtool mutate "docker://$one/team/app:arm" --set-platform linux/riscv64 -t "oci:$work/whole:risc" >/dev/null
same "set platform" riscv64 "$(skopeo inspect --config "oci:$work/whole:risc" | jq -r .architecture)"
same "into a docker-archive, an index is one image" amd64 "$(
    imgtool mutate "docker://$one/team/app:all" -l last=one -t "docker-archive:$work/host.tar" >/dev/null
    [ "$(uname -m)" = x86_64 ] || { echo amd64; exit; }
    skopeo inspect "docker-archive:$work/host.tar" | jq -r .Architecture)"

step "layouts of others"
skopeo copy -q "oci:$work/whole:x" "oci:$work/theirs:1.0+git"
umoci config --image "$work/theirs:1.0+git" --config.label=of=umoci
imgtool mutate "oci:$work/theirs" -l mine=1 >/dev/null
same "labels" "umoci 1" "$(skopeo inspect --config "oci:$work/theirs:1.0+git" | jq -r '.config.Labels | "\(.of) \(.mine)"')"
imgtool mutate "oci:$work/theirs:1.0+git" -t other -l mine=2 >/dev/null
same "named beside" 2 "$(skopeo inspect --config "oci:$work/theirs:other" | jq -r .config.Labels.mine)"
umoci unpack --rootless --image "$work/theirs:other" "$work/bundle" 2>/dev/null
cmp "$work/tree/etc/numbers" "$work/bundle/rootfs/etc/numbers"
consistent "$work/theirs"
