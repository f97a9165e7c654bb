# SPDX-License-Identifier: Apache-2.0
#
# Registries that only a proxy can reach: their name means something to the proxy alone. What the
# environment says in upper or lower case counts, loopback is never proxied, and the proxy's password
# is told to nobody.
. "$(dirname "$0")/lib.sh"

make_certificate inner '' DNS:registry.test
start_registry secure "$(tls_settings inner)"
secure=registry.test:${registry##*:}
start_registry plain
plain=registry.test:${registry##*:}
direct=$registry
export SSL_CERT_FILE=$work/inner-ca.pem

# start_proxy NAME [SETTING...]: a tinyproxy that knows registry.test. Sets $proxy to HOST:PORT.
start_proxy() {
    local name=$1
    shift
    proxy=127.0.0.1:$(free_port)
    {
        printf 'Port %s\nListen 127.0.0.1\nTimeout 30\nMaxClients 50\nLogLevel Connect\n' \
            "${proxy##*:}"
        printf 'LogFile "%s"\n' "$work/$name-proxy.log"
        printf '%s\n' "$@"
    } >"$work/$name-proxy.conf"
    printf '127.0.0.1 localhost registry.test\n' >"$work/hosts"
    # shellcheck disable=SC2016
    unshare --mount bash -c 'mount --bind "$1" /etc/hosts && exec tinyproxy -d -c "$2"' - \
        "$work/hosts" "$work/$name-proxy.conf" >/dev/null 2>"$work/$name-proxy.err" &
    pids+=("$!")
    wait_for_port "${proxy##*:}" "$!" tinyproxy
}

# went_by NAME METHOD: the proxy carried such a request.
went_by() {
    grep -q "Request .*: $2 " "$work/$1-proxy.log" || fail "the proxy saw no $2: $(cat "$work/$1-proxy.log")"
}

small_tree
imgtool build --add "$work/tree:/" -t app:1 >/dev/null
start_proxy open

step "the name means nothing here"
refuses 5 'registry\.test' imgtool push app:1 "$secure/app:1"

step "TLS through a tunnel"
pushed=$(digest "$(https_proxy=http://$proxy imgtool push app:1 "$secure/app:1")")
went_by open "CONNECT $secure"
pulled=$(digest "$(HTTPS_PROXY=$proxy IMGTOOL_STORE=$work/store-2 imgtool pull "$secure/app:1")")
same "through the tunnel" "$pushed" "$pulled"
ALL_PROXY=http://$proxy IMGTOOL_STORE=$work/store-3 imgtool pull "$secure/app:1" >/dev/null

step "plain HTTP, by the name that curl does not read"
pushed=$(digest "$(HTTP_PROXY=http://$proxy imgtool push --plain-http "$plain" app:1 "$plain/app:1")")
went_by open "PUT http://$plain/v2/app/manifests/1"
same "it arrived" "$pushed" \
    "$(skopeo inspect --format '{{.Digest}}' --tls-verify=false "docker://$direct/app:1")"

step "a program that a web server started does not trust it"
REQUEST_METHOD=GET HTTP_PROXY=http://$proxy refuses 5 'registry\.test' \
    imgtool push --plain-http "$plain" app:1 "$plain/app:1"

step "exceptions"
for exception in registry.test .test "$secure" '*' 'example.com, test'; do
    NO_PROXY=$exception HTTPS_PROXY=http://$proxy refuses 5 'registry\.test' \
        imgtool pull "$secure/app:1"
done
no_proxy=registry.test:1,other.test HTTPS_PROXY=http://$proxy IMGTOOL_STORE=$work/store-4 \
    imgtool pull "$secure/app:1" >/dev/null

step "loopback needs no proxy"
: >"$work/open-proxy.log"
HTTP_PROXY=http://$proxy http_proxy=http://$proxy ALL_PROXY=http://$proxy \
    imgtool push app:1 "$direct/other:1" >/dev/null
! grep -q Request "$work/open-proxy.log" || fail "loopback was proxied"

step "a proxy with a password"
start_proxy closed 'BasicAuth user s3cret'
HTTPS_PROXY=http://user:s3cret@$proxy IMGTOOL_STORE=$work/store-5 imgtool pull "$secure/app:1" >/dev/null
went_by closed "CONNECT $secure"
for proxy_url in "http://$proxy" "http://user:wr0ng@$proxy"; do
    HTTPS_PROXY=$proxy_url refuses 5 'the proxy answered 40[17]' imgtool pull "$secure/app:1"
    ! grep -q wr0ng "$work/stderr" || fail "the password of the proxy was told"
done

step "a proxy that is not there"
HTTPS_PROXY=http://127.0.0.1:$(free_port) refuses 5 'proxy' imgtool pull "$secure/app:1"
