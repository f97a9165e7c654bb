#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is in a registry: its tags and repositories, with docker-registry and skopeo as the judges.
. "$(dirname "$0")/lib.sh"

small_tree
start_registry registry
imgtool build -t good:1 --add "$work/tree:/" >/dev/null
for tag in 1 1.1 2 latest; do
    imgtool push good:1 "$registry/team/app:$tag" >/dev/null
done
imgtool push good:1 "$registry/other:x" >/dev/null

step "tags"
# sorted COMMAND...: its lines in order. The registry's own is that of its directory.
sorted() {
    "$@" >"$work/lines" || fail "$*"
    sort "$work/lines"
}
tags=$(printf '%s\n' 1 1.1 2 latest)
same "tags" "$tags" "$(sorted imgtool ls "$registry/team/app")"
same "tags, whatever tag is named" "$tags" "$(sorted imgtool ls "$registry/team/app:2")"
same "tags, in pages" "$tags" "$(sorted imgtool ls "$registry/team/app" --page-size 2)"
same "tags, probed for" "$tags" "$(sorted imgtool ls "$registry/team/app" --page-size 3 --probe)"
same "tags of skopeo" "$(skopeo list-tags --tls-verify=false "docker://$registry/team/app" |
    jq -c '.Tags | sort')" "$(imgtool --format json ls "$registry/team/app" | jq -c sort)"
same "some tags" 2 "$(imgtool ls "$registry/team/app" --limit 2 | wc -l)"
refuses 3 "$registry/nothing.*NAME_UNKNOWN" "$IMGTOOL" ls "$registry/nothing"
if imgtool --format json ls "$registry/nothing" >"$work/stdout" 2>"$work/stderr"; then
    fail "a repository that is not there was listed"
fi
[ ! -s "$work/stdout" ] || fail "half a JSON list was printed"

step "repositories"
same "repositories" "$(printf '%s\n' other team/app)" "$(imgtool catalog "$registry")"
same "repositories, in pages" '["other","team/app"]' \
    "$(imgtool --format json catalog "$registry" --page-size 1 | jq -c .)"
