#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# From registry to registry, through memory: each side breaks, stalls or refuses without the other
# having to begin again, wrong bytes are not taken for right ones, and nothing touches the disk.
. "$(dirname "$0")/lib.sh"

mkdir "$work/large" "$work/small"
head -c 12000000 /dev/urandom >"$work/large/data"
head -c 100000 /dev/urandom >"$work/small/data"
digest=$(digest "$(imgtool build -t app:1 --compression none --add "$work/large:/" \
    --add "$work/small:/")")
size=$(imgtool inspect --raw app:1 | jq '.layers[0].size')
layer=$(imgtool inspect --raw app:1 | jq -r '.layers[0].digest')
start_registry one
one=$registry
start_registry two
two=$registry
imgtool push app:1 "$one/team/app:1" >/dev/null

# between NAME [SOURCE-FAULT... [-- DESTINATION-FAULT...]]: copies through two proxies that break what
# passes, and count it: $down are the bytes that came from the source, $up those that went to the
# destination; $log is what imgtool had to say.
between() {
    local name=$1 side=from fault
    local -A faults=([from]='' [to]='')
    shift
    for fault in "$@"; do
        if [ "$fault" = -- ]; then side=to; else faults[$side]+=" $fault"; fi
    done
    rm -f "$work/from" "$work/to"
    # shellcheck disable=SC2086
    start_script "$name-from" python3 -B "$here/fault_proxy.py" "$one" ${faults[from]} \
        --count "$work/from"
    from=127.0.0.1:$port
    # shellcheck disable=SC2086
    start_script "$name-to" python3 -B "$here/fault_proxy.py" "$two" ${faults[to]} --count "$work/to"
    to=127.0.0.1:$port
    log=$work/$name.log
    "$IMGTOOL" copy "$from/team/app:1" "$to/$name:1" -v --progress plain --stall-timeout 1 \
        --plain-http "$from" --plain-http "$to" >"$work/copied" 2>"$log" ||
        fail "$name: $(cat "$log")"
    same "digest" "$to/$name@$digest" "$(cat "$work/copied")"
    imgtool copy "$two/$name:1" "oci:$work/check" >/dev/null
    consistent "$work/check"
    rm -rf "$work/check"
    down=$(sed -n 's/.* down \([0-9]*\) .*/\1/p' "$work/from" | tail -1)
    up=$(sed -n 's/up \([0-9]*\) .*/\1/p' "$work/to" | tail -1)
    echo "   $name: $down bytes came, $up went, of $size"
}

# about WHAT BYTES MORE: not less than the layer, and at most so many bytes more.
about() {
    [ "$2" -ge "$size" ] && [ "$2" -le $((size + 200000 + $3)) ] ||
        fail "$1: $2 bytes moved of $size, at most $3 may move again"
}

step "when nothing goes wrong"
between plain
about "down" "$down" 0
about "up" "$up" 0

step "the source breaks"
between source-cut --down cut:2500000
about "down" "$down" 100000
about "up" "$up" 0
between source-reset --down reset:4500000:2
about "up" "$up" 0
between source-stall --down stall:3500000:1
about "up" "$up" 0

step "the destination breaks, and knows how far it is"
start_script fake python3 -B "$here/fake_registry.py" --record "$work/record"
real=$two
two=127.0.0.1:$port
between destination-cut -- --up cut:4500000:2
about "up" "$up" 1000000
# What was on its way when it broke, and some before that, since digests are known every 2 MiB.
about "down" "$down" 30000000
same "sessions that ended well" 3 \
    "$(grep -c "^PUT /v2/destination-cut/blobs/uploads/.* 201" "$work/record")"
grep -q "^GET .*/blobs/uploads/session-" "$work/record" || fail "nobody asked how far it is"
between both --down cut:3500000 -- --up cut:5500000:1
about "up" "$up" 1000000

step "the destination breaks, and has forgotten"
two=$real
between destination-lost -- --up cut:4500000:1
between lost-too --down reset:4000000 -- --up reset:5500000:1

