#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the examples against the library and runs them: an image of real files is built, inspected,
# pushed, and pulled into another store. usage: examples.sh WAY shared|static
. "$(dirname "$0")/../integration/lib.sh"

way=$1 kind=$2
examples=(build push pull inspect unpack own_transport)
root=$(cd "$here/../.." && pwd)
libdir=$(dirname "$(find "$PREFIX" -name libimg.so)")
bin=$work/bin
mkdir "$bin"

case $way-$kind in
pkg-config-shared)
    export PKG_CONFIG_PATH=$libdir/pkgconfig
    for example in "${examples[@]}"; do
        # shellcheck disable=SC2046
        cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -o "$bin/$example" \
            "$root/examples/$example.c" $(pkg-config --cflags --libs libimg) "-Wl,-rpath,$libdir"
    done
    # What the manual pages show.
    # shellcheck disable=SC2046
    cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -shared -fPIC -Wl,-z,defs \
        -o "$work/api.so" "$root"/examples/api/*.c $(pkg-config --cflags --libs libimg)
    ;;
pkg-config-static)
    # "pkg-config --static" wants libcurl and libarchive themselves to be static, with all that they
    # are made of; of Debian's Kerberos there is no static library. So libimg alone is static.
    export PKG_CONFIG_PATH=$libdir/pkgconfig
    # shellcheck disable=SC2046
    for example in "${examples[@]}"; do
        cc -std=c99 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -o "$bin/$example" \
            "$root/examples/$example.c" $(pkg-config --cflags libimg) "$libdir/libimg.a" \
            $(pkg-config --libs $(pkg-config --print-requires-private libimg | cut -d ' ' -f 1)) \
            -pthread
    done
    ;;
*)
    options=(-DCMAKE_BUILD_TYPE=Debug -DLIBIMG_STATIC="$([ "$kind" = static ] && echo ON || echo OFF)")
    [ "$way" = find-package ] && options+=("-DCMAKE_PREFIX_PATH=$PREFIX") ||
        options+=("-DLIBIMG_SOURCE_DIR=$root" -DLIBIMG_BUILD_CLI=ON)
    cmake -S "$root/examples" -B "$bin" -G Ninja "${options[@]}" >"$work/configure.log" ||
        { cat "$work/configure.log"; fail "configure"; }
    cmake --build "$bin" >"$work/build.log" || { cat "$work/build.log"; fail "build"; }
    cmake --build "$bin" --target version >"$work/version.log" || fail "libimg::imgtool"
    grep -q '(libimg ' "$work/version.log" || fail "libimg::imgtool: $(cat "$work/version.log")"
    cmake --build "$bin" --target image >"$work/image.log" || { cat "$work/image.log"; fail "image"; }
    same "entrypoint of the image" '["/usr/bin/build"]' \
        "$(skopeo inspect --config "oci:$bin/image.oci" | jq -c .config.Entrypoint)"
    ;;
esac

# "readelf | grep -q" would end readelf by SIGPIPE.
needed=$(readelf -d "$bin/build" | sed -n 's/.*(NEEDED).*\[\(libimg[^]]*\)\].*/\1/p')
case $kind in
shared) [ -n "$needed" ] || fail "the shared library is not used" ;;
static) [ -z "$needed" ] || fail "the static library is not used: $needed" ;;
esac

small_tree
start_registry registry
name=$registry/example:1
step "build"
digest=$(digest "$("$bin/build" "$work/tree" "$name" /bin/hello 'one two')")
consistent
step "inspect"
"$bin/inspect" "$name" >"$work/inspected"
grep -qx "manifest    $digest" "$work/inspected" || fail "$(cat "$work/inspected")"
grep -qx 'entrypoint  one two' "$work/inspected" || fail "$(cat "$work/inspected")"
step "push"
same "digest of push" "$digest" "$("$bin/push" "$name")"
step "pull"
export IMGTOOL_STORE=$work/elsewhere
same "digest of pull" "$digest" "$("$bin/pull" "$name" 2>"$work/progress" | cut -d , -f 1)"
grep -q 'layer 1/1: pulled' "$work/progress" || fail "no progress: $(cat "$work/progress")"
consistent
step "unpack"
"$bin/unpack" "$name" "$work/unpacked" >"$work/said"
same "unpacked" "$(cat "$work/tree/etc/numbers")" "$(cat "$work/unpacked/etc/numbers")"
grep -q "^$work/unpacked: [0-9]* entries of 1 layers$" "$work/said" || fail "$(cat "$work/said")"
step "own transport"
blobs=$work/store/blobs/sha256
export IMGTOOL_STORE=$work/assembled
same "digest that was brought" "$digest" "$("$bin/own_transport" "$blobs" "$digest" brought:1)"
same "digest that is named" "$digest" \
    "$(imgtool images --format json | grep -o 'sha256:[0-9a-f]*' | head -n 1)"
consistent
cp -r "$blobs" "$work/blobs"
layer=$(find "$work/blobs" -type f -size +1k -printf '%s %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2)
printf 'x' | dd of="$layer" conv=notrunc status=none
export IMGTOOL_STORE=$work/refused
status=0
"$bin/own_transport" "$work/blobs" "$digest" brought:1 >"$work/stderr" || status=$?
same "exit status of wrong bytes" 7 "$status"
grep -q 'the bytes have the digest' "$work/stderr" || fail "$(cat "$work/stderr")"
step "errors"
status=0
"$bin/inspect" nothing:1 2>"$work/stderr" || status=$?
same "exit status" 3 "$status"
grep -q '^inspect: .*nothing:1' "$work/stderr" || fail "$(cat "$work/stderr")"
