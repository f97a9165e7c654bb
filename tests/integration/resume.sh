#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pulls that are killed, and pulls that want the same: what has arrived is not fetched again, neither
# by the next process nor by the one beside. Damaged blobs are mended, and layers that a registry does
# not have come from where the manifest says.
. "$(dirname "$0")/lib.sh"

small_tree
mkdir "$work/large"
head -c 20000000 /dev/urandom >"$work/large/random"
imgtool build -t big:1 --compression none --add "$work/tree:/" --add "$work/large:/" >/dev/null
layer=$(imgtool inspect --raw big:1 | jq -r '.layers[1].digest')
hex=${layer#sha256:}
half=12000000

# start_fake RULES: a registry that has the image in two repositories, as $one and $two. What it is
# asked from then on is in $work/record.
start_fake() {
    echo "{\"rules\": [$1]}" >"$work/script.json"
    rm -f "$work/record"
    start_script fake python3 -B "$here/fake_registry.py" --script "$work/script.json" \
        --record "$work/record"
    one=127.0.0.1:$port/one:1
    two=127.0.0.1:$port/two:1
    imgtool push big:1 "$one" >/dev/null
    imgtool push big:1 "$two" >/dev/null
    : >"$work/record"
}

# of_layer METHOD [PATTERN]: the number of such requests for the large layer.
of_layer() {
    grep -E "^$1 .*/$layer .*${2:-}" "$work/record" | wc -l
}

# starts_pulling STORE REF: in the background, as $puller, until half of the layer is there.
starts_pulling() {
    local try
    "$IMGTOOL" --store "$1" pull "$2" >/dev/null 2>&1 &
    puller=$!
    pids+=("$puller")
    for try in $(seq 200); do
        [ "$(stat -c %s "$1/.libimg-part-sha256-$hex" 2>/dev/null || echo 0)" != "$half" ] || return 0
        sleep 0.05
    done
    fail "half of the layer did not arrive"
}

dies() {
    kill -9 "$puller"
    wait "$puller" 2>/dev/null || true
}

hold="{\"method\": \"GET\", \"path\": \".*/$layer\", \"hold\": $half, \"times\": 1}"

step "a pull that is killed, and the next one"
start_fake "$hold"
starts_pulling "$work/a" "$one"
dies
usable "$work/a"
imgtool --store "$work/a" prune >/dev/null
imgtool --store "$work/a" pull "$two" >/dev/null
same "requests for the layer" 2 "$(of_layer GET)"
same "requests for its second half" 1 "$(of_layer GET "Range=\[bytes=$half-\]")"
consistent "$work/a"
same "parts" 0 "$(find "$work/a" -name '.libimg-part-*' | wc -l)"

step "a pull beside another one that dies"
start_fake "$hold"
starts_pulling "$work/b" "$one"
"$IMGTOOL" --store "$work/b" pull "$two" >"$work/second" 2>&1 &
second=$!
pids+=("$second")
sleep 0.5
same "requests for the layer" 1 "$(of_layer GET)"
dies
wait "$second" || fail "the second pull: $(cat "$work/second")"
same "requests for its second half" 1 "$(of_layer GET "Range=\[bytes=$half-\]")"
consistent "$work/b"

step "two pulls at once"
start_fake "{\"method\": \"GET\", \"path\": \".*/$layer\", \"delay\": 1}"
"$IMGTOOL" --store "$work/c" pull "$one" >"$work/first" 2>&1 &
first=$!
pids+=("$first")
imgtool --store "$work/c" pull "$two" >/dev/null
wait "$first" || fail "the first pull: $(cat "$work/first")"
same "requests for the layer" 1 "$(of_layer GET)"
consistent "$work/c"

step "pulled again"
: >"$work/record"
imgtool --store "$work/c" pull "$one" >/dev/null
same "requests" "HEAD /v2/one/manifests/1 304" "$(cut -d' ' -f1-3 "$work/record")"
: >"$work/record"
digest=$(imgtool --store "$work/c" --format json images | jq -r '.[0].digest')
imgtool --store "$work/c" pull "127.0.0.1:$port/one@$digest" >/dev/null
same "requests" 0 "$(wc -l <"$work/record")"

step "a layer that is damaged"
printf 'Z' | dd of="$work/c/blobs/sha256/$hex" bs=1 seek=5000000 conv=notrunc status=none
imgtool --store "$work/c" pull "$one" >/dev/null
same "requests for the layer" 0 "$(of_layer GET)"
mkdir "$work/tree-out"
refuses 7 'pull the image with --verify' "$IMGTOOL" --store "$work/c" unpack "$one" "$work/tree-out/a"
imgtool --store "$work/c" pull --verify "$one" >/dev/null
same "requests for the layer" 1 "$(of_layer GET)"
consistent "$work/c"

step "a config that is in the manifest"
config=$(imgtool inspect --raw big:1 | jq -r .config.digest)
# publish FILTER REPOSITORY: the manifest, changed.
publish() {
    imgtool inspect --raw big:1 | jq -c "$1" >"$work/manifest.json"
    curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' \
        --data-binary "@$work/manifest.json" "http://127.0.0.1:$port/v2/$2/manifests/1"
}
publish ".config.data = \"$(base64 -w0 "$IMGTOOL_STORE/blobs/sha256/${config#sha256:}")\"" within
imgtool push big:1 "127.0.0.1:$port/within:all" >/dev/null
: >"$work/record"
imgtool --store "$work/e" pull "127.0.0.1:$port/within:1" >/dev/null
same "requests for blobs" 2 "$(grep -c '^GET .*/blobs/' "$work/record")"
same "requests for the config" 0 "$(grep -c "$config" "$work/record" || true)"
consistent "$work/e"

step "a layer that is elsewhere"
make_certificate good
export SSL_CERT_FILE=$work/good-ca.pem
jq -n '{rules: [{method: "GET", times: 1, status: 401,
    headers: {"WWW-Authenticate": "Basic realm=\"x\""}}]}' >"$work/elsewhere.json"
