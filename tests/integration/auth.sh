#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The ways to be let in: without a name, by htpasswd over TLS, and by a token; from the files where
# docker and podman keep credentials, by login and without it after logout.
. "$(dirname "$0")/lib.sh"

small_tree
digest=$(digest "$(imgtool build -t good:1 --add "$work/tree:/")")

# there_and_back REFERENCE: pushes and pulls.
there_and_back() {
    same "digest of push" "$digest" "$(digest "$(imgtool push good:1 "$1")")"
    rm -rf "$work/other"
    same "digest of pull" "$digest" "$(digest "$(imgtool --store "$work/other" pull "$1")")"
    consistent "$work/other"
}

step "anonymous"
start_registry anonymous
there_and_back "$registry/team/app:1"
there_and_back "localhost:${registry##*:}/team/app:2"

step "TLS by an authority of the system"
make_certificate tls
start_registry trusted "$(tls_settings tls)"
system_trusts() {
    unshare -m bash -c 'mount --bind "$0" /etc/ssl/certs/ca-certificates.crt && exec "$@"' \
        "$work/tls-ca.pem" "$@"
}
refuses 5 "$registry.*unknown authority" "$IMGTOOL" push good:1 "$registry/team/app:1"
same "digest of push" "$digest" \
    "$(digest "$(system_trusts "$IMGTOOL" push good:1 "$registry/team/app:1")")"

step "htpasswd over TLS"
export SSL_CERT_FILE=$work/tls-ca.pem
start_registry htpasswd "$(tls_settings tls)
$(htpasswd_settings alice 'p:a s/s@wörd')"
imgtool login -u alice --password-stdin "$registry" <<<'p:a s/s@wörd'
same "mode of the file" 600 "$(stat -c %a "$HOME/.docker/config.json")"
there_and_back "$registry/team/app:1"
same "skopeo sees it by what login wrote" "$digest" \
    "$(skopeo inspect --authfile "$HOME/.docker/config.json" --cert-dir "$work/certificates" \
        --tls-verify=false --format '{{.Digest}}' "docker://$registry/team/app:1")"
imgtool logout "$registry"
refuses 4 "$registry" "$IMGTOOL" push good:1 "$registry/team/app:2"

step "what skopeo login wrote, in another file"
command skopeo login --tls-verify=false --authfile "$work/auth.json" -u alice --password-stdin \
    "$registry" <<<'p:a s/s@wörd' >/dev/null
REGISTRY_AUTH_FILE=$work/auth.json there_and_back "$registry/team/app:3"

step "tokens"
openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj '/CN=tokens' -keyout "$work/token.key" \
    -out "$work/token.pem" 2>/dev/null
start_script tokens python3 -B "$here/token_server.py" --key "$work/token.key" \
    --cert "$work/token.pem" --user 'bob:secret' --anonymous pull --record "$work/asked"
start_registry token "auth:
  token: {realm: 'http://127.0.0.1:$port/token', service: here, issuer: token_server,
          rootcertbundle: $work/token.pem}"
# Nobody in particular may pull here, and only that.
refuses 4 "$registry.*log in" "$IMGTOOL" push good:1 "$registry/team/app:1"
imgtool login -u bob --password-stdin "$registry" <<<'secret'
there_and_back "$registry/team/app:1"
grep -q 'scope=repository%3Ateam%2Fapp%3Apull%2Cpush\|scope=repository:team/app:pull,push' \
    "$work/asked" || fail "the scope that was asked for: $(cat "$work/asked")"
same "digest by skopeo" "$digest" "$(skopeo inspect --tls-verify=false \
    --creds bob:secret --format '{{.Digest}}' "docker://$registry/team/app:1")"
imgtool logout "$registry"
rm -rf "$work/other"
same "digest of an anonymous pull" "$digest" \
    "$(digest "$(imgtool --store "$work/other" pull "$registry/team/app:1")")"
refuses 4 "$registry" "$IMGTOOL" login -u bob --password-stdin "$registry" <<<'wrong'

step "a password that is not good any more"
jq -n --arg registry "$registry" --arg auth "$(printf 'bob:wrong' | base64)" \
    '{auths: {($registry): {auth: $auth}}}' >"$HOME/.docker/config.json"
rm -rf "$work/other"
# What anybody may read is read, and it is told that this was as nobody.
same "digest of a pull" "$digest" "$(digest "$(imgtool --progress plain --store "$work/other" \
    pull "$registry/team/app:1" 2>"$work/told")")"
same "warnings" 1 "$(grep -c 'user "bob" of .* was refused.*: going on without a credential' "$work/told")"
refuses 3 'MANIFEST_UNKNOWN.*without a credential, since GET .*/token: 401.*user "bob"' \
    "$IMGTOOL" pull "$registry/team/app:2"
refuses 4 '/token: 401.*user "bob" of .*config.json was refused' "$IMGTOOL" push good:1 "$registry/team/app:3"
