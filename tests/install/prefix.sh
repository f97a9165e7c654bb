#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is installed is whole, and knows where it is. usage: prefix.sh BUILD SOURCE
set -euo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

build=$1 source=$2
rm -rf "$PREFIX"
cmake --install "$build" --prefix "$PREFIX" >/dev/null

libdir=$(dirname "$(find "$PREFIX" -name libimg.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig
version=$(sed -n 's/^#define LIBIMG_VERSION_STRING "\(.*\)"/\1/p' "$source/include/libimg/version.h")

[ "$(pkg-config --modversion libimg)" = "$version" ] || fail "the version in libimg.pc"
[ "$(pkg-config --variable=prefix libimg)" = "$PREFIX" ] || fail "the prefix in libimg.pc"
[ "$(pkg-config --variable=imgtool libimg)" = "$IMGTOOL" ] || fail "imgtool in libimg.pc"
[ "$(pkg-config --libs libimg)" = "-L$libdir -limg " ] ||
    [ "$(pkg-config --libs libimg)" = "-L$libdir -limg" ] || fail "libimg.pc over-links"
pkg-config --print-requires-private libimg | grep -q 'libzstd >= ' || fail "Requires.private"

objdump -p "$libdir/libimg.so" | grep -q "SONAME *libimg.so.${version%.*}$" || fail "the SONAME"
for header in "$source"/include/libimg/*.h; do
    cmp "$header" "$PREFIX/include/libimg/${header##*/}"
done
"$IMGTOOL" version | grep -q "$version" || fail "imgtool does not run where it is installed"

# Manual pages and completions.
share=$PREFIX/share
for page in man1/imgtool.1 man1/imgtool-build.1 man7/imgtool-places.7 \
    bash-completion:completions/imgtool zsh:site-functions/_imgtool fish:vendor_completions.d/imgtool.fish; do
    case $page in man*) page=$share/man/$page ;; *) page=$share/${page/://} ;; esac
    [ -s "$page" ] || fail "$page is not there"
done
[[ $(MANPATH=$share/man man -w imgtool-build) == "$share/man/"* ]] || fail "man imgtool-build"
for name in libimg libimg_build img_pull img_client_free img_build_options; do
    MANPATH=$share/man man 3 "$name" >"$build/page" || fail "man 3 $name"
    [ "$(wc -l <"$build/page")" -gt 20 ] || fail "man 3 $name: $(cat "$build/page")"
done
rm "$build/page"

# What is installed as text knows nothing of where it was built, but for the prefix, which may be
# within the build tree here.
for text in $(find "$PREFIX" -name '*.cmake' -o -name '*.pc' -o -name '*.h'); do
    if sed "s,$PREFIX,,g" "$text" | grep -e "$source"; then
        fail "$text names the folder of the sources"
    fi
done

# Nor does the loader look there.
for binary in "$IMGTOOL" "$libdir/libimg.so"; do
    folders=$(readelf -d "$binary" | sed -n 's/.*(\(RPATH\|RUNPATH\)).*\[\(.*\)\]/\2/p' | tr : '\n')
    ! grep -v -e '^\$ORIGIN/' -e '^$' <<<"$folders" || fail "$binary has the loader look elsewhere"
done

# The tree may be moved.
moved=$(mktemp -d)
trap 'rm -rf "$moved"' EXIT
cp -a "$PREFIX/." "$moved/"
"$moved/bin/imgtool" version >/dev/null || fail "imgtool does not run after it was moved"
