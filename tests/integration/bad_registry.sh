#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Registries that are not there, lie, or refuse. Each time: one line that names registry and reason,
# the exit status of its class, no name in the store, and nothing left in it.
. "$(dirname "$0")/lib.sh"

small_tree
imgtool build -t good:1 --add "$work/tree:/" >/dev/null
names=$(imgtool images)

unchanged() {
    same "names" "$names" "$(imgtool images)"
    consistent
}

step "nobody listens"
port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
refuses 5 "127.0.0.1:$port.*([Rr]efused|connect)" "$IMGTOOL" pull "127.0.0.1:$port/a:1"
refuses 5 "127.0.0.1:$port.*([Rr]efused|connect)" "$IMGTOOL" push good:1 "127.0.0.1:$port/a:1"
unchanged

step "a host that does not exist"
refuses 5 'no-such-host.invalid.*([Rr]esolve|unknown host|no address)' \
    "$IMGTOOL" pull no-such-host.invalid/a:1
unchanged

start_registry registry
imgtool push good:1 "$registry/good:1" >/dev/null

step "an image that is not there"
refuses 3 "$registry/good:2.*(not found|no such|unknown)" "$IMGTOOL" pull "$registry/good:2"
refuses 3 "$registry/nothing:1.*(not found|no such|unknown)" "$IMGTOOL" pull "$registry/nothing:1"
refuses 3 'no image .*nothing:1 in the store' "$IMGTOOL" push nothing:1 "$registry/nothing:1"
unchanged

# blob N: the file of the registry that holds layer N of good:1, or the manifest or the config.
stored() {
    echo "$work/registry/docker/registry/v2/blobs/sha256/${1:7:2}/${1:7}/data"
}
manifest=$(imgtool --format json images | jq -r '.[0].digest')
layer=$(imgtool inspect --raw good:1 | jq -r '.layers[0].digest')
config=$(imgtool inspect --raw good:1 | jq -r '.config.digest')

# damaged WHAT DIGEST COMMAND...: changes a file of the registry, pulls, changes it back.
damaged() {
    local what=$1 digest=$2 pattern=$3 file
    shift 3
    step "$what"
    file=$(stored "$digest")
    cp "$file" "$work/saved"
    "$@" "$file"
    rm -rf "$work/other"
    refuses 7 "$pattern" "$IMGTOOL" --store "$work/other" pull "$registry/good:1"
    consistent "$work/other"
    same "images" "[]" "$(imgtool --store "$work/other" --format json images | jq -c .)"
    cp "$work/saved" "$file"
}

flip() {
    printf 'Z' | dd of="$1" bs=1 seek=40 conv=notrunc status=none
}
damaged "a layer with another digest" "$layer" "${layer:0:19}.*digest" flip
damaged "a layer that ends early" "$layer" "${layer:0:19}" truncate -s -10
damaged "a layer that is too long" "$layer" "${layer:0:19}" truncate -s +10
damaged "a config with another digest" "$config" "${config:0:19}" flip
damaged "a manifest with another digest" "$manifest" "$registry/good:1.*digest" \
    sed -i 's/"schemaVersion"/"schemaVersioN"/'
imgtool --store "$work/other" pull "$registry/good:1" >/dev/null
consistent "$work/other"

step "a connection that breaks in the middle of a layer"
jq -n '{rules: [{method: "GET", path: "/v2/.*/blobs/.*", truncate: 100}]}' >"$work/script.json"
start_script fake python3 -B "$here/fake_registry.py" --script "$work/script.json"
imgtool push good:1 "127.0.0.1:$port/cut:1" >/dev/null
rm -rf "$work/other"
refuses 5 "127.0.0.1:$port/cut:1" "$IMGTOOL" --store "$work/other" pull "127.0.0.1:$port/cut:1"
consistent "$work/other"

step "a web server, not a registry"
mkdir "$work/web"
echo '<!DOCTYPE html><html><body>Welcome!</body></html>' >"$work/web/index.html"
start_script web python3 -B "$here/web_server.py" "$work/web/index.html"
for verb in pull push; do
    [ $verb = pull ] && set -- "127.0.0.1:$port/a:1" || set -- good:1 "127.0.0.1:$port/a:1"
    status=0
    imgtool $verb "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    judge_refusal "$status" "127.0.0.1:$port.*(HTML|html|not a registry|JSON)" "$status" "$verb"
    case $status in 1 | 6 | 7) ;; *) fail "$verb: exit $status" ;; esac
    if grep -q '<' "$work/stderr"; then fail "the body was printed"; fi
done
unchanged

step "certificates"
make_certificate good
make_certificate expired '2020-01-01 00:00:00'
start_registry expired "$(tls_settings expired)"
SSL_CERT_FILE=$work/expired-ca.pem refuses 5 "$registry.*expired" "$IMGTOOL" pull "$registry/a:1"
make_certificate other '' DNS:other.example
start_registry other "$(tls_settings other)"
SSL_CERT_FILE=$work/other-ca.pem refuses 5 "$registry.*another host name" \
    "$IMGTOOL" pull "$registry/a:1"
start_registry tls "$(tls_settings good)"
refuses 5 "$registry.*(certificate|issuer|authority)" "$IMGTOOL" pull "$registry/a:1"
SSL_CERT_FILE=$work/good-ca.pem imgtool push good:1 "$registry/a:1" >/dev/null
unchanged

step "a machine without certificate authorities"
mkdir "$work/empty"
without_authorities() {
    unshare -m bash -c 'mount --bind "$0" /etc/ssl/certs && exec "$@"' "$work/empty" "$@"
}
refuses 5 "$registry.*no certificate authorities: install ca-certificates" \
    without_authorities "$IMGTOOL" pull "$registry/a:1"
start_registry plain
without_authorities "$IMGTOOL" push good:1 "$registry/a:1" >/dev/null
unchanged

step "passwords"
start_registry htpasswd "$(tls_settings good)
$(htpasswd_settings alice 'correct horse')"
export SSL_CERT_FILE=$work/good-ca.pem
refuses 4 "$registry.*(login|credential)" "$IMGTOOL" pull "$registry/a:1"
refuses 4 "$registry.*(alice|password)" "$IMGTOOL" login -u alice --password-stdin "$registry" \
    <<<'wrong'
[ ! -e "$HOME/.docker/config.json" ] || fail "a wrong password was written down"
mkdir -p "$HOME/.docker"
jq -n --arg registry "$registry" --arg auth "$(printf 'alice:wrong' | base64)" \
    '{auths: {($registry): {auth: $auth}}}' >"$HOME/.docker/config.json"
refuses 4 "$registry.*(alice|password|login)" "$IMGTOOL" push good:1 "$registry/a:1"
if grep -q wrong "$work/stderr"; then fail "the password was printed"; fi
unchanged
