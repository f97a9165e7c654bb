#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From a fresh Debian 12 to an image that went through a registry and came back, in less than two
# minutes: installs what is missing, builds libimg, makes an image of a real directory, pushes it to a
# registry on this machine, pulls it into a second store, and compares. Each step is shown as the
# command to type. Nothing but packages and the build folder is left.
#
#   bash examples/quickstart.sh [DIRECTORY]    the directory is /usr/include unless another is named
set -eu
tree=$(realpath "${1:-/usr/include}")
cd "$(dirname "$0")/.."
. tests/packages.sh

work=$(mktemp -d "${TMPDIR:-/var/tmp}/libimg-quickstart.XXXXXX")
registry_pid=
cleanup() {
    [ -z "$registry_pid" ] || kill "$registry_pid" 2>/dev/null || true
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

title() {
    printf '\n# %s\n' "$*"
}

# Shows a command as it would be typed, and runs it. Its stdout is also kept in $result.
run() {
    local words
    printf -v words ' %q' "$@"
    printf '$%s\n' "$words"
    "$@" >"$work/stdout"
    result=$(cat "$work/stdout")
    cat "$work/stdout"
}

title "Packages that are missing, if any"
# shellcheck disable=SC2086
install_packages $packages_build docker-registry

title "Build"
echo '$ cmake -S . -B build/quickstart -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIBIMG_BUILD_TESTS=OFF'
cmake -S . -B build/quickstart -G Ninja -DCMAKE_BUILD_TYPE=Release -DLIBIMG_BUILD_TESTS=OFF >/dev/null
echo '$ cmake --build build/quickstart'
cmake --build build/quickstart | tail -n 1
echo '$ PATH=$PWD/build/quickstart/cli:$PATH'
PATH=$PWD/build/quickstart/cli:$PATH

title "A registry on a free port of this machine"
cat >"$work/registry.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:0", secret: quickstart}
END
echo "$ docker-registry serve registry.yml &"
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry_pid=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's/.*listening on [^"]*:\([0-9]*\)".*/\1/p' "$work/registry.log")
    [ -z "$port" ] || break
    sleep 0.1
done
[ -n "$port" ] || { cat "$work/registry.log" >&2; exit 1; }
name=localhost:$port/quickstart:1
echo "it listens on localhost:$port"

title "An image of $tree ($(find "$tree" | wc -l) entries, $(du -shL "$tree" | cut -f 1))"
echo "$ export IMGTOOL_STORE=$work/store"
export IMGTOOL_STORE=$work/store
run imgtool build -t quickstart:1 --add "$tree:$tree" --label org.opencontainers.image.title=quickstart
built=${result##*@}

title "A second name for it, the one that leads to the registry"
run imgtool tag quickstart:1 "$name"
run imgtool images

title "To the registry"
run imgtool push "$name"
pushed=${result##*@}

title "And back, into another store"
run imgtool --store "$work/elsewhere" pull "$name"
pulled=${result##*@}
run imgtool --store "$work/elsewhere" inspect "$name"

title "The digests agree"
printf 'built   %s\npushed  %s\npulled  %s\n' "$built" "$pushed" "$pulled"
[ -n "$built" ] && [ "$built" = "$pushed" ] && [ "$built" = "$pulled" ]
run diff -r "$work/store/blobs" "$work/elsewhere/blobs"
echo "and so does every blob: ok"
