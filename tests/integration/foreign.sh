#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images that skopeo, umoci and buildah wrote are pulled with the digest that they have there, and
# are built upon: base and addition are both in what umoci unpacks, and the settings are kept.
. "$(dirname "$0")/lib.sh"

start_registry registry
small_tree
mkdir "$work/addition"
echo 'added' >"$work/addition/added"
touch -d '2021-01-01' "$work/addition/added" "$work/addition"

# There is no network here to take a base from, so each tool makes its own from the small tree.
umoci_image() {
    umoci init --layout "$work/umoci"
    umoci new --image "$work/umoci:1"
    umoci unpack --image "$work/umoci:1" "$work/umoci-bundle" >/dev/null
    cp -a "$work/tree/." "$work/umoci-bundle/rootfs/"
    umoci repack --image "$work/umoci:1" "$work/umoci-bundle" >/dev/null
    umoci config --image "$work/umoci:1" --config.entrypoint /bin/hello --config.env KEPT=yes \
        --config.workingdir /etc
    skopeo copy -q --dest-tls-verify=false "oci:$work/umoci:1" "docker://$registry/umoci:1"
}

# buildah_image FORMAT
buildah_image() {
    local container
    container=$(buildah from scratch)
    buildah copy -q "$container" "$work/tree" / >/dev/null
    buildah config --entrypoint '["/bin/hello"]' --env KEPT=yes --workingdir /etc "$container"
    buildah commit -q --format "$1" --signature-policy "$work/containers/policy.json" \
        --tls-verify=false "$container" "docker://$registry/buildah-$1:1" >/dev/null
    buildah rm "$container" >/dev/null
}

# skopeo_image NAME OPTION...: what umoci made, written anew by skopeo.
skopeo_image() {
    local name=$1
    shift
    skopeo copy -q --dest-tls-verify=false "$@" "oci:$work/umoci:1" "docker://$registry/$name:1"
}

# unpack NAME REFERENCE: sets $rootfs. umoci 0.4.7 knows nothing of zstd, buildah does.
unpack() {
    local container
    if [ "$1" = skopeo-zstd ]; then
        container=$(buildah from -q --tls-verify=false \
            --signature-policy "$work/containers/policy.json" "docker://$2")
        rootfs=$(buildah mount "$container")
    else
        skopeo copy -q --src-tls-verify=false "docker://$2" "oci:$work/derived:$1"
        umoci unpack --image "$work/derived:$1" "$work/bundle-$1" >/dev/null
        rootfs=$work/bundle-$1/rootfs
    fi
}

# used NAME: pulled and built upon.
used() {
    local name=$registry/$1:1 theirs derived=$registry/$1:derived
    step "$1"
    theirs=$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$name")
    same "digest of pull" "$theirs" "$(digest "$(imgtool pull "$name")")"
    imgtool inspect --raw "$name" >"$work/raw"
    same "bytes of the manifest" "$theirs" "sha256:$(sha256sum <"$work/raw" | cut -d ' ' -f 1)"
    imgtool build --from "$name" -t "$derived" --add "$work/addition:/opt" -e ADDED=too >/dev/null
    imgtool push "$derived" >/dev/null
    consistent
    unpack "$1" "$derived"
    cp -a "$work/tree" "$work/expected-$1"
    cp -a "$work/addition" "$work/expected-$1/opt"
    python3 -B "$here/compare.py" "$work/expected-$1" "$rootfs"
    imgtool inspect --config "$derived" | jq -e '.config |
        .Entrypoint == ["/bin/hello"] and .WorkingDir == "/etc" and
        any(.Env[]; . == "KEPT=yes") and any(.Env[]; . == "ADDED=too")' >/dev/null ||
        fail "the settings of the base were not kept"
}

umoci_image
buildah_image oci
buildah_image docker
skopeo_image skopeo-docker --format v2s2
for image in umoci buildah-oci buildah-docker skopeo-docker; do
    used "$image"
done

# In a registry of its own: skopeo would find the gzip layer in the other one, and take that.
first=$registry
start_registry zstd
skopeo_image skopeo-zstd --dest-compress --dest-compress-format zstd
skopeo inspect --raw --tls-verify=false "docker://$registry/skopeo-zstd:1" | grep -q 'tar+zstd' ||
    fail "skopeo did not write zstd"
used skopeo-zstd
registry=$first

step "an index with several platforms, written by buildah"
buildah manifest create several >/dev/null
for platform in amd64 arm64; do
    container=$(buildah from --arch "$platform" scratch)
    echo "$platform" >"$work/platform"
    buildah copy -q "$container" "$work/platform" /platform >/dev/null
    buildah config --arch "$platform" --os linux "$container"
    buildah commit -q --format oci --manifest several \
        --signature-policy "$work/containers/policy.json" "$container" >/dev/null
    buildah rm "$container" >/dev/null
done
buildah manifest push -q --all --tls-verify=false \
    --signature-policy "$work/containers/policy.json" several "docker://$registry/several:1" >/dev/null
skopeo inspect --raw --tls-verify=false "docker://$registry/several:1" >"$work/index"
theirs=$(sha256sum <"$work/index" | cut -d ' ' -f 1)
same "what is pulled without a word" \
    "$(jq -r --arg arch "$(dpkg --print-architecture)" \
        '.manifests[] | select(.platform.architecture == $arch) | .digest' "$work/index")" \
    "$(digest "$(imgtool --store "$work/one" pull "$registry/several:1")")"
consistent "$work/one"
same "what is pulled by the digest of the index" "sha256:$theirs" \
    "$(digest "$(imgtool --store "$work/one" pull "$registry/several@sha256:$theirs")")"
imgtool --store "$work/one" build --from "$registry/several@sha256:$theirs" -t mine:pinned \
    --add "$work/addition:/opt" >/dev/null
python3 -B "$here/consistent.py" --sparse "$work/one"
same "digest of the index" "sha256:$theirs" \
    "$(digest "$(imgtool pull --platform all "$registry/several:1")")"
for platform in amd64 arm64; do
    imgtool build --from "$registry/several:1" --platform "linux/$platform" -t "mine:$platform" \
        --add "$work/addition:/opt" >/dev/null
    same "platform that was picked" "$platform" \
        "$(imgtool inspect --config "mine:$platform" | jq -r .architecture)"
done
consistent

step "an image copied whole, with all platforms"
same "digest of the push" "sha256:$theirs" \
    "$(digest "$(imgtool push "$registry/several:1" "$registry/mine/several:2")")"
skopeo copy -q --all --src-tls-verify=false "docker://$registry/mine/several:2" "dir:$work/all"

step "a layout that another tool named"
skopeo copy -q "oci:$work/umoci:1" "oci:$work/named:plain"
same "the name that is listed" plain \
    "$(imgtool --store "$work/named" --format json images | jq -r '.[0].name')"
imgtool --store "$work/named" images | grep -q '^plain ' || fail "images shows another name"
imgtool --store "$work/named" inspect plain >/dev/null
imgtool --store "$work/named" tag plain "$registry/named:1"
