#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# certs.d: the authority of one registry and a certificate for it, with a docker-registry that asks for
# one, and skopeo and podman as judges of the same folders; --insecure and --plain-http, each for the
# host that it names; --resolve.
. "$(dirname "$0")/lib.sh"

small_tree
digest=$(digest "$(imgtool build -t app:1 --add "$work/tree:/")")
make_certificate server
make_certificate client
cat >"$work/tls.yml" <<YAML
  tls:
    certificate: $work/server.pem
    key: $work/server.key
    clientcas: [$work/client-ca.pem]
YAML
start_registry strict "$(cat "$work/tls.yml")"
strict=$registry
start_registry lenient "$(tls_settings server)"
lenient=$registry
certs=$HOME/.config/containers/certs.d

# pushes HOST [OPTION...]
pushes() {
    local host=$1
    shift
    same "digest" "$digest" "$(digest "$(imgtool push "$@" app:1 "$host/app:1")")"
}

step "without settings nobody is trusted, and that is said with the way out"
refuses 5 "push .*$lenient.*certificate" "$IMGTOOL" push --retry 0 app:1 "$lenient/app:1"
imgtool doctor "$lenient/app:1" >"$work/doctor" 2>/dev/null && fail "the doctor is content"
grep -q "^  remedy .*certs.d/$lenient/ca.crt" "$work/doctor" || fail "no remedy: $(cat "$work/doctor")"

step "the authority of one registry"
mkdir -p "$certs/$lenient" "$certs/$strict"
cp "$work/server-ca.pem" "$certs/$lenient/ca.crt"
pushes "$lenient"
skopeo inspect "docker://$lenient/app:1" >/dev/null
refuses 5 "push .*$strict.*certificate" "$IMGTOOL" push --retry 0 app:1 "$strict/app:1"

