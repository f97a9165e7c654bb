#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The Debian packages, in a root file system that has what they depend on and nothing of libimg: they
# go in, work, and leave nothing behind. They are made of the objects of this build tree, configured
# anew for /usr; the tree is covered by an overlay meanwhile. usage: packages.sh BUILD SOURCE
if [ -z "${IN_NAMESPACE:-}" ]; then
    IN_NAMESPACE=1 exec unshare --mount bash "$0" "$@"
fi
# Nobody else sees what is mounted here.
IMGTOOL=none . "$(dirname "$0")/../integration/lib.sh"
. "$here/../packages.sh"

build=$1 source=$2
# shellcheck disable=SC2086
debs=$inputs/debs-$(echo $packages_root | sha256sum | cut -c 1-8)
[ -d "$inputs/rootfs" ] && [ -d "$debs" ] || fail "run tests/integration/inputs.sh first"

# cover FOLDER ON: what is written to ON goes to a folder of this test.
cover() {
    mkdir -p "$work/upper$2" "$work/scratch$2"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=$work/upper$2,workdir=$work/scratch$2" "$2"
    mounts+=("$2")
}

inside() {
    chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root \
        DEBIAN_FRONTEND=noninteractive "$@"
}

# What is in the root file system, but for what dpkg writes down about itself.
state() {
    (cd "$work/root" && find . -xdev \( -path ./proc -o -path ./dev -o -path ./debs -o -path ./var/lib/dpkg \
        -o -path ./var/log -o -path ./var/cache/ldconfig -o -path ./etc/ld.so.cache \) -prune -o \
        -printf '%p %y %m %U:%G %l\n' | LC_ALL=C sort)
    sha256sum <"$work/root/etc/ld.so.cache"
}

step "made"
export SOURCE_DATE_EPOCH=1700000000
cover "$build" "$build"
cmake -S "$source" -B "$build" -DCMAKE_INSTALL_PREFIX=/usr -DLIBIMG_BUILD_TESTS=OFF >"$work/log" &&
    cmake --build "$build" >>"$work/log" || { cat "$work/log"; fail "the build"; }
(cd "$build" && cpack -B "$work/made") >"$work/log" 2>&1 || { cat "$work/log"; fail "cpack"; }
same "packages" "imgtool libimg-dev libimg0" \
    "$(cd "$work/made" && echo *.deb | sed 's/_[^ ]*//g')"

step "made again, the same"
(umask 077 && cd "$build" && cpack -B "$work/again") >"$work/log" 2>&1 || fail "cpack"
# What cpack writes around these two has the modes of its umask.
for part in control data; do
    for package in "$work"/made/*.deb; do
        cmp <(ar p "$package" $part.tar.gz) <(ar p "$work/again/${package##*/}" $part.tar.gz)
    done
done

step "the sources, as one archive"
if [ -e "$source/.git" ]; then
    # Whoever they belong to.
    export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
    (cd "$build" && cpack --config CPackSourceConfig.cmake -B "$work/sources") >"$work/log" 2>&1 ||
        { cat "$work/log"; fail "cpack"; }
    tar -xzf "$work"/sources/libimg-*.tar.gz -C "$work/sources"
    git -C "$source" ls-tree -r --name-only HEAD | LC_ALL=C sort >"$work/in-git"
    (cd "$work"/sources/libimg-*/ && find . ! -type d | sed 's,^\./,,' | LC_ALL=C sort) >"$work/in-archive"
    diff "$work/in-git" "$work/in-archive" || fail "the archive has other files than git"
fi

