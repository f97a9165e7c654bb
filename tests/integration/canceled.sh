#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Eight threads of one process at work, half of them stopped midway. Nothing is left behind, on the disk
# or in the process.
. "$(dirname "$0")/lib.sh"

: "${CANCELED:?is not set: run this by ctest}"
small_tree
head -c 1000000 /dev/urandom >"$work/tree/random"
start_registry registry
mkdir "$work/all" "$work/all/unpacked" "$work/tmp"
status=0
TMPDIR=$work/tmp "$CANCELED" "$registry" "$work/all" "$work/tree" 3>"$work/said" \
    >"$work/stdout" 2>"$work/stderr" || status=$?
[ "$status" = 0 ] || { cat "$work/said" "$work/stderr" >&2; fail "it ended with $status"; }
[ ! -s "$work/stdout" ] || fail "to the standard output went: $(cat "$work/stdout")"
[ ! -s "$work/stderr" ] || fail "to the standard error went: $(cat "$work/stderr")"
[ -z "$(ls -A "$work/tmp")" ] || fail "temporary files were left: $(ls -A "$work/tmp")"
for store in "$work"/all/from* "$work"/all/to* "$work"/all/layout*; do
    consistent "$store"
done
# What was stopped has no tree, and what was not is whole; nothing is beside them.
[ -z "$(find "$work/all/unpacked" -maxdepth 1 -name '.*' -type d ! -path "$work/all/unpacked")" ] ||
    fail "an unfinished tree was left: $(ls -A "$work/all/unpacked")"
for tree in "$work"/all/unpacked/*; do
    diff -r "$work/tree" "$tree"
done
