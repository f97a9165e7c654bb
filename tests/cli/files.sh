# SPDX-License-Identifier: Apache-2.0
# files and cat: names in a form that nothing happens by, and the bytes of files.
export SOURCE_DATE_EPOCH=1700000000
mkdir -p tree/etc "tree/$(printf 'a\nb\033[31m\\c')" tree/bin
printf 'hello\n' >tree/etc/motd
printf 'a\0b' >tree/bin/tool
chmod 4755 tree/bin/tool
ln tree/bin/tool tree/bin/same
ln -s ../etc/motd tree/bin/link
: >"tree/$(printf 'caf\351')"
: >"tree/café"
mkfifo tree/pipe
find tree -exec touch -h -d @1600000000 {} +
imgtool build -q -t app:1 --platform linux/amd64 --compression none --add tree:/:uid=1,gid=2 >/dev/null
imgtool build -q -t app:2 --platform linux/amd64 --compression none --from app:1 --remove /etc --add tree/bin/tool:/new/ >/dev/null

echo "== files"
amd64="--platform linux/amd64"
try imgtool files app:1 $amd64
try imgtool files -l app:1 $amd64
try imgtool files app:2 $amd64
try imgtool files app:2 $amd64 --layer 1 -l
try imgtool files app:2 $amd64 --layer 2 -l
imgtool files -0 app:1 $amd64 | od -An -c | head -3
try imgtool files app:1 $amd64 --format json
imgtool files app:2 $amd64 --layer 2 --format json | python3 -c '
import json, sys
for file in json.load(sys.stdin): print(file["type"], file["path"], file["layer"])'

echo "== cat"
try imgtool cat app:1 $amd64 /etc/motd bin/link
imgtool cat app:1 $amd64 bin/tool bin/same | od -An -c
try imgtool cat app:2 $amd64 --layer 1 /etc/motd
try imgtool cat app:2 $amd64 /etc/motd
try imgtool cat app:2 $amd64 /bin/link
try imgtool cat app:2 $amd64 /bin
try imgtool cat app:2 $amd64 pipe
try imgtool cat app:2 $amd64 --layer 2 pipe

echo "== unpack --to-tar"
export IMGTOOL_PROGRESS=none
imgtool unpack app:2 $amd64 --to-tar | tar tf -
imgtool unpack app:2 $amd64 --to-tar --layer 2 | tar tf -
imgtool unpack app:2 $amd64 -o out.tar --progress plain 2>err
sed -E 's/  +.*//' err
ls out.tar*
try imgtool unpack app:2 $amd64 -o there out.tar
try imgtool unpack app:2 $amd64 -o tree
try imgtool unpack app:2 $amd64 -o nowhere/out.tar
try imgtool unpack app:2 $amd64 --to-tar --rootless
try imgtool unpack app:2 $amd64 --to-tar --layer 9
try imgtool export app:2

echo "== what else can be wrong"
try imgtool files app:2 $amd64 --layer 4
try imgtool files app:2 $amd64 --layer 0
try imgtool files app:2 -0 -l
try imgtool files app:3
try imgtool cat app:1
for command in "files app:1 $amd64" "cat app:1 $amd64 /etc/motd"; do
    status=0
    imgtool $command >/dev/full 2>err || status=$?
    echo "exit $status: $(cat err)"
done

echo "== who listens no longer is no error to tell"
python3 - <<'END'
import os, subprocess
for command in ["files", "app:1"], ["cat", "app:1", "/etc/motd"]:
    listener, stdout = os.pipe()
    os.close(listener)
    done = subprocess.run(["imgtool"] + command + ["--platform", "linux/amd64"],
                          stdout=stdout, stderr=subprocess.PIPE)
    os.close(stdout)
    print(done.returncode, done.stderr)
END

echo "== a layer that is another one"
blob=.local/share/libimg/store/blobs/sha256/$(imgtool inspect app:1 $amd64 | python3 -c 'import json, sys; print(json.load(sys.stdin)["Layers"][0][7:])')
chmod u+w "$blob"
printf 'j' | dd of="$blob" bs=1 seek="$(grep -abo hello "$blob" | cut -d: -f1)" conv=notrunc 2>/dev/null
try imgtool files app:1 $amd64
try imgtool cat app:1 $amd64 /etc/motd
try imgtool cat app:1 $amd64 --layer 1 /etc/motd
