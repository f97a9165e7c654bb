# SPDX-License-Identifier: Apache-2.0
# Help goes to stdout with status 0, begins with an example, fits 80 columns and tells every option.
check() {
    status=0
    "$@" >out 2>err || status=$?
    [ "$status" = 0 ] || echo "$*: exit $status"
    [ ! -s err ] || echo "$*: something on stderr"
    awk 'length > 80 { print FILENAME ": too long: " $0 }' out
}

try imgtool --help
imgtool help >help
imgtool --help | cmp - help

commands=$(imgtool help --format json | python3 -c '
import json, sys
for command in json.load(sys.stdin)["commands"]: print(command["name"])')
echo "commands:" $commands
for command in $commands; do
    check imgtool "$command" --help
    head -1 out | grep -qx Example: || echo "$command: no example first"
    sed -n 2p out | grep -q "imgtool $command" || echo "$command: the example is of something else"
    grep -q "^Usage: imgtool $command" out || echo "$command: no usage"
    [ "$command" = auth ] || [ "$command" = build ] || [ "$command" = unpack ] || [ "$command" = mutate ] || [ "$command" = append ] || [ "$command" = rebase ] || [ "$command" = flatten ] || [ "$(wc -l <out)" -le 24 ] || echo "$command: more than 24 lines"
    cp out first
    check imgtool help "$command"
    cmp first out
    check imgtool -h "$command"
    cmp first out
    check imgtool "$command" extra words -h
    cmp first out
done

imgtool help --format json | python3 -c '
import json, subprocess, sys
shared = subprocess.run(["imgtool", "help", "registry-options"], stdout=subprocess.PIPE, text=True).stdout
for command in json.load(sys.stdin)["commands"]:
    text = subprocess.run(["imgtool", command["name"], "--help"], stdout=subprocess.PIPE,
                          text=True).stdout
    if "imgtool help registry-options" in text:
        text += shared
    for option in command["options"]:
        letter = "-" + option["letter"] + ", " if option["letter"] else "    "
        value = " " + option["value"] if option["value"] else ""
        name = option["name"]
        if f"  {letter}--{name}{value}" not in text:
            print(command["name"], "does not tell of", name)
'

for topic in exit-codes registry-options references places auth compat environment reproducibility; do
    check imgtool help $topic
    imgtool help $topic --format json >out
    python3 -m json.tool <out >/dev/null || echo "$topic: no JSON"
done
imgtool help index >out
imgtool help index create | cmp - out
try imgtool help exit-codes
try imgtool help exit-code
try imgtool --version
try imgtool version
imgtool version --verbose | sed 's/[0-9].*/N/'
imgtool version --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])'
