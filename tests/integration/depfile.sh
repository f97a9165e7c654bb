#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# --depfile, judged by GNU make and ninja: with nothing changed both do nothing; an edit, and whatever
# comes, goes or is renamed, makes both build again; results that come out the same are left alone, so
# what depends on them is not made again. Names that a depfile can't hold: depfile_names.py.
. "$(dirname "$0")/lib.sh"

cd "$work"
mkdir -p src/sub/deep src/empty m n
echo one >src/one
echo two >src/sub/two
echo three >src/sub/deep/three
ln -s one src/link
echo config >conf
echo '*.tmp' >rules

# make sees a change by the stamp, and what depends on the image by the digest, which keeps its time
# if it is the same.
cat >Makefile <<'END'
all: m/after
m/after: m/app.digest
	@echo after >>m/runs
	@cp m/app.digest $@
m/app.digest: m/app.built ;
m/app.built:
	@echo image >>m/runs
	@IMAGE m/app.digest --iidfile m/app.iid --metadata-file m/app.json --depfile m/app.d --depfile-target $@
	@touch $@
-include m/app.d
END
cat >build.ninja <<'END'
builddir = n
rule image
  command = echo image >>n/runs && IMAGE $out --iidfile n/app.iid --metadata-file n/app.json --depfile n/app.d
  depfile = n/app.d
  deps = gcc
  restat = 1
rule after
  command = echo after >>n/runs && cp $in $out
build n/app.digest: image
build n/after: after n/app.digest
END
build='"$(IMGTOOL)" build -q --mtime 0 --add src:/srv --add conf:/etc/ --ignore-file rules >/dev/null --digestfile'
sed -i "s|IMAGE|${build//&/\\&}|" Makefile
sed -i "s|IMAGE|${build//\$(IMGTOOL)/\$\$IMGTOOL}|" build.ninja

# changed WORDS: what make and ninja run, one after the other, and that they rest then.
changed() {
    : >m/runs
    : >n/runs
    make >m/out 2>&1 || fail "make: $(cat m/out)"
    ninja >n/out 2>&1 || fail "ninja: $(cat n/out)"
    [ "$(paste -sd' ' m/runs)" = "$1" ] || fail "make ran '$(paste -sd' ' m/runs)', expected '$1'"
    [ "$(paste -sd' ' n/runs)" = "$1" ] || fail "ninja ran '$(paste -sd' ' n/runs)', expected '$1'"
    rests
}

rests() {
    make -q m/app.built || fail "make is not done: $(make -d | grep -m3 'is newer\|Must remake')"
    : >m/runs
    make >m/out 2>&1
    [ ! -s m/runs ] || fail "make is not done: $(cat m/out m/runs)"
    [ "$(ninja -d explain 2>&1)" = 'ninja: no work to do.' ] || fail "ninja: $(ninja -d explain 2>&1)"
    # The clock of the file system ticks every few milliseconds; a change must be later than that.
    sleep 0.02
}

step "from nothing"
changed "image after"
cmp m/app.digest n/app.digest
same "the digest" "$(cat m/app.digest)" "$(jq -r '."containerimage.digest"' m/app.json)"
grep -qx 'src/sub/deep:' m/app.d || fail "no rule for a directory"
grep -q '^m/app.built: ' m/app.d || fail "another target"
! grep -n ' /\|^/\|\.tmp\|link' m/app.d || fail "what is no input is in the depfile"

step "files that are edited, come and go"
echo 1 >src/one
changed "image after"
echo 2 >src/sub/deep/three
changed "image after"
echo other >conf
changed "image after"
echo new >src/sub/deep/new
changed "image after"
mv src/sub/deep/new src/sub/deep/renamed
changed "image after"
rm src/sub/deep/renamed
changed "image after"
touch -d 2001-01-01 older
mv older src/one
changed "image after"
ln -sfn sub src/link
changed "image after"

step "directories that come and go"
mkdir src/sub/made
changed "image after"
mv src/sub/made src/sub/moved
changed "image after"
mv src/sub src/other
changed "image after"
rm -r src/other/deep
changed "image after"
rmdir src/empty
changed "image after"

step "rules"
echo x >src/x.tmp # left out: the directory changed, the image does not
changed "image"
echo y >src/x.tmp
changed ""
echo >rules
changed "image after"
rm src/x.tmp
changed "image after"

step "an image that comes out the same"
# Twice, as the files must be left alone the second time, too.
for round in 1 2; do
    before=$(stat -c '%n %i %.9Y' [mn]/app.digest [mn]/app.iid [mn]/app.json m/app.d)
    touch src/one conf src/other
    changed "image"
    same "inodes and times" "$before" \
        "$(stat -c '%n %i %.9Y' [mn]/app.digest [mn]/app.iid [mn]/app.json m/app.d)"
done
echo more >>src/one
changed "image after"

step "an input that is gone for good"
rm conf
make >m/out 2>&1 && fail "make went on without conf"
ninja >n/out 2>&1 && fail "ninja went on without conf"
for log in m/out n/out; do
    grep -q 'add conf: cannot read conf: No such file' "$log" || fail "$log: $(cat "$log")"
done
echo back >conf
changed "image after"

step "a build that fails writes nothing"
before=$(stat -c '%i %.9Y' m/app.d)
refuses 3 'nowhere' imgtool build --add src:/ --add nowhere:/x --depfile m/app.d --digestfile m/digest
same "the depfile" "$before" "$(stat -c '%i %.9Y' m/app.d)"
[ ! -e m/digest ] || fail "a digest without an image"

# inputs OPTION...: those of a build with these options, in one line.
inputs() {
    imgtool build -q "$@" --depfile in.d --depfile-target t >/dev/null
    sed -n 's/^\(.*\):$/\1/p' in.d | paste -sd' '
}

