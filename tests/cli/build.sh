# SPDX-License-Identifier: Apache-2.0
# What build makes of its options: order of layers, settings, results. The platform is named so that
# the bytes are the same on every machine.
export SOURCE_DATE_EPOCH=1700000000
mkdir -p tree/sub
echo one >tree/one
echo two >tree/sub/two
echo colon >a:b
tar -cf more.tar --owner=0 --group=0 -C tree one
touch -d @1600000000 tree/one tree/sub/two tree/sub tree a:b

# layers REF: the paths in each layer, the lowest first.
layers() {
    store=$HOME/.local/share/libimg/store
    for digest in $(imgtool inspect "$1" | sed -n 's/^ *"Digest": "sha256:\(.*\)",/\1/p' | tail -n +2); do
        tar -tf "$store/blobs/sha256/$digest" | tr '\n' ' '
        echo
    done
}

echo "== layers come in the order given"
try imgtool build -t order --compression none --platform linux/amd64 --add tree:/t --remove /t/one -e A=1 --remove /t/sub/two \
    --layer more.tar --add a:b:/x:y --add 'a\:b:/z' --remove /one
layers order

echo "== the same input gives the same digest"
first=$(imgtool build -q -t same:1 --platform linux/amd64 --add tree:/)
second=$(TZ=Asia/Tokyo LC_ALL=C sh -c 'umask 077; exec imgtool build -q -t same:2 --platform linux/amd64 --add tree:/')
[ "$first" = "$second" ] && echo yes

echo "== mode and owner"
imgtool build -q -t owned --compression none --platform linux/amd64 \
    --add tree/one:/d/:mode=0600,uid=12,gid=34 >/dev/null
tar -tvf "$HOME/.local/share/libimg/store/blobs/sha256/$(imgtool inspect owned |
    sed -n 's/^ *"Digest": "sha256:\(.*\)",/\1/p' | tail -1)" --numeric-owner | awk '{ print $1, $2, $6 }'

# blob REF: the tar of the layer on top.
blob() {
    echo "$HOME/.local/share/libimg/store/blobs/sha256/$(imgtool inspect "$1" |
        sed -n 's/^ *"Digest": "sha256:\(.*\)",/\1/p' | tail -1)"
}
# listed REF: what that holds, with numbers.
listed() {
    TZ=UTC tar -tvf "$(blob "$1")" --numeric-owner --full-time | awk '{ print $1, $2, $4, $5, $6 }'
}
build="imgtool build -q -t changed --compression none --platform linux/amd64"

echo "== modes and times of all that is added, and what one of them has for itself"
chmod 600 tree/one
chmod 700 tree/sub tree/sub/two
$build --add tree:/t --chmod u=rwX,go=rX --mtime 2020-02-02T02:02:02Z >/dev/null
listed changed
$build --chmod 0640 --layer more.tar:/opt/:uid=5,mode=7 --mtime @1 >/dev/null
listed changed
echo "== owners, by number and by name, and undoing a user namespace"
mkdir -p etc
echo 'app:x:1000:2000::/:' >etc/passwd
echo 'staff:x:50:' >etc/group
$build --add etc:/etc --layer more.tar --chown 0 >/dev/null
imgtool tag changed users
$build --from users --add tree/one:/ --layer more.tar:/x:uid=7 --chown app --mtime @1 >/dev/null
listed changed
$build --from users --add tree/one:/ --chown 5:staff --mtime @1 >/dev/null
listed changed
try imgtool build --add tree/one:/ --chown app
try imgtool build --from users --add tree/one:/ --chown app2
try imgtool build --add tree:/ --chown app:
$build --layer more.tar --uid-map 0:1000:1 --uid-map 1:0:10 --mtime @1 >/dev/null
listed changed
try imgtool build --layer more.tar --uid-map 0:1000:1 --gid-map 0:0:1
try imgtool build --layer more.tar --uid-map 0:1000
imgtool rm users >/dev/null

