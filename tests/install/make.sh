#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# libimg.mk in a project of its own: images are files like others, made when and only when something
# changed.
. "$(dirname "$0")/service.sh"

take_example make make
cd "$source"
start_registry registry
options=("REGISTRY=$registry")

# rebuilds NAMES: "make" makes these images, in this order, and the next one nothing.
rebuilds() {
    logged make "${options[@]}"
    same "images made" "$1" \
        "$(sed -n 's/.*--digestfile \(.*\)\.digest$/\1/p' "$work/log" | xargs | sed 's/^$/none/')"
    logged make "${options[@]}"
    grep -qx "make: Nothing to be done for 'all'." "$work/log" || fail "not idle: $(cat "$work/log")"
}

step "build"
rebuilds "base service"
runs "service.oci:1" "greeting = hello"
first=$(cat ./*.digest)

step "the same program, linked again"
touch service.c
rebuilds service
same "digests" "$first" "$(cat ./*.digest)"

step "another configuration, and the old one under another time"
echo 'greeting = good morning' >service.conf
rebuilds "base service"
runs "service.oci:1" "greeting = good morning"
echo 'greeting = hello' >service.conf
rebuilds "base service"
same "digests" "$first" "$(cat ./*.digest)"

step "an input that is gone"
sed -i 's/^base_IMAGE = /&--add extra:\/srv\/ /' Makefile
mkdir extra
touch extra/one extra/two
rm base.digest
rebuilds "base service"
rm extra/two
rebuilds "base service"
touch extra/three
rebuilds "base service"

step "push"
logged make "${options[@]}" service.push
same "digest in the registry" "$(cat service.digest)" \
    "$(skopeo inspect --tls-verify=false "docker://$registry/service:1" | jq -r .Digest)"

step "what is not said"
! make unknown.digest 2>"$work/log" || fail "an image without a recipe is made"
grep -q "unknown.digest: set unknown_IMAGE to what 'imgtool build' takes" "$work/log" ||
    fail "$(cat "$work/log")"
logged make clean
same "what is left" "Makefile extra service.c service.conf" "$(find . -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
untouched
