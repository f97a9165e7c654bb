# SPDX-License-Identifier: Apache-2.0
# tag, images, inspect and rm on a store; --store and where the default is.
export SOURCE_DATE_EPOCH=1700000000
echo hello >file
touch -d @1600000000 file

echo "== before there is a store"
try imgtool images
try imgtool images --format json
try imgtool --store nowhere images
try imgtool inspect app:1
try imgtool push localhost:1/app:1
try imgtool rm app:1
find . -mindepth 1 ! -name file

echo "== tag"
imgtool build -q -t app:1 --platform linux/amd64 --compression none --add file:/ >first
try imgtool tag app:1 app:2 localhost:5000/team/app
try imgtool --format=json tag app:1 app:3
try imgtool tag nothing:1 app:4
try imgtool tag app:1 app:5 'Bad Name'
try imgtool images
try imgtool images -q
imgtool images --format json | python3 -c '
import json, sys
for image in json.load(sys.stdin): print(image["reference"], image["name"], image["size_bytes"])'

echo "== inspect"
try imgtool inspect app:1
[ "sha256:$(imgtool inspect app:1 --raw | sha256sum | cut -d" " -f1)" = "$(cat first)" ] && echo exact
imgtool inspect app:1 --config | sha256sum | cut -d" " -f1 >config
grep -c "$(cat config)" <<END
$(imgtool inspect app:1)
END
imgtool inspect app:1 --raw --config | sha256sum | cut -d" " -f1 | cmp - config
try imgtool inspect "app@$(cat first)" --raw --format json
try imgtool inspect app:1 --platform windows/amd64

echo "== --store, IMGTOOL_STORE"
mkdir other
try imgtool --store other/store build -t here:1 --platform linux/amd64 --compression none --add file:/
try imgtool images --store other/store
IMGTOOL_STORE=other/store try imgtool images
try imgtool --store file images

echo "== rm"
try imgtool rm app:1 nothing
try imgtool rm app:1 app:2
try imgtool images
try imgtool rm localhost:5000/team/app app:3 --format json
try imgtool images
find .local/share/libimg/store/blobs -type f

echo "== what is missing is told"
imgtool build -q -t broken:1 --platform linux/amd64 --compression none --add file:/ >/dev/null
rm ".local/share/libimg/store/blobs/sha256/$(imgtool inspect broken:1 --config | sha256sum | cut -d" " -f1)"
try imgtool images

echo "== a broken image keeps no other one"
imgtool build -q -t broken:2 --platform linux/amd64 --compression none --add file:/ >/dev/null
imgtool build -q -t whole:1 --platform linux/amd64 --compression none --add file:/whole >/dev/null
echo >>".local/share/libimg/store/blobs/sha256/$(imgtool inspect broken:2 --raw | sha256sum | cut -d" " -f1)"
try imgtool rm whole:1
try imgtool images --progress none
try imgtool rm broken:1 broken:2
find .local/share/libimg/store/blobs -type f

echo "== prune frees what no name reaches"
imgtool build -q -t gone:1 --platform linux/amd64 --compression none --add file:/ >/dev/null
printf '{"schemaVersion":2,"manifests":[]}\n' >.local/share/libimg/store/index.json
try imgtool prune
try imgtool prune --format json
find .local/share/libimg/store/blobs -type f
try imgtool prune --store nowhere
