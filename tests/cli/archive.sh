# SPDX-License-Identifier: Apache-2.0
# save and load: what they print, where they write, what they refuse.
export SOURCE_DATE_EPOCH=1700000000
echo hello >file
touch -d @1600000000 file
imgtool build -q -t app:1 --platform linux/amd64 --compression none --add file:/ >/dev/null
imgtool tag app:1 app:2

echo "== save"
try imgtool save app:1 app:2 -o a.tar
try imgtool save app:1 -o o.tar --format oci-archive --format json
imgtool --progress none save app:1 app:2 | cmp - a.tar
imgtool --progress none save app:1 app:2 -o - | cmp - a.tar
tar -tf a.tar | masked
try imgtool save app:1 nothing:1 -o b.tar
try imgtool save app:1 -o missing/b.tar
try imgtool save app:1 -o .
try imgtool save app:1 --format tar
try imgtool save -o b.tar
try imgtool images --format oci-archive
ls

echo "== load"
try imgtool --store other load -i a.tar
try imgtool --store other load -i o.tar --name new:1 --format json
imgtool --store other images --format json | python3 -c '
import json, sys
for image in json.load(sys.stdin): print(image["reference"])'
try imgtool --store other load -i a.tar app:3
try imgtool --store other load -i file
try imgtool --store other load -i nowhere.tar
try imgtool --store other load a.tar
try imgtool --store other load </dev/null
try imgtool --store other load -i a.tar --compression estargz
try imgtool --store other load -i a.tar --name 'Bad Name'
