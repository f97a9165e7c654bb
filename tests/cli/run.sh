#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# run.sh X.sh: runs the script in an empty directory that is its home, too, and compares what it
# prints with X.expected. With UPDATE=1 writes that file instead.
#
# Scripts have the function "try", which shows a command, its standard output, its standard error
# behind "2> ", and its exit status; and the filter "masked", which "try" goes through, for what is
# not the same everywhere: digests, times, the directory.
set -eu

script=$(realpath "$1")
expected=${script%.sh}.expected
here=$(dirname "$script")
work=$(realpath "$(mktemp -d "${TMPDIR:-/tmp}/imgtool-cli.XXXXXX")")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

ln -s "$IMGTOOL" "$work/imgtool"
mkdir "$work/home"
cat >"$work/prelude" <<'END'
set -u
masked() {
    sed -E -e 's/[0-9a-f]{64}/DIGEST/g' -e 's/\<[0-9a-f]{12}\>/DIGESTDIGEST/g' \
        -e 's/ in [0-9.]+ s, .*\/s$//' -e "s,$HOME,HOME,g"
}
try() {
    printf '$'
    printf ' %s' "$@"
    echo
    status=0
    "$@" >"$HOME/../out" 2>"$HOME/../err" </dev/null || status=$?
    masked <"$HOME/../out"
    sed 's/^/2> /' "$HOME/../err" | masked
    if [ "$status" != 0 ]; then echo "exit $status"; fi
}
END

cd "$work/home"
env -i HOME="$work/home" PATH="$work:$PATH" TERM=xterm LC_ALL=C.UTF-8 HERE="$here" \
    PROGRESS_SCRIPT="$PROGRESS_SCRIPT" ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
    LSAN_OPTIONS="${LSAN_OPTIONS:-}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-}" \
    sh -c '. "$0"; . "$1"' "$work/prelude" "$script" >"$work/actual" 2>&1 || {
    cat "$work/actual"
    echo "the script failed"
    exit 1
}
if [ -n "${UPDATE:-}" ]; then
    cp "$work/actual" "$expected"
else
    diff -u "$expected" "$work/actual"
fi
