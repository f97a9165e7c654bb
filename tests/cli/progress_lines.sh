# SPDX-License-Identifier: Apache-2.0
# What a log shows.
for mode in plain json quiet none; do
    echo "== $mode"
    grep -v '^show' "$HERE/progress_events" | "$PROGRESS_SCRIPT" $mode
done
echo "== every object is one"
grep -v '^show' "$HERE/progress_events" | "$PROGRESS_SCRIPT" json |
    python3 -c 'import json, sys; print(len([json.loads(line) for line in sys.stdin]))'
echo "== rawjson is json"
for mode in json rawjson; do
    grep -v '^show' "$HERE/progress_events" | "$PROGRESS_SCRIPT" $mode >$mode
done
cmp json rawjson && echo yes