step "all kinds of inputs"
tar -cf a.tar src
mkdir -p old new/dir
echo 1 >old/file
echo 22 >new/file
echo 3 >new/dir/file
same "a file, by several names" conf "$(inputs --add ./conf:/ --add .//./conf:/b --add conf:/c)"
same "no time of this run" "$(inputs --add src:/)" "$(inputs --add src/.:/)"
same "what is remembered" "$(inputs --add src:/)" "$(inputs --no-cache --add src:/)"
same "an archive" a.tar "$(inputs --layer a.tar:/x)"
same "an archive as it is" a.tar "$(inputs --layer a.tar --verbatim)"
same "with a name from the root on" "$work/a.tar" "$(inputs --layer "$work/a.tar")"
same "stdin, which is none" conf "$(inputs --add conf:/ --layer - <a.tar)"
imgtool build -q --add conf:/ -o oci:base:1 -o docker-archive:base.tar -t base:1 >/dev/null
same "a base in a layout" "a.tar base/index.json" "$(inputs --from oci:base:1 --layer a.tar)"
same "a base in an archive" "a.tar base.tar" "$(inputs --from docker-archive:base.tar --layer a.tar)"
same "a base in the store" a.tar "$(inputs --from base:1 --layer a.tar)"
same "two trees" "new new/dir new/dir/file new/file old old/file" "$(inputs --diff old/ new/)"
same "an overlay" "new new/dir new/dir/file new/file old old/file" "$(inputs --overlay new:old)"
same "none" t "$(inputs -e A=b)"
same "a rule without any" "t:" "$(head -n 1 in.d)"

step "targets"
for options in "--digestfile x --iidfile y" "--iidfile y" "--metadata-file z"; do
    # shellcheck disable=SC2086
    imgtool build -q --add conf:/ --depfile in.d $options >/dev/null
    option=${options#* }
    same "the target" "${option%% *}: \\" "$(head -n 1 in.d)"
done
# target OPTION...: of a build with these.
target() {
    imgtool build -q --add conf:/ --depfile in.d "$@" >/dev/null
    head -n 1 in.d
}
same "an archive" 'o/app.tar: \' "$(mkdir o && target -o docker-archive:o/app.tar -o oci:o/layout)"
same "a layout" 'o/layout/index.json: \' "$(target -o rootfs:o/root -o oci:o/layout:1)"
same "a file of results counts more" 'x: \' "$(target -o oci:o/layout:1 --digestfile x)"
misuses 'of what\?' imgtool build --add conf:/ --depfile in.d -o rootfs:o/other
imgtool build -q --add conf:/ --depfile in.d --depfile-target './a b#c$d' --iidfile y >/dev/null
same "an odd target" 'a\ b\#c$$d: \' "$(head -n 1 in.d)"
misuses 'of what\?' imgtool build --add conf:/ --depfile in.d
misuses 'about the file of --depfile' imgtool build --add conf:/ --depfile-target x
misuses "would read 'a=b' as something else" imgtool build --depfile in.d --digestfile a=b
misuses "would read 'a;b' as something else" imgtool build --depfile in.d --depfile-target 'a;b'

step "outputs within what is added"
mkdir in
cd in
echo 1 >file
# built PATTERN OPTION...: a build that warns so, or not at all.
built() {
    local pattern=$1
    shift
    IMGTOOL_PROGRESS=quiet imgtool build -q --add .:/ --digestfile app.digest --depfile app.d "$@" >/dev/null 2>"$work/stderr"
    if [ -n "$pattern" ]; then
        [ "$(wc -l <"$work/stderr")" = 1 ] || fail "warnings: $(cat "$work/stderr")"
        grep -q "$pattern" "$work/stderr" || fail "no warning like '$pattern': $(cat "$work/stderr")"
    else
        [ ! -s "$work/stderr" ] || fail "warns: $(cat "$work/stderr")"
    fi
}
built 'is written into a directory that is added'
same "what is in there" $'.:\nfile:' "$(grep ':$' app.d)"
built 'app\..* is written by this build and goes into the image'
same "what is in there" $'.:\nfile:' "$(grep ':$' app.d)"
built 'is written into a directory that is added' --exclude 'app.*'
mkdir out
built '' --exclude 'app.*' --exclude out --digestfile out/digest --depfile out/d
same "what is in there" $'.:\nfile:' "$(grep ':$' out/d)"
built '' --exclude 'app.*' --exclude out -o oci:layout:1 --depfile out/d \
    --digestfile out/digest
built 'layout is written by this build' --exclude 'app.*' --exclude out -o oci:layout:1 --depfile out/d \
    --digestfile out/digest
same "what is in there" $'.:\nfile:' "$(grep ':$' out/d)"
built '' --exclude 'app.*' --exclude out --exclude layout -o oci:layout:1 --depfile out/d \
    --digestfile out/digest
rm -r layout
built 'store is written by this build' --digestfile "$work/digest" --depfile "$work/d" --store store \
    --exclude 'app.*' --exclude out
cd "$work"
# By another name; and by a link, where the file behind it is replaced.
mkdir real
ln -s real alias
echo 1 >real/file
: >real/digest
ln -s real/digest digest-link
IMGTOOL_PROGRESS=quiet imgtool build -q --add alias/.:/ --digestfile digest-link --depfile in.d >/dev/null 2>stderr
grep -q 'alias/digest is written by this build' stderr || fail "no warning: $(cat stderr)"
same "what is in there" 'alias alias/file' "$(sed -n 's/^\(a.*\):$/\1/p' in.d | paste -sd' ')"

step "odd names"
python3 -B "$here/depfile_names.py" "$work/names" || fail "names"
