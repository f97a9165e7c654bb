# SPDX-License-Identifier: Apache-2.0
# What a terminal shows: at several sizes, and with more rows than it has.
screen() {
    "$PROGRESS_SCRIPT" tty | python3 "$HERE/screen.py"
}
echo "== 80 columns"
{ echo 'size 80x24'; cat "$HERE/progress_events"; } | screen
echo "== 120 columns"
{ echo 'size 120x24'; cat "$HERE/progress_events"; } | screen | head -4
echo "== 40 columns"
{ echo 'size 40x24'; cat "$HERE/progress_events"; } | screen | head -4
echo "== more items than rows"
{
    echo 'size 80x5'
    echo 'at 100'
    for i in 1 2 3 4 5 6 7; do echo "started $i 0 100 - layer $i/7"; done
    echo 'at 200'
    echo 'progress 7 99 100 - layer 7/7'
    echo show
    echo 'at 300'
    echo 'done 1 100 100 - layer 1/7'
    echo show
    for i in 2 3 4 5 6 7; do echo "exists $i 0 100 - layer $i/7"; done
    echo end
    echo show
} | screen
echo "== the window becomes narrower: nothing is left behind"
{
    echo 'size 80x10'
    echo 'at 100'
    echo 'started 1 0 100 sha256:1111111111112222 layer 1/1'
    echo 'at 900'
    echo 'progress 1 50 100 sha256:1111111111112222 layer 1/1'
    echo 'size 30x10'
    echo show
    echo 'at 1100'
    echo 'progress 1 60 100 sha256:1111111111112222 layer 1/1'
    echo show
    echo 'done 1 100 100 sha256:1111111111112222 layer 1/1'
    echo end
    echo show
} | screen
echo "== at most ten redraws a second"
{
    echo 'size 80x24'
    i=0
    while [ $i -lt 1000 ]; do
        i=$((i + 1))
        echo "at $((1000 + i))"
        echo "progress 1 $i 1000 - layer 1/1"
    done
} | "$PROGRESS_SCRIPT" tty | grep -c 'layer 1/1'
