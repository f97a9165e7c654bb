# SPDX-License-Identifier: Apache-2.0
# What unpack prints, and how it refuses its arguments.
export SOURCE_DATE_EPOCH=1700000000
mkdir -p first/etc second/srv
echo hello >first/etc/hello
echo more >second/srv/more
touch -d @1600000000 first/etc/hello second/srv/more
imgtool build -q -t app:1 --platform linux/amd64 \
    --add "first:/:uid=$(id -u),gid=$(id -g)" --add "second:/:uid=$(id -u),gid=$(id -g)" >/dev/null 2>&1

echo "== results"
try imgtool unpack app:1 one --platform linux/amd64 --no-sync
try cat one/etc/hello one/srv/more
try imgtool unpack app:1 two --platform linux/amd64 --no-sync --format json --layer 2 --threads 1
find two one -type f | sort

echo "== refusals"
try imgtool unpack app:1
try imgtool unpack app:1 one two
try imgtool unpack app:1 one --platform linux/amd64
try imgtool unpack app:1 three --layer 3 --platform linux/amd64
try imgtool unpack app:1 three --layer 0
try imgtool unpack app:1 three --layer 1x
try imgtool unpack app:1 three --threads 0
try imgtool unpack app:1 three --max-size 10X
try imgtool unpack app:1 three --max-size 99999999T
try imgtool unpack app:1 three --max-bytes 1 --platform linux/amd64
try imgtool unpack app:1 three --max-entries 1 --platform linux/amd64
try imgtool unpack app:1 three --compat everything
try imgtool unpack app:1 three --onto --platform linux/amd64
try imgtool unpack app:1 three --uid-map 0 --platform linux/amd64
try imgtool unpack app:1 nowhere/three --platform linux/amd64
try imgtool unpack app:1 three --platform linux/s390x
try imgtool unpack app:2 three
try imgtool extract app:1 three
ls -A
try imgtool help compat