step "what is in them"
mkdir "$work/parts" "$work/control"
for package in "$work"/made/*.deb; do
    name=$(dpkg-deb -f "$package" Package)
    dpkg-deb -x "$package" "$work/parts/$name"
    dpkg-deb -e "$package" "$work/control/$name"
    dpkg-deb -c "$package" | awk '$2 != "root/root"' >"$work/owners"
    [ ! -s "$work/owners" ] || fail "$name: $(cat "$work/owners")"
    [ -s "$work/parts/$name/usr/share/doc/$name/copyright" ] || fail "$name has no copyright file"
    gzip -t "$work/parts/$name/usr/share/doc/$name/"changelog*.gz || fail "$name has no changelog"
    # Neither scripts, nor names of the machine that made it.
    [ -z "$(find "$work/control/$name" -name '*inst' -o -name '*rm')" ] || fail "$name has scripts"
    if grep -rlF -e "$build" -e "$source" -e "$work" "$work/parts/$name"; then
        fail "$name knows where it was made"
    fi
    find "$work/parts/$name" -type f -perm /022 >"$work/writable"
    [ ! -s "$work/writable" ] || fail "$name: others may write $(cat "$work/writable")"
    find "$work/parts/$name/usr/share/man" -type f ! -name '*.gz' >"$work/pages" 2>/dev/null || true
    [ ! -s "$work/pages" ] || fail "$name: not compressed: $(head -n 1 "$work/pages")"
done
for file in man/man1/imgtool.1.gz bash-completion/completions/imgtool zsh/vendor-completions/_imgtool \
    fish/vendor_completions.d/imgtool.fish; do
    [ -s "$work/parts/imgtool/usr/share/$file" ] || fail "imgtool lacks $file"
done
multiarch=$(dpkg-architecture -q DEB_HOST_MULTIARCH)
library=$(echo "$work/parts/libimg0/usr/lib/$multiarch"/libimg.so.*.*.*)
for binary in "$library" "$work/parts/imgtool/usr/bin/imgtool"; do
    readelf -d "$binary" >"$work/dynamic"
    ! grep -E 'RPATH|RUNPATH' "$work/dynamic" || fail "$binary has a path for libraries"
    readelf -S "$binary" >"$work/sections"
    ! grep -E '\.debug_|\.symtab' "$work/sections" || fail "$binary is not stripped"
done
grep -q '^activate-noawait ldconfig$' "$work/control/libimg0/triggers" || fail "the trigger of ldconfig"
# Who is linked with this minor version is not to get the next one.
soname=$(readelf -d "$library" | sed -n 's/.*SONAME.*\[libimg\.so\.\(.*\)\]/\1/p')
grep -Eq "^libimg ${soname//./\\.} libimg0 \(>= [0-9.]+\), libimg0 \(<< [0-9.]+~\)$" \
    "$work/control/libimg0/shlibs" || fail "shlibs: $(cat "$work/control/libimg0/shlibs")"
grep -Eq '^Depends:.* libimg0 \(>= .*libimg0 \(<< ' "$work/control/imgtool/control" ||
    fail "imgtool does not depend on libimg0"
grep -q '^Conflicts: mame-tools$' "$work/control/imgtool/control" || fail "the other imgtool"
grep -Eq '^Depends:.*libarchive13.*libcurl4.*libjansson4.*libzstd1' "$work/control/libimg0/control" ||
    fail "libimg0: $(grep Depends "$work/control/libimg0/control")"

step "a fresh root"
mkdir -p "$work/root"
cover "$inputs/rootfs" "$work/root"
mount -t proc proc "$work/root/proc"
mounts=("$work/root/proc" "${mounts[@]}")
mkdir "$work/root/debs"
cp "$debs"/*.deb "$work/root/debs/"
inside dpkg --force-unsafe-io -i --recursive /debs >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; fail "what the packages depend on"; }
rm "$work"/root/debs/*
cp "$work"/made/*.deb "$work/root/debs/"
state >"$work/before"

step "the tool wants its library"
! inside sh -c 'dpkg -i /debs/imgtool_*.deb' >"$work/log" 2>&1 || fail "imgtool goes in without libimg0"
grep -q 'depends on libimg0' "$work/log" || fail "$(cat "$work/log")"
inside dpkg -P imgtool >/dev/null

step "installed"
inside sh -c 'dpkg -i /debs/*.deb' >"$work/log" 2>&1 || { cat "$work/log"; fail "dpkg -i"; }
inside sh -c 'dpkg --audit; dpkg --verify libimg0 libimg-dev imgtool' >"$work/log"
[ ! -s "$work/log" ] || fail "dpkg complains: $(cat "$work/log")"
inside dpkg -S /usr/bin/imgtool | grep -q '^imgtool: ' || fail "imgtool belongs to another package"

step "used"
version=$(sed -n 's/^#define LIBIMG_VERSION_STRING "\(.*\)"/\1/p' "$source/include/libimg/version.h")
inside imgtool version | grep -qF "$version" || fail "imgtool does not run"
inside imgtool build -q -t packaged:1 --add /etc/apt:/apt >/dev/null
inside imgtool files packaged:1 | grep -q 'apt/sources.list' || fail "the image lacks what was added"

step "compiled with"
# By the compiler from outside, with nothing but what is in the root.
# shellcheck disable=SC2046
gcc --sysroot="$work/root" -Wall -Werror -o "$work/root/root/inspect" "$source/examples/inspect.c" \
    $(inside pkg-config --cflags --libs libimg)
inside /root/inspect packaged:1 | grep -q '^manifest *sha256:' || fail "the program does not run"
# shellcheck disable=SC2046
gcc --sysroot="$work/root" -Wall -Werror -o "$work/root/root/inspect-static" \
    "$source/examples/inspect.c" -l:libimg.a \
    $(inside sh -c 'pkg-config --libs $(pkg-config --print-requires-private libimg | cut -d " " -f 1)') \
    -pthread
inside /root/inspect-static packaged:1 | grep -q '^manifest *sha256:' || fail "the static library"
cmake -S "$source/examples" -B "$work/examples" -G Ninja -DCMAKE_SYSROOT="$work/root" \
    -DCMAKE_FIND_ROOT_PATH="$work/root" -DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY \
    -DCMAKE_LIBRARY_ARCHITECTURE="$multiarch" >"$work/log" 2>&1 &&
    cmake --build "$work/examples" --target inspect >>"$work/log" 2>&1 ||
    { cat "$work/log"; fail "find_package()"; }
grep -q "^libimg_DIR:PATH=$work/root/" "$work/examples/CMakeCache.txt" || fail "another libimg was found"
rm -rf "$work"/root/root/inspect* "$work/root/root/.local"

step "removed"
! inside dpkg -r libimg0 >"$work/log" 2>&1 || fail "the library goes while the tool needs it"
inside dpkg -r imgtool libimg-dev >"$work/log" 2>&1 || { cat "$work/log"; fail "dpkg -r"; }
inside dpkg -P libimg0 >>"$work/log" 2>&1 || { cat "$work/log"; fail "dpkg -P"; }
state >"$work/after"
diff -u "$work/before" "$work/after" || fail "the packages leave something behind"
! grep -i 'warning' "$work/log" || fail "dpkg warns"
same "known to dpkg" "0" "$(inside dpkg-query -W -f '${Package}\n' | grep -cE 'img0|libimg|imgtool' || true)"
