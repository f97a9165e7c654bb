#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# libimg_add_image() in a project of its own: the images are made, made again when and only when
# something changed, installed and pushed. usage: cmake.sh GENERATOR
. "$(dirname "$0")/service.sh"

generator=$1
take_example cmake
build="$work/the build"
start_registry registry

# rebuilds IMAGES: a build makes these images, in this order, and the next one makes none.
rebuilds() {
    logged cmake --build "$build"
    same "images made" "$1" \
        "$(sed -n 's,.*Building image \(.*/\)\{0\,1\}\(service[^:]*\).*,\2,p' "$work/log" | xargs | sed 's/^$/none/')"
    logged cmake --build "$build"
    ! grep -q Building "$work/log" || fail "a null build does something: $(cat "$work/log")"
}

digests() {
    cat "$build"/libimg/service-base.digest "$build"/libimg/service-image.digest
}

step "configure and build, with $generator"
logged cmake -S "$source" -B "$build" -G "$generator" "-DREGISTRY=$registry"
rebuilds "service-base service"
runs "$build/service.oci:1" "greeting = hello"
same "digest" "$(cat "$build/libimg/service-image.digest")" \
    "$(skopeo inspect "oci:$build/service.oci:1" | jq -r .Digest)"
same "the other output" "$(config "oci:$build/service.oci:1" .rootfs)" \
    "$(config "docker-archive:$build/service.tar" .rootfs)"
same "layers" 3 "$(layers "oci:$build/service.oci:1" | wc -l)"
first=$(digests)

step "the same program, linked again"
touch "$source/service.c"
rebuilds service
same "digests" "$first" "$(digests)"

step "another file in the directory, and gone again"
layers "oci:$build/service.oci:1" >"$work/layers"
echo more >"$source/site/more.html"
rebuilds "service-base service"
layers "oci:$build/service.oci:1" >"$work/changed"
same "layers that stayed" "$(sed 2d "$work/layers")" "$(sed 2d "$work/changed")"
[ "$(sed -n 2p "$work/layers")" != "$(sed -n 2p "$work/changed")" ] || fail "the directory is as it was"
rm "$source/site/more.html"
rebuilds "service-base service"
same "digests" "$first" "$(digests)"

step "another configuration"
echo 'greeting = good morning' >"$source/service.conf"
rebuilds "service-base service"
runs "$build/service.oci:1" "greeting = good morning"
same "layers that stayed" "$(sed 1d "$work/layers")" "$(layers "oci:$build/service.oci:1" | sed 1d)"

step "outputs that are gone"
rm "$build/service.tar"
rebuilds service
rm -r "$build/service.oci"
rebuilds service
same "the outputs" "$(config "oci:$build/service.oci:1" .rootfs)" \
    "$(config "docker-archive:$build/service.tar" .rootfs)"

step "install and push"
installed=$work/installed/share/images/service.oci
stale=$build/service.oci/blobs/sha256/$(printf stale | sha256sum | cut -d ' ' -f 1)
printf stale >"$stale"
logged cmake --install "$build" --prefix "$work/installed"
[ ! -e "$installed/blobs/sha256/${stale##*/}" ] || fail "what no image needs is installed"
[ -z "$(find "$installed" -name '.libimg*')" ] || fail "locks are installed"
diff -r -x '.libimg*' "$build/service.oci" "$installed"
cmp "$build/service.tar" "$work/installed/share/images/service.tar"
logged cmake --build "$build" --target service-image_push
same "digest in the registry" "$(cat "$build/libimg/service-image.digest")" \
    "$(skopeo inspect --tls-verify=false "docker://$registry/service:1" | jq -r .Digest)"

step "from nothing, elsewhere, by another user's umask"
rm -rf "$build/libimg"
rebuilds "service-base service"
changed=$(digests)
build="$work/another"
(umask 077 && cp -r "$source" "$work/copy")
logged cmake -S "$work/copy" -B "$build" -G "$generator" "-DREGISTRY=$registry"
rebuilds "service-base service"
same "digests" "$changed" "$(digests)"
untouched
