#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the options of build make of what is added, judged by buildah, which has the same: rules of
# what is left out, owners, modes (C28). And the tar, by those who list it (C1, C4, C10, C12, C13, C23).
. "$(dirname "$0")/lib.sh"

tree=$work/tree
mkdir -p "$tree"/{a/b/c,docs,src,x}
for file in a/1 a/b/2 a/b/c/3 a/b/keep.md docs/README.md docs/x.md docs/secret.md src/m.c src/m.o \
    src/.hid x/y.log top.log top.txt 'sp ace'; do
    echo "$file" >"$tree/$file"
done
chmod 711 "$tree/a/b"
chmod 600 "$tree/top.txt"
chmod 750 "$tree/src/m.c"
ln -s nowhere "$tree/x/link"
chown -R 0:0 "$tree"
find "$tree" -exec touch -h -d '2001-02-03 04:05:06' {} +

# A base whose users have names.
mkdir -p "$work/base/etc"
echo 'app:x:1000:2000::/:/bin/sh' >"$work/base/etc/passwd"
printf 'staff:x:50:\napp:x:77:\n' >"$work/base/etc/group"
imgtool build -q -t base:1 --add "$work/base:/" >/dev/null

# top NAME: the tar of its highest layer.
top() {
    local digest
    digest=$(imgtool inspect --raw "$1" | jq -r '.layers[-1].digest')
    echo "$IMGTOOL_STORE/blobs/sha256/${digest#sha256:}"
}

# listed TAR: mode, owner and path of each entry, sorted.
listed() {
    python3 -B -c '
import sys, tarfile
for entry in tarfile.open(sys.argv[1]):
    print(oct(entry.mode), entry.uid, entry.gid, entry.name)' "$1" | LC_ALL=C sort -k 4
}

# by_buildah OPTION...: the same of what buildah copies from the tree into the base.
by_buildah() {
    local container root
    container=$(buildah from scratch)
    buildah copy -q "$container" "$work/base" / >/dev/null
    buildah copy -q "$@" "$container" "$tree" /new >/dev/null
    root=$(buildah mount "$container")
    (cd "$root/new" && find . -mindepth 1 -printf '0o%m %U %G new/%P\n') | LC_ALL=C sort -k 4
    buildah rm "$container" >/dev/null
}

# by_imgtool OPTION...
by_imgtool() {
    imgtool build -q -t added:1 --from base:1 --compression none --add "$tree:/new" "$@" >/dev/null
    listed "$(top added:1)" | grep -v ' new$'
}

# Unlike docker's BuildKit and imgtool, buildah 1.28 does not look into a directory that is left out
# for an exception that begins with a wildcard.
step "rules of what is left out"
number=0
while read -r rules; do
    number=$((number + 1))
    printf "$rules" >"$work/rules"
    by_buildah --contextdir "$tree" --ignorefile "$work/rules" >"$work/expected"
    by_imgtool --ignore-file "$work/rules" >"$work/actual"
    # Directories that buildah makes itself have another mode.
    cut -d ' ' -f 4- "$work/expected" >"$work/expected.names"
    cut -d ' ' -f 4- "$work/actual" >"$work/actual.names"
    diff "$work/expected.names" "$work/actual.names" || fail "$rules"
    [ -s "$work/actual" ] || [ "$rules" = '**' ] || fail "$rules: nothing is left"
done <<'END'
a\n
*/b
**/*.md\n!**/README.md
*\n!src\n!docs/*.md\ndocs/secret.md
**\n!docs/*.md
a/*\n!a/b/c
**/*.log\n# x\n/docs/
src/[!m]*\nsrc/?.o
a/b\n!a/b/c
\357\273\277docs\r\n./x/../a/\n  top.*  \n
[s-z]*\n!s*
END
[ "$number" = 11 ] || fail "$number rules"

step "owners and modes"
# A number alone is the group, too. Of a name alone, buildah 1.28 takes the group of that name, docker
# and imgtool the user's own group.
for owner in 7 7:8 app:staff 12:staff app:3; do
    by_buildah --chown "$owner" >"$work/expected"
    by_imgtool --chown "$owner" >"$work/actual"
    diff <(grep -v '/link$' "$work/expected") <(grep -v '/link$' "$work/actual") ||
        fail "--chown $owner"
