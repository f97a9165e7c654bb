#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The recipe for Meson: images are custom targets, made when and only when something changed.
. "$(dirname "$0")/service.sh"

take_example meson
build="$work/the build"
start_registry registry

# rebuilds IMAGES: ninja makes these images, in this order, and the next one nothing.
rebuilds() {
    logged ninja -C "$build"
    same "images made" "$1" \
        "$(sed -n 's/.*Generating \([a-z]*\) with .*/\1/p' "$work/log" | xargs | sed 's/^$/none/')"
    logged ninja -C "$build"
    grep -q "no work to do" "$work/log" || fail "not idle: $(cat "$work/log")"
}

step "build"
logged meson setup "$build" "$source" "-Dregistry=$registry"
rebuilds "base image"
runs "$build/service.oci:1" "greeting = hello"
first=$(cat "$build"/*.digest)

step "the same program, linked again"
touch "$source/service.c"
rebuilds image
same "digests" "$first" "$(cat "$build"/*.digest)"

step "another configuration"
echo 'greeting = good morning' >"$source/service.conf"
rebuilds "base image"
runs "$build/service.oci:1" "greeting = good morning"

step "push"
logged ninja -C "$build" push
same "digest in the registry" "$(cat "$build/service.digest")" \
    "$(skopeo inspect --tls-verify=false "docker://$registry/service:1" | jq -r .Digest)"
untouched