step "a client's certificate"
cp "$work/server-ca.pem" "$certs/$strict/ca.crt"
refuses 5 "push .*$strict.*client certificate" "$IMGTOOL" push --retry 0 app:1 "$strict/app:1"
cp "$work/client.pem" "$certs/$strict/client.cert"
refuses 3 "client.cert but no $certs/$strict/client.key" "$IMGTOOL" push app:1 "$strict/app:1"
cp "$work/client.key" "$certs/$strict/client.key"
pushes "$strict"
skopeo inspect "docker://$strict/app:1" >/dev/null
imgtool doctor "$strict/app:1" >"$work/doctor"
grep -q "^  certificates *$certs/$strict/client.key$" "$work/doctor" || fail "$(cat "$work/doctor")"
grep -Eq "^  connect *$strict, TLSv1.[23] " "$work/doctor" || fail "$(cat "$work/doctor")"
step "a registry can't have its token fetched with a certificate for another site"
port_of_strict=${strict##*:}
mkdir -p "$certs/localhost:$port_of_strict"
cp "$work/server-ca.pem" "$certs/localhost:$port_of_strict/ca.crt"
cp "$work/client.pem" "$certs/localhost:$port_of_strict/client.cert"
cp "$work/client.key" "$certs/localhost:$port_of_strict/client.key"
# names HOST: a registry, $leading, that names a token service there.
names() {
    printf '{"auth":{"scheme":"bearer","realm":"https://%s/v2/"}}' "$1" >"$work/names.json"
    start_script "names-$1" python3 -B "$here/fake_registry.py" --script "$work/names.json" \
        --tls "$work/server.pem" "$work/server.key"
    leading=127.0.0.1:$port
    mkdir -p "$certs/$leading"
    cp "$work/server-ca.pem" "$certs/$leading/ca.crt"
}
names "$strict"
refuses 7 "$strict/v2/: the answer holds no token" "$IMGTOOL" push --retry 0 app:1 "$leading/app:1"
names "localhost:$port_of_strict"
status=0
imgtool --progress plain push --retry 0 app:1 "$leading/app:1" >"$work/out" 2>"$work/err" || status=$?
same "status" 5 "$status"
grep -q "certificate for localhost is not shown there: $leading" "$work/err" ||
    fail "no warning: $(cat "$work/err")"

rm "$certs/$strict/client.cert"
refuses 3 "client.key but no $certs/$strict/client.cert" "$IMGTOOL" push app:1 "$strict/app:1"

step "roots and proxies from the environment, as the doctor sees them"
mv "$certs/$lenient" "$work/kept"
SSL_CERT_FILE=$work/server-ca.pem imgtool doctor "$lenient/app:1" >"$work/doctor"
grep -q "^roots *$work/server-ca.pem (SSL_CERT_FILE)" "$work/doctor" || fail "$(cat "$work/doctor")"
mkdir "$work/roots"
cp "$work/server-ca.pem" "$work/roots/$(openssl x509 -hash -noout -in "$work/server-ca.pem").0"
SSL_CERT_DIR=$work/roots imgtool doctor "$lenient/app:1" >"$work/doctor"
grep -q "^roots .*$work/roots (SSL_CERT_DIR)" "$work/doctor" || fail "$(cat "$work/doctor")"
mv "$work/kept" "$certs/$lenient"
HTTPS_PROXY=http://me:hidden@proxy.example:3128 NO_PROXY=.inside.example \
    imgtool doctor --offline far.example/app:1 >"$work/doctor"
grep -q "^  proxy *http://proxy.example:3128.* (HTTPS_PROXY)" "$work/doctor" || fail "$(cat "$work/doctor")"
grep -q hidden "$work/doctor" && fail "the doctor tells the password of a proxy"
HTTPS_PROXY=http://proxy.example:3128 NO_PROXY=.inside.example \
    imgtool doctor --offline a.inside.example/app:1 >"$work/doctor"
grep -q "^  proxy *none (NO_PROXY: .inside.example)" "$work/doctor" || fail "$(cat "$work/doctor")"

step "podman takes the same folder"
cp "$work/client.pem" "$certs/$strict/client.cert"
podman --root "$work/graph" --runroot "$work/run" --storage-driver vfs pull -q "$strict/app:1" \
    --cert-dir "$certs/$strict" --signature-policy "$work/containers/policy.json" >/dev/null ||
    fail "podman can't pull with the same files"

step "a folder of one's own, and one as other tools have it"
mv "$certs" "$work/certs"
pushes "$strict" --cert-dir "$work/certs"
misuses "belongs to no registry: put it into $work/certs/$strict/$lenient" \
    "$IMGTOOL" push --cert-dir "$work/certs/$strict" app:1 "$lenient/app:1"

step "a folder that can't be read is skipped, with a warning"
mkdir -p "$certs"
ln -s loop "$certs/$lenient"
ln -s "$lenient" "$certs/loop"
status=0
imgtool --progress plain push --retry 0 app:1 "$lenient/app:1" >"$work/out" 2>"$work/err" || status=$?
same "status" 5 "$status"
grep -q "$certs/$lenient is skipped: it can't be read" "$work/err" || fail "no warning: $(cat "$work/err")"
rm -r "$certs"

step "not checked for one host, and in TLS all the same"
pushes "$lenient" --insecure "$lenient"
refuses 5 "certificate" "$IMGTOOL" push --retry 0 --insecure "$strict" app:1 "$lenient/app:1"
start_registry plain
refuses 5 "TLS|SSL" "$IMGTOOL" push --retry 0 --insecure "x.example:${registry#*:}" \
    --resolve "x.example:${registry#*:}:127.0.0.1" app:1 "x.example:${registry#*:}/app:1"
pushes "x.example:${registry#*:}" --plain-http "x.example:${registry#*:}" \
    --resolve "x.example:${registry#*:}:127.0.0.1"
refuses 6 "400" "$IMGTOOL" push --retry 0 --plain-http "$lenient" \
    --insecure "$lenient" app:1 "$lenient/app:2"

step "what is allowed for a registry is not allowed for its mirror"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n[[registry.mirror]]\nlocation = "%s"\n' \
    "$lenient" "$lenient" >"$CONTAINERS_REGISTRIES_CONF"
imgtool --store "$work/other" --progress plain --verbose pull --retry 0 "$lenient/app:1" >"$work/out" 2>"$work/err"
same "digest" "$digest" "$(digest "$(cat "$work/out")")"
grep -q "certificate" "$work/err" || fail "the mirror of that name was trusted: $(cat "$work/err")"
skopeo --registries-conf "$CONTAINERS_REGISTRIES_CONF" inspect "docker://$lenient/app:1" >/dev/null
