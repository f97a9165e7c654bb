# SPDX-License-Identifier: Apache-2.0
# Where the password comes from: a terminal without echo, a pipe, the command line. No registry is
# there to ask.
echo "== a terminal"
cat >terminal.py <<'END'
import os, pty, sys, time
answers, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
shown = b""
while True:
    try:
        data = os.read(terminal, 1000)
    except OSError:
        break
    if not data:
        break
    shown += data
    if shown.endswith(b": ") and answers:
        line, _, answers = answers.partition(b"\n")
        time.sleep(0.05)
        os.write(terminal, line + (b"" if line == b"\x03" else b"\n"))
print(shown.decode().replace("\r\n", "\n"), end="")
print("exit", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
END
terminal() {
    python3 terminal.py "$@"
}
terminal 'me\nsecret\n' imgtool --progress plain login 127.0.0.1:1
terminal 'secret\n' imgtool --progress plain login 127.0.0.1:1 -u me
terminal '\n' imgtool login 127.0.0.1:1
terminal '\x03' imgtool login 127.0.0.1:1 -u me
terminal 'me\n\x03' imgtool login 127.0.0.1:1

echo "== a pipe"
printf 'secret\r\n' | imgtool login 127.0.0.1:1 -u me --password-stdin 2>&1 || echo "exit $?"
printf 'a\0b' | imgtool login 127.0.0.1:1 -u me --password-stdin 2>&1 || echo "exit $?"
printf '' | imgtool login 127.0.0.1:1 -u me --password-stdin 2>&1 || echo "exit $?"
head -c 5000 /dev/zero | tr '\0' x |
    imgtool login 127.0.0.1:1 -u me --password-stdin 2>&1 || echo "exit $?"

echo "== the command line"
try imgtool login 127.0.0.1:1 -u me -p secret

echo "== logout"
try imgtool logout 127.0.0.1:1
mkdir .docker
echo '{"auths":{"127.0.0.1:1":{"auth":"bWU6c2VjcmV0"}},"other":1}' >.docker/config.json
try imgtool logout 127.0.0.1:1
cat .docker/config.json

echo "== names"
for name in https://127.0.0.1:1/v2/ http://127.0.0.1:1/team/; do
    printf 'secret' | imgtool login "$name" -u me --password-stdin 2>&1 || echo "exit $?"
done
for name in 127.0.0.1:1/Team 127.0.0.1:1/a//b 127.0.0.1:1/a:1 /team me@127.0.0.1:1; do
    try imgtool logout "$name"
done
try imgtool logout 127.0.0.1:1/team
echo '{"auths":{"127.0.0.1:1/team":{"auth":"bWU6c2VjcmV0"},"127.0.0.1:1":{"auth":"bWU6c2VjcmV0"}}}' \
    >.docker/config.json
try imgtool logout 127.0.0.1:1/team/app
try imgtool logout 127.0.0.1:1/team
cat .docker/config.json