echo "== a tar whose bytes are the layer"
$build --layer more.tar --verbatim >/dev/null
cmp more.tar "$(blob changed)" && echo same
try imgtool build --layer more.tar --verbatim --chown 1
try imgtool build --layer more.tar:/x --verbatim

echo "== names that differ in case alone"
mkdir -p case
echo 1 >case/README
echo 2 >case/readme
try imgtool build -q --add case:/ --warn-case --platform linux/amd64 --mtime 1
rm -r case

echo "== rules of what is left out"
printf '\357\273\277# not the two\nsub\n' >rules
mkdir -p tree/sub/deep
echo x >tree/sub/deep/x
$build --add tree:/t --layer more.tar --ignore-file rules --exclude '!**/deep' --mtime @1 >/dev/null
layers changed
$build --add tree:/ --exclude '**' --exclude '!*/two' --mtime @1 >/dev/null
layers changed
rm -r tree/sub/deep
try imgtool build --add tree:/ --exclude 'a['
try imgtool build --add tree:/ --ignore-file no/such

echo "== what these options do not take"
try imgtool build --add tree:/ --chmod 1+x
try imgtool build --add tree:/ --mtime yesterday
try imgtool build --add tree:/ --preserve nanoseconds,birth
touch -d @1600000000 tree/sub
chmod 755 tree/sub
chmod 644 tree/one tree/sub/two
imgtool rm changed >/dev/null

echo "== settings"
try imgtool build -t set:1 --platform linux/arm64/v8 --entrypoint '["/run","a b"]' --cmd word \
    -e A=1 -e B=x=y -eA=2 -l k=v --label k=w -w /srv -u 5:6 --expose 80 --expose 53/udp \
    --volume /data --stop-signal SIGINT --annotation n=v --annotation m=w
imgtool inspect set:1 | masked
echo "== settings of the base, and what replaces them"
imgtool build -q -t set:2 --from set:1 --platform linux/arm64/v8 --entrypoint /other -e C=3 >/dev/null
imgtool inspect set:2 | python3 -c '
import json, sys
image = json.load(sys.stdin)
for key in "Env", "Entrypoint", "Cmd", "Labels", "User", "Architecture": print(key, image[key])'

echo "== results"
try imgtool build -t docker.io/a/b:1 -t second:2 --platform linux/amd64 --compression none \
    --add tree:/ --format json --iidfile iid \
    --digestfile digest --metadata-file metadata
masked <metadata
[ "$(cat iid)" = "$(imgtool inspect second:2 | sed -n 's/.*"ConfigDigest": "\(.*\)",/\1/p')" ] && echo same
[ "$(cat digest)" = "$(imgtool inspect second:2 | sed -n 's/.*"Digest": "\(.*\)",/\1/p' | head -1)" ] && echo same
wc -c iid digest
inode=$(stat -c %i metadata)
imgtool build -q -t docker.io/a/b:1 -t second:2 --platform linux/amd64 --compression none \
    --add tree:/ --metadata-file metadata >/dev/null
[ "$(stat -c %i metadata)" = "$inode" ] && echo untouched
try imgtool build --add tree:/ --progress none
try imgtool build -t second:2 --platform linux/amd64 --compression none --add tree:/ -q
for name in same:1 same:2; do imgtool rm $name; done
try imgtool images

echo "== what cannot be"
try imgtool build -t x --add missing:/
try imgtool build -t x --layer missing.tar
try imgtool build -t x --layer tree/one
try imgtool build -t x --remove /nothing
try imgtool build -t x -e NOVALUE
try imgtool build -t x --expose 99999
try imgtool build -t x --user ''
try imgtool build -t x --stop-signal NOSIGNAL
try imgtool build -t x@sha256:1 --add tree:/
try imgtool build -t x --add tree:/ --iidfile no/such/dir
try imgtool build -t x --from 127.0.0.1:1/nothing:1