done
same "a name alone" "1000 2000" "$(by_imgtool --chown app | cut -d ' ' -f 2-3 | sort -u)"
same "octal" "0o640" "$(by_imgtool --chmod 640 | grep -v /link | cut -d ' ' -f 1 | sort -u)"
cp -a "$tree" "$work/changed"
chmod -R u=rwX,go=rX "$work/changed"
by_imgtool --chmod u=rwX,go=rX >"$work/actual"
(cd "$work/changed" && find . -mindepth 1 -printf '0o%m %U %G new/%P\n') | LC_ALL=C sort -k 4 |
    diff - "$work/actual" || fail "--chmod u=rwX,go=rX"

step "a tree of a user namespace"
cp -a "$tree" "$work/mapped"
chown -hR 100000:100000 "$work/mapped"
chown 1000:1000 "$work/mapped/a"
chown 165535:100049 "$work/mapped/a/1"
imgtool build -q -t mapped:1 --compression none --add "$work/mapped:/" --uid-map 0:1000:1 \
    --uid-map 1:100000:65536 --gid-map 0:1000:1 --gid-map 1:100000:65536 >/dev/null
same "owners" "$(printf '0 0 a\n65536 50 a/1\n1 1 a/b')" \
    "$(listed "$(top mapped:1)" | cut -d ' ' -f 2- | grep -E ' (a|a/1|a/b)$')"
! imgtool build --add "$work/mapped:/" --uid-map 0:100000:65536 2>"$work/stderr" ||
    fail "an id that is in no range"
grep -q 'mapped/a: its owner 1000 is in no range of the uid map' "$work/stderr" ||
    fail "$(cat "$work/stderr")"

step "the tar, as others list it"
touch -d '2001-02-03 04:05:06.789' "$tree/top.txt"
touch -d '1969-12-31 23:59:57.25' "$tree/top.log"
ln "$tree/a/1" "$tree/a/one"
echo latin >"$tree/$(printf 'caf\351')"
imgtool build -q -t listed:1 --compression none --add "$tree:/" >/dev/null
# cpio order and names as GNU tar makes them; it has "./" in front, and the root.
tar --format=pax --sort=name --numeric-owner -C "$tree" -cf "$work/gnu.tar" .
describe() {
    python3 -B -c '
import math, sys, tarfile
for e in tarfile.open(sys.argv[1], errors="surrogateescape"):
    name = e.name[2:] if e.name.startswith("./") else e.name
    link = e.linkname[2:] if e.type == tarfile.LNKTYPE and e.linkname.startswith("./") else e.linkname
    if name != ".":
        print(ascii(name), e.type, oct(e.mode), e.uid, e.gid, e.size, math.floor(e.mtime), ascii(link))
    if sys.argv[2:] and (e.uname or e.gname): print("a name of a user")' "$@"
}
describe "$work/gnu.tar" >"$work/expected"
describe "$(top listed:1)" ours >"$work/actual"
diff "$work/expected" "$work/actual" || fail "GNU tar makes another list of the tree"
# It says that it can't show the name that is not UTF-8, and shows it.
(bsdtar -tf "$(top listed:1)" 2>/dev/null || true) | LC_ALL=C sort >"$work/actual"
(bsdtar -tf "$work/gnu.tar" 2>/dev/null || true) | sed 's,^\./,,;/^$/d' | LC_ALL=C sort >"$work/expected"
diff "$work/expected" "$work/actual" || fail "bsdtar lists other names"
[ "$(wc -l <"$work/actual")" -ge 20 ] || fail "bsdtar lists nothing"

step "fractions of seconds"
imgtool build -q -t exact:1 --compression none --add "$tree:/" --preserve nanoseconds >/dev/null
mkdir "$work/out"
tar -C "$work/out" -xf "$(top exact:1)" 2>/dev/null
for file in top.txt top.log a/1; do
    same "$file" "$(stat -c %.9Y "$tree/$file")" "$(stat -c %.9Y "$work/out/$file")"
done
SOURCE_DATE_EPOCH=0 imgtool build -q -t exact:1 --compression none --add "$tree:/" \
    --preserve nanoseconds >/dev/null
same "the epoch has none" "['-2.75', '0']" "$(python3 -B -c '
import sys, tarfile
print(sorted({e.pax_headers.get("mtime", str(int(e.mtime))) for e in tarfile.open(sys.argv[1])}))' \
    "$(top exact:1)")"
consistent
