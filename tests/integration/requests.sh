#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# How many requests it takes: an image of five layers, a registry that asks for tokens, and a proxy
# before it that writes down each request. The bounds are what a client without any memory can do.
. "$(dirname "$0")/lib.sh"

for i in 1 2 3 4 5; do
    mkdir -p "$work/input/$i"
    head -c 10000 /dev/urandom >"$work/input/$i/data-$i"
    layers+=(--add "$work/input/$i:/")
done
digest=$(digest "$(imgtool build -t five:1 "${layers[@]}")")

openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj '/CN=tokens' -keyout "$work/token.key" \
    -out "$work/token.pem" 2>/dev/null
start_script tokens python3 -B "$here/token_server.py" --key "$work/token.key" \
    --cert "$work/token.pem" --user 'bob:secret' --record "$work/tokens"
start_registry registry "auth:
  token: {realm: 'http://127.0.0.1:$port/token', service: here, issuer: token_server,
          rootcertbundle: $work/token.pem}"
start_script front python3 -B "$here/record_proxy.py" --to "$registry" --record "$work/record"
front=127.0.0.1:$port
jq -n --arg host "$front" '{auths: {($host): {auth: ("bob:secret" | @base64)}}}' >"$work/auth.json"
export REGISTRY_AUTH_FILE=$work/auth.json

# costs WHAT MOST COMMAND...: prints the digest and takes no more requests than that. They are in
# $work/record, and those for tokens in $work/tokens.
costs() {
    local what=$1 most=$2 count
    shift 2
    : >"$work/record"
    : >"$work/tokens"
    same "digest of $what" "$digest" "$(digest "$("$@")")"
    count=$(cat "$work/record" "$work/tokens" | wc -l)
    echo "   $what: $count requests"
    if [ "$count" -gt "$most" ] || [ "$count" = 0 ]; then
        cat "$work/record" "$work/tokens" >&2
        fail "$what took $count requests, more than $most"
    fi
}

# counted METHOD PATTERN: how many requests of the record are of this method and match.
counted() {
    grep -Ec "^$1 $2" "$work/record" || true
}

step "push"
costs "push" 15 imgtool push five:1 "$front/team/five:1"
costs "push again" 3 imgtool push five:1 "$front/team/five:1"

step "pull"
costs "pull" 9 imgtool --store "$work/pulled" pull "$front/team/five:1"
consistent "$work/pulled"
costs "pull again" 3 imgtool --store "$work/pulled" pull "$front/team/five:1"

step "a copy within the registry"
costs "copy" 10 imgtool copy "$front/team/five:1" "$front/other/five:1"
same "mounts" 6 "$(counted POST '/v2/other/five/blobs/uploads/\?mount=.* 201')"
same "blobs that were fetched" 0 "$(counted GET '.*/blobs/')"
same "uploads" 0 "$(counted 'PUT' '.*/blobs/')"
same "tokens" 1 "$(wc -l <"$work/tokens")"
rm -rf "$work/pulled"
costs "pull of the copy" 9 imgtool --store "$work/pulled" pull "$front/other/five:1"
consistent "$work/pulled"
costs "another tag" 4 imgtool copy "$front/other/five:1" "$front/other/five:2"
