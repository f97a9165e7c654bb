#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The rules for Bazel, in its sandbox and without a network: the images are made, made again when and
# only when something changed, and pushed.
. "$(dirname "$0")/service.sh"

take_example bazel source
cd "$source"
start_registry registry
options=("--output_user_root=$work/bazel" --max_idle_secs=20)
# What it writes is read-only for root's own rm, too, unless it is told so.
trap 'bazel "${options[@]}" shutdown >/dev/null 2>&1; chmod -R u+w "$work/bazel"; cleanup' EXIT

# rebuilds COUNT: a build makes so many images.
rebuilds() {
    logged bazel "${options[@]}" build --subcommands //:image
    same "images made" "$1" "$(grep -c 'SUBCOMMAND: .*ImgBuild\|action .Building image' "$work/log" || true)"
}

step "build"
rebuilds 2
mkdir "$work/layout"
tar -xf bazel-bin/image.oci.tar -C "$work/layout"
runs "$work/layout:latest" "greeting = hello"
first=$(cat bazel-bin/image.digest)
same "digest" "$first" "$(skopeo inspect "oci:$work/layout:latest" | jq -r .Digest)"

step "nothing, and another time alone"
rebuilds 0
touch service.conf
rebuilds 0

step "another configuration"
echo 'greeting = good morning' >service.conf
rebuilds 2
[ "$first" != "$(cat bazel-bin/image.digest)" ] || fail "the digest did not change"

step "push"
logged bazel "${options[@]}" run //:push -- "$registry/service:1"
same "digest in the registry" "$(cat bazel-bin/image.digest)" \
    "$(skopeo inspect --tls-verify=false "docker://$registry/service:1" | jq -r .Digest)"
untouched