step "wrong bytes"
jq -n --arg path "/v2/bad/app/blobs/$layer" '{rules: [{method: "GET", path: $path, corrupt: true}]}' \
    >"$work/script.json"
start_script bad python3 -B "$here/fake_registry.py" --script "$work/script.json"
imgtool push app:1 "127.0.0.1:$port/bad/app:1" >/dev/null
refuses 7 "layer 1/2.*digest" "$IMGTOOL" copy "127.0.0.1:$port/bad/app:1" "$two/bad/app:1"
same "the layer over there" 404 "$(curl -sIo "$work/answer" -w '%{http_code}' \
    "http://$two/v2/bad/app/blobs/$layer")"
same "the name over there" 404 "$(curl -so "$work/answer" -w '%{http_code}' \
    "http://$two/v2/bad/app/manifests/1")"

step "a source without the layer"
jq -n --arg path "/v2/bad/app/blobs/$layer" '{rules: [{method: "GET", path: $path, status: 404}]}' \
    >"$work/script.json"
start_script none python3 -B "$here/fake_registry.py" --script "$work/script.json" \
    --record "$work/record"
imgtool push app:1 "127.0.0.1:$port/bad/app:1" >/dev/null
refuses 3 "layer 1/2.*GET http://127.0.0.1:$port/v2/bad/app/blobs/$layer" \
    "$IMGTOOL" copy "127.0.0.1:$port/bad/app:1" "$two/bad/app:1"
same "times that it was asked for" 1 "$(grep -c "^GET /v2/bad/app/blobs/$layer" "$work/record")"

step "a registry that mounts nothing"
jq -n '{rules: [{method: "POST", query: "mount=", status: 403}]}' >"$work/script.json"
start_script unmounting python3 -B "$here/fake_registry.py" --script "$work/script.json" \
    --record "$work/unmounted"
imgtool push app:1 "127.0.0.1:$port/team/app:1" >/dev/null
for jobs in 1 6; do
    : >"$work/unmounted"
    same "digest" "127.0.0.1:$port/other/app$jobs@$digest" "$(imgtool copy --jobs $jobs \
        "127.0.0.1:$port/team/app:1" "127.0.0.1:$port/other/app$jobs:1")"
    same "uploads" 3 "$(grep -Ec "^PUT /v2/other/app$jobs/blobs/.* 201" "$work/unmounted")"
done

step "what refers to it goes along"
echo '{"sbom":1}' >"$work/sbom.json"
echo signed >"$work/signature"
imgtool attach "$one/team/app:1" --artifact-type application/spdx+json "$work/sbom.json" >/dev/null
sbom=$(imgtool --format json referrers "$one/team/app:1" | jq -r '.[0].digest // .referrers[0].digest')
imgtool attach "$one/team/app@$sbom" --artifact-type application/vnd.test.signature \
    "$work/signature" >/dev/null
# listed REF: what refers to it, without the name of the repository.
listed() {
    imgtool referrers "$1" | sed 's/^[^@]*@//'
}
imgtool copy "$one/team/app:1" "$two/without/app:1" >/dev/null
[ -z "$(imgtool referrers "$two/without/app:1")" ] || fail "referrers that nobody asked for"
for round in 1 2; do
    imgtool copy --referrers "$one/team/app:1" "$two/with/app:1" >/dev/null
    same "referrers" "$(listed "$one/team/app:1")" "$(listed "$two/with/app:1")"
    same "of the referrer" "$(listed "$one/team/app@$sbom")" "$(listed "$two/with/app@$sbom")"
done
imgtool copy --referrers "$one/team/app:1" "$one/inside/app:1" >/dev/null
same "within a registry" "$(listed "$one/team/app@$sbom")" "$(listed "$one/inside/app@$sbom")"
misuses 'from registry to registry alone' \
    "$IMGTOOL" copy --referrers "$one/team/app:1" "oci:$work/layout"
