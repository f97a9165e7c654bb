#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The Python module of the examples, against the library of this build and a real registry.
. "$(dirname "$0")/lib.sh"

: "${LIBIMG:?is not set: run this by ctest}"
export LIBIMG PYTHONPATH=$here/../../examples/python PYTHONDONTWRITEBYTECODE=1
small_tree
head -c 3000000 /dev/urandom >"$work/tree/random"
start_registry registry

step "the structs are those of the headers"
python3 "$here/python_module.py" offsets >"$work/offsets.c"
[ "$(grep -c offsetof "$work/offsets.c")" -gt 60 ] || fail "next to nothing is compared"
cc -I "$here/../../include" -fsyntax-only "$work/offsets.c"

step "the demonstration"
python3 "$here/../../examples/python/demo.py" "$work/tree" "$registry/demo:1" "$work/demo" >"$work/said"
grep -q '^asked for 3[0-9]* bytes$' "$work/said" || fail "nobody was asked: $(cat "$work/said")"
same "digest" "$(tail -n 1 "$work/said")" \
    "$(imgtool digest "$registry/demo:1")"
diff -r "$work/tree" "$work/demo/unpacked"
consistent "$work/demo/here"
consistent "$work/demo/there"

step "errors, callbacks and blobs"
python3 "$here/python_module.py" all "$registry" "$work/tree" "$work/py"
for store in "$work"/py/*; do
    consistent "$store"
done
