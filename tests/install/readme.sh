#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs what README.md shows, block by block, in the folder that the reader would be in. A block that
# is not known here fails: none is merely to be looked at.
. "$(dirname "$0")/../integration/lib.sh"

root=$(cd "$here/../.." && pwd)
libdir=$(dirname "$(find "$PREFIX" -name libimg.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir CMAKE_PREFIX_PATH=$PREFIX
export PATH=$PREFIX/bin:$PATH

# Each block becomes a file NUMBER.LANGUAGE; the language is the first word after the fence.
mkdir "$work/blocks" "$work/project"
awk -v folder="$work/blocks" '
    /^```/ { if (open) { open = 0; close(file) }
             else { open = 1; n++; language = substr($0, 4); sub(/ .*/, "", language)
                    file = sprintf("%s/%02d.%s", folder, n, language); printf "" > file }
             next }
    open { print > file }' "$root/README.md"

start_registry registry
small_tree
cd "$work/project"
cp -a "$work/tree" site
echo '{"spdxVersion": "SPDX-2.3"}' >sbom.json
echo 'listen 80' >site.conf
mkdir out-amd64 out-arm64
echo amd64 >out-amd64/app
echo arm64 >out-arm64/app

# here_and_now FILE: the block, with the registry of the test for the one of the reader.
here_and_now() {
    sed "s,localhost:5000,$registry,g" "$1"
}

count=0
for block in "$work"/blocks/*; do
    count=$((count + 1))
    step "block ${block##*/}: $(head -n 1 "$block")"
    case $block in
    *.c)
        name=hello.c
        ! grep -q 'img_copy(' "$block" || name=copy.c
        here_and_now "$block" >"$name"
        ;;
    *.cmake)
        # Each goes on with the project of those before it.
        [ -e CMakeLists.txt ] ||
            printf 'cmake_minimum_required(VERSION 3.22)\nproject(readme C)\n' >CMakeLists.txt
        here_and_now "$block" >>CMakeLists.txt
        cmake -S . -B cmake-build -G Ninja >"$work/log" || { cat "$work/log"; fail "configure"; }
        cmake --build cmake-build >"$work/log" || { cat "$work/log"; fail "build"; }
        IMGTOOL_STORE=$work/by-cmake ./cmake-build/hello >/dev/null
        if grep -q 'libimg_add_image(' "$block"; then
            cmake --build cmake-build --target hello-image_push >"$work/log" 2>&1 ||
                { cat "$work/log"; fail "the push"; }
        elif grep -q 'CPACK_' "$block"; then
            (cd cmake-build && cpack -G External) >"$work/log" || { cat "$work/log"; fail "cpack"; }
        fi
        ;;
    *.ninja)
        cp "$block" build.ninja
        ninja >"$work/log" && ninja | grep -q 'no work to do' || fail "ninja: $(cat "$work/log")"
        ;;
    *.make)
        here_and_now "$block" >Makefile
        if grep -q hello "$block"; then
            make hello.digest hello.push >"$work/log" 2>&1 || fail "make: $(cat "$work/log")"
        else
            rm app.digest
            make >"$work/log" && make -q app.built || fail "make: $(cat "$work/log")"
            [ -s app.digest ] || fail "make: no digest"
        fi
        ;;
    *.sh)
        if grep -q '^bash ' "$block"; then
            # The two commands run this test; what they need is that they are there and parse.
            while read -r shell script _; do
                "$shell" -n "$root/$script"
            done <"$block"
        elif grep -q 'cmake --install' "$block"; then
            # As the reader does, but into a folder of this test, without sudo.
            sed -e "s,build/install,$work/build,g" -e '/ldconfig/d' -e 's/^sudo //' \
                -e "s,--install .*,&  --prefix $work/installed," "$block" >block.sh
            (cd "$root" && bash -euo pipefail "$work/project/block.sh" >"$work/log" 2>&1) ||
                { cat "$work/log"; fail "the installation"; }
            "$work/installed/bin/imgtool" version >/dev/null
        else
            here_and_now "$block" >block.sh
            bash -euo pipefail block.sh
        fi
        ;;
    *) fail "a block that no test runs" ;;
    esac
done
[ "$count" -ge 5 ] || fail "only $count blocks were found"
