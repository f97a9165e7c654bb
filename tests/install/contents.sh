#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is installed is what contents.expected says, and each file belongs to one component, so to one
# package. UPDATE=1 writes the list. usage: contents.sh BUILD
set -euo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

build=$1
expected=$(dirname "$0")/contents.expected
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# list FOLDER: its files, without what depends on the machine, the version and the kind of build. Headers
# and manual pages are many, and have tests of their own.
list() {
    (cd "$1" && find . ! -type d) | sed -E -e 's,^\./,,' -e 's,^lib(64|/[^/]*-linux-[^/]*)/,lib/,' \
        -e 's,-(relwithdebinfo|release|debug|noconfig)\.cmake$,-CONFIG.cmake,' \
        -e 's,(\.so(\.[0-9]+){2})\.[0-9]+$,\1.PATCH,' \
        -e 's,(/man[0-9]|^include/libimg)/.*,\1/*,' | LC_ALL=C sort -u
}

for component in runtime development tool; do
    cmake --install "$build" --prefix "$work/$component" --component "$component" >/dev/null
    list "$work/$component" | sed "s,^,$component ,"
done >"$work/list"
[ -z "${UPDATE:-}" ] || cp "$work/list" "$expected"
diff -u "$expected" "$work/list" || fail "other files are installed; if they should be: UPDATE=1"

# A second copy of a file, or one without a component, would be in no package or in two.
cmake --install "$build" --prefix "$work/all" >/dev/null
for component in runtime development tool; do
    (cd "$work/$component" && find . ! -type d)
done | sort >"$work/parts"
(cd "$work/all" && find . ! -type d | sort) >"$work/whole"
diff -u "$work/whole" "$work/parts" || fail "the components are not the whole, each file once"
[ "$(wc -l <"$work/whole")" -gt 20 ] || fail "next to nothing is installed"

# The same below DESTDIR, as packages are made.
DESTDIR=$work/staged cmake --install "$build" --prefix /opt/libimg >/dev/null
diff -u "$work/whole" <(cd "$work/staged/opt/libimg" && find . ! -type d | sort) ||
    fail "with DESTDIR other files are installed"
grep -qx 'prefix=/opt/libimg' "$(find "$work/staged" -name libimg.pc)" || fail "libimg.pc names DESTDIR"
