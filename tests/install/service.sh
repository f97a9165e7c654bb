# SPDX-License-Identifier: Apache-2.0
#
# Sourced by the tests of the consumer projects in examples/: each makes an image of the same service,
# which is judged in the same way.
. "$(dirname "$0")/../integration/lib.sh"

root=$(cd "$here/../.." && pwd)
PKG_CONFIG_PATH=$(dirname "$(find "$PREFIX" -name libimg.pc)")
export PKG_CONFIG_PATH CMAKE_PREFIX_PATH=$PREFIX
# Neither a build nor what it runs may use the store of whoever builds.
unset IMGTOOL_STORE

# take_example NAME [FOLDER]: a copy of the project, $source, in a folder whose name needs quotes, or
# in another if the build system can't do that.
take_example() {
    source="$work/${2:-the source}"
    cp -a "$root/examples/$1" "$source"
    cmp "$root/examples/cmake/service.c" "$source/service.c"
}

# logged COMMAND...: its output is in $work/log, and is shown if it fails.
logged() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log"; fail "$*"; }
}

# config IMAGE FILTER: what jq finds in the config of an image, named as skopeo does.
config() {
    skopeo inspect --config "$1" | jq -rc "$2"
}

# layers IMAGE: the digests of its layers, a line each.
layers() {
    skopeo inspect --raw "$1" | jq -r '.layers[].digest'
}

# runs DIR:TAG GREETING: umoci unpacks the layout's image, what it says it is started with runs as the
# user it says, greets and ends when it is told to.
runs() {
    local image=$1 greeting=$2 pid
    rm -rf "$work/bundle" "$work/said"
    logged umoci unpack --image "$image" "$work/bundle"
    same "stop signal" SIGTERM "$(config "oci:$image" .config.StopSignal)"
    same "modes" "755 root root 644 root root" \
        "$(cd "$work/bundle/rootfs" && stat -c '%a %U %G' usr/bin/service etc/service.conf | xargs)"
    chroot --userspec "$(config "oci:$image" .config.User)" "$work/bundle/rootfs" \
        "$(config "oci:$image" '.config.Entrypoint[0]')" >"$work/said" &
    pid=$!
    pids+=("$pid")
    for _ in $(seq 100); do
        [ ! -s "$work/said" ] || break
        sleep 0.05
    done
    kill -TERM "$pid"
    wait "$pid" || fail "the service ended with status $?"
    same "what the service said" "$greeting"$'\n'"stopped" "$(cat "$work/said")"
}

# untouched: nothing went to the home of whoever built, but for what a compiler keeps there.
untouched() {
    find "$HOME" -name ccache -prune -o -type f -print >"$work/written"
    [ ! -s "$work/written" ] || fail "written to the home: $(cat "$work/written")"
}
