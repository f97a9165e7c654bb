# SPDX-License-Identifier: Apache-2.0
# Where output goes, in which form, and what happens if it cannot.
export SOURCE_DATE_EPOCH=1700000000
echo hello >file
touch -d @1600000000 file
for mode in auto plain json quiet none; do
    echo "== $mode"
    imgtool --progress $mode build --no-cache -t app:1 --platform linux/amd64 --compression none --add file:/ 2>err |
        masked
    tr -d '\033' <err | masked
done
echo "== the environment decides where the option is auto"
IMGTOOL_PROGRESS=none try imgtool build --no-cache -t app:1 --platform linux/amd64 --compression none --add file:/
IMGTOOL_PROGRESS=none try imgtool build --no-cache -t app:1 --platform linux/amd64 --compression none --add file:/ --progress plain
IMGTOOL_TEST_TTY=60x10 imgtool build --no-cache -t app:1 --platform linux/amd64 --compression none --add file:/ 2>&1 >/dev/null |
    python3 -c 'import sys; print("escapes:", "\x1b[" in sys.stdin.read())'

echo "== a result that cannot be written is a failure"
status=0
imgtool images >/dev/full 2>err || status=$?
echo "exit $status: $(cat err)"
status=0
imgtool version >&- 2>err || status=$?
echo "exit $status: $(cat err)"
status=0
imgtool images >/dev/null 2>&- || status=$?
echo "exit $status"

echo "== errors as JSON are the last line"
try imgtool --format json inspect nothing:1
try imgtool push nothing:1 --format json
try imgtool pull 127.0.0.1:1/app:1 --format json --plain-http 127.0.0.1:1

echo "== SIGINT and SIGTERM, also if nothing moves"
mkfifo pipe
for case in "INT closes" "TERM closes" "INT hangs"; do
    python3 - $case <<'END'
import os, signal, subprocess, sys, time
pipe = os.open("pipe", os.O_RDWR)
with open("log", "w") as log:
    process = subprocess.Popen(["imgtool", "--progress", "plain", "build", "-t", "x",
                                "--layer", "pipe"], stdout=log, stderr=log)
time.sleep(0.5)
process.send_signal(getattr(signal, "SIG" + sys.argv[1]))
if sys.argv[2] == "closes":
    time.sleep(0.2)
    os.close(pipe)
print("exit", process.wait(20))
END
    tail -1 log
done
try imgtool images