start_script elsewhere python3 -B "$here/fake_registry.py" --script "$work/elsewhere.json" \
    --record "$work/elsewhere" --tls "$work/good.pem" "$work/good.key"
elsewhere=127.0.0.1:$port
imgtool push big:1 "$elsewhere/layers:1" >/dev/null
: >"$work/elsewhere"
start_fake "{\"method\": \"GET\", \"path\": \"/v2/foreign/.*/$layer\", \"status\": 404}"
registry=127.0.0.1:$port
imgtool push big:1 "$registry/foreign:all" >/dev/null
publish ".layers[1].mediaType = \"application/vnd.oci.image.layer.nondistributable.v1.tar\"
    | .layers[1].urls = [\"http://127.0.0.1:1/x\", \"https://$elsewhere/v2/layers/blobs/$layer\"]" foreign
# Who asks for a password there gets none.
jq -n --arg one "$elsewhere" --arg two "$registry" \
    '[$one, $two] | map({(.): {auth: ("bob:secret" | @base64)}}) | {auths: add}' >"$work/auth.json"
export REGISTRY_AUTH_FILE=$work/auth.json
refuses 3 "layer 2/2: .*$registry.*404" "$IMGTOOL" --store "$work/d" pull "$registry/foreign:1"
imgtool --store "$work/d" pull "$registry/foreign:1" >/dev/null
consistent "$work/d"
same "requests" 2 "$(grep -c "^GET /v2/layers/blobs/$layer" "$work/elsewhere")"
same "requests with a password" 0 "$(grep -c Authorization "$work/elsewhere" || true)"
# Nor is it ours to distribute.
: >"$work/record"
imgtool --store "$work/d" push "$registry/foreign:1" "$registry/again:1" >/dev/null
same "blobs that were sent or mounted" 2 "$(grep -c '^POST /v2/again/blobs/uploads/.* 20' "$work/record")"
same "requests for the layer" 0 "$(grep -c "/v2/again/.*${layer#sha256:}" "$work/record" || true)"
