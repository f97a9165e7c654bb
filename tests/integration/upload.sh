#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Uploads through what breaks, limits and redirects them, to a real registry: they arrive, and what
# is counted on the wire shows that nothing was sent twice but what a cut cost.
. "$(dirname "$0")/lib.sh"

mib=$((1024 * 1024))
mkdir -p "$work/tree"
head -c $((6 * mib)) /dev/urandom >"$work/tree/data"
imgtool build -q -t app:1 --add "$work/tree:/" >/dev/null
layer=$(imgtool inspect --raw app:1 | jq -r '.layers[0].digest')
size=$(imgtool inspect --raw app:1 | jq -r '.layers[0].size')
manifest=$(imgtool --format json images | jq -r '.[0].digest')

start_registry real
real=$registry

# arrived HOST/REPOSITORY: the registry has all of it, digest for digest.
arrived() {
    skopeo inspect --raw --tls-verify=false "docker://$real/$1:1" | sha256sum | grep -q "${manifest#*:}" ||
        fail "$1: another manifest"
    skopeo copy -q --src-tls-verify=false "docker://$real/$1:1" "dir:$work/copy"
    same "$1: the layer" "${layer#*:}" "$(sha256sum <"$work/copy/${layer#*:}" | cut -d' ' -f1)"
    rm -rf "$work/copy"
}

# start_faults NAME TARGET FAULT...: sets $port, and $sent to what the counts are read with.
start_faults() {
    local name=$1 target=$2
    shift 2
    counts=$work/$name.counts
    start_script "$name" python3 -B "$here/fault_proxy.py" "$target" --count "$counts" "$@"
}

sent() {
    local try
    for try in $(seq 50); do
        read -r _ up _ _ _ _ _ faults <"$counts"
        [ "$faults" -lt "$1" ] || break
        sleep 0.1
    done
    same "the faults" "$1" "$faults"
}

# At most so many bytes more than the blob, for headers and what was on its way in buffers.
slack=$((256 * 1024))

step "cut in the middle, straight to the registry: version 2 forgets the session"
start_faults cut "$real" --up "cut:$((2 * mib)):1"
imgtool push app:1 "127.0.0.1:$port/cut:1" >/dev/null
sent 1
arrived cut
[ "$up" -le $((size + 2 * mib + slack)) ] || fail "$up bytes went out for $size, cut at 2 MiB"

step "reset in the middle"
start_faults reset "$real" --up "reset:$((2 * mib)):1"
imgtool push app:1 "127.0.0.1:$port/reset:1" >/dev/null
sent 1
arrived reset

step "the answer to the last request is cut off"
start_faults answer "$real" --down "cut:2500:1"
imgtool push app:1 "127.0.0.1:$port/answer:1" >/dev/null
arrived answer

step "every connection breaks after 3 MiB, to a registry that keeps what came"
start_script fake python3 -B "$here/fake_registry.py" --record "$work/fake.record"
fake=127.0.0.1:$port
start_faults kept "$fake" --up "cut:$((3 * mib))"
imgtool push app:1 "127.0.0.1:$port/kept:1" >/dev/null
sent 2
[ "$up" -le $((size + slack)) ] || fail "$up bytes went out for $size, and nothing was lost"
same "sessions for layer and config" 2 "$(grep -c '^POST .* 202' "$work/fake.record")"
same "questions" 2 "$(grep -c '^GET .*/uploads/.* 204' "$work/fake.record")"

step "a session that takes the first piece, never the second, and is then gone: not for ever anew"
jq -n '{uploads: {put: false, stream: false, max_header: "1048576"}, rules: ([
    {method: "PATCH", query: "at=1048576", status: 500}] + [range(1; 20) |
    {method: "GET", path: ".*/uploads/.*", query: "at=1048576", skip: ., times: 1, status: 404}])}' \
    >"$work/second.json"
start_script second python3 -B "$here/fake_registry.py" --script "$work/second.json" \
    --record "$work/second.record"
refuses 6 "PATCH .*: 500" "$IMGTOOL" push app:1 "127.0.0.1:$port/second:1"
[ "$(grep -c '^POST .* 202' "$work/second.record")" -le 9 ] || fail "the layer is begun again and again"

step "it drips"
start_faults drip "$real" --up drip:65536:1 --down drip:1:1
imgtool push app:1 "127.0.0.1:$port/drip:1" >/dev/null
arrived drip

step "nginx takes bodies of 1 MiB: pieces"
# The Host stays what the client sent, so that Location leads back here.
proxy_to() {
    echo "server { listen 127.0.0.1:PORT; client_max_body_size $1; location / {
        proxy_pass http://$real; proxy_set_header Host \$http_host; proxy_http_version 1.1;
        proxy_request_buffering $2; } }"
}
requests() {
    grep -c "$1" "$work/$name-nginx/access.log" || true
}
for buffering in on off; do
    name=limit-$buffering
    start_nginx "$name" "$(proxy_to 1m $buffering)"
    imgtool push app:1 "127.0.0.1:$port/$name:1" >/dev/null
    arrived "$name"
    # 6, 3 and 1.5 MiB are too large; then it is known.
    same "$name: bodies that were too large" 3 "$(requests ' 413 ')"
    same "$name: pieces" $(((size - 1) / mib)) "$(requests '^PATCH .* 202 ')"
    imgtool push app:1 "127.0.0.1:$port/$name-b:1" >/dev/null
    arrived "$name-b"
done

step "a cut in front of an nginx that buffers costs one piece"
name=pieces
start_nginx "$name" "$(proxy_to 1m on)"
start_faults front "127.0.0.1:$port" --up "cut:$((4 * mib)):1"
imgtool push app:1 "127.0.0.1:$port/pieces:1" >/dev/null
sent 1
arrived pieces
same "sessions of the layer and the config" 2 "$(requests '^POST .* 202 ')"
same "questions" 1 "$(requests '^GET .*/uploads/.* 204 ')"

step "redirects of the upload keep method and body"
name=redirect
start_nginx "$name" "server { listen 127.0.0.1:PORT; client_max_body_size 0; location /v2/ {
        proxy_pass http://$real; proxy_set_header Host \$http_host; }
    location ~ ^/v2/[a-z]+/blobs/uploads/. { return 307 http://$real\$request_uri; } }"
imgtool push app:1 "127.0.0.1:$port/redirect:1" >/dev/null
arrived redirect
same "redirects of PUT" 2 "$(requests '^PUT .* 307 ')"

step "a push again takes no upload"
before=$(wc -l <"$work/$name-nginx/access.log")
imgtool push app:1 "127.0.0.1:$port/redirect:1" >/dev/null
[ "$(tail -n +$((before + 1)) "$work/$name-nginx/access.log" | grep -c '^P[OA]')" = 0 ] ||
    fail "something was uploaded"
