# SPDX-License-Identifier: Apache-2.0
#
# A registry behind nginx, as many are: TLS ends there, it speaks HTTP/2, bodies have a limit, waiting
# too, and some of what is asked for is elsewhere.
. "$(dirname "$0")/lib.sh"

start_registry back
make_certificate front
export SSL_CERT_FILE=$work/front-ca.pem

# proxied [SETTING...]: a location that hands everything on to the registry. The Location of uploads is
# left as the registry means it: http, and of its own port.
proxied() {
    printf 'location /v2/ {\n  proxy_pass http://%s;\n  proxy_set_header Host $http_host;\n' "$registry"
    printf '  proxy_http_version 1.1;\n'
    printf '  %s;\n' "$@"
    printf '}\n'
}

served() {
    printf 'server {\n  listen 127.0.0.1:PORT ssl%s;\n' "$1"
    printf '  ssl_certificate %s;\n  ssl_certificate_key %s;\n' "$work/front.pem" "$work/front.key"
    cat
    printf '}\n'
}

small_tree
head -c 5000000 /dev/urandom >"$work/tree/etc/noise"
imgtool build --add "$work/tree:/" -t app:1 >/dev/null

# there_and_back NAME: pushes and pulls through $port, and skopeo agrees about what came through.
there_and_back() {
    local pushed pulled
    pushed=$(digest "$(imgtool push app:1 "127.0.0.1:$port/$1:1")")
    pulled=$(digest "$(IMGTOOL_STORE=$work/store-$1 imgtool pull "127.0.0.1:$port/$1:1")")
    same "$1: pulled" "$pushed" "$pulled"
    consistent "$work/store-$1"
    same "$1: skopeo" "$pushed" \
        "$(skopeo inspect --format '{{.Digest}}' --tls-verify=false "docker://$registry/$1:1")"
}

step "HTTP/2"
start_nginx h2 "$(proxied 'client_max_body_size 0' | served ' http2')"
there_and_back h2
log=$work/h2-nginx/access.log
[ "$(grep -c "HTTP/2.0" "$log")" -ge 6 ] || fail "nginx saw no HTTP/2: $(cat "$log")"
# Large blobs take connections of their own, so that one lost packet does not hold up all.
! grep "HTTP/1.1" "$log" | grep -v " /v2/h2/blobs/" || fail "not all documents came by HTTP/2"

step "HTTP/2 that ends after three requests a connection"
start_nginx goaway "keepalive_requests 3; $(proxied 'client_max_body_size 0' | served ' http2')"
there_and_back goaway

step "one megabyte of body at most"
start_nginx limit "$(proxied 'client_max_body_size 1m' | served '')"
there_and_back limit
grep -q ' 413 ' "$work/limit-nginx/access.log" || fail "nothing was too large for nginx"

step "one megabyte of body at most, in HTTP/2"
start_nginx limit2 "$(proxied 'client_max_body_size 1m' | served ' http2')"
there_and_back limit2

step "nothing is buffered, and whoever waits for a second is cut off"
start_nginx hasty "$(proxied 'client_max_body_size 0' 'proxy_request_buffering off' \
    'proxy_buffering off' 'proxy_read_timeout 5s' 'client_body_timeout 1s' | served '')"
there_and_back hasty

step "blobs are on another port"
start_nginx storage "$(proxied 'client_max_body_size 0' | served '')"
storage=$port
start_nginx redirect "$({
    printf 'location ~ ^/v2/.*/blobs/sha256: {\n  if ($request_method = GET) {\n'
    printf '    return 307 https://127.0.0.1:%s$request_uri;\n  }\n' "$storage"
    printf '  proxy_pass http://%s;\n  proxy_set_header Host $http_host;\n}\n' "$registry"
    proxied 'client_max_body_size 0'
} | served ' http2')"
there_and_back redirect
grep -q 'GET .*/blobs/.* 307 ' "$work/redirect-nginx/access.log" || fail "nobody was redirected"
grep -q 'GET .*/blobs/.* 200 ' "$work/storage-nginx/access.log" || fail "nobody came to the storage"
