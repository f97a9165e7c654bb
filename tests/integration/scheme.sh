# SPDX-License-Identifier: Apache-2.0
#
# HTTPS or HTTP: without being told, plain HTTP is spoken to this machine alone, and only after it was
# seen that there is no TLS. A name that leads here is not this machine's.
. "$(dirname "$0")/lib.sh"

make_certificate inner '' DNS:registry.test,IP:127.0.0.1,DNS:localhost
start_registry secure "$(tls_settings inner)"
secure=$registry
start_registry plain
plain=$registry
port=${plain##*:}
lead=(--resolve "registry.test:$port:127.0.0.1" --resolve "registry.test:${secure##*:}:127.0.0.1")

small_tree
imgtool build --add "$work/tree:/" -t app:1 >/dev/null

step "loopback is asked in TLS first, and in HTTP if it has none"
imgtool push app:1 "localhost:$port/app:1" >/dev/null
imgtool push app:1 "$plain/other:1" >/dev/null
SSL_CERT_FILE=$work/inner-ca.pem imgtool push app:1 "$secure/app:1" >/dev/null

step "a certificate that is wrong is no reason for plain HTTP, here neither"
refuses 5 'authority' imgtool pull "$secure/app:1"

step "any other name is not, unless that is asked for"
refuses 5 "registry\.test:$port: .*speak TLS" \
    imgtool pull "${lead[@]}" "registry.test:$port/app:1"
IMGTOOL_STORE=$work/store-2 imgtool pull "${lead[@]}" --plain-http "registry.test:$port" \
    "registry.test:$port/app:1" >/dev/null

step "what one registry is asked for in is not what others are"
refuses 5 "speak TLS" imgtool pull "${lead[@]}" --plain-http "registry.test:1" \
    "registry.test:$port/app:1"

step "a name and its address, as they were given"
SSL_CERT_FILE=$work/inner-ca.pem IMGTOOL_STORE=$work/store-3 imgtool pull "${lead[@]}" \
    "registry.test:${secure##*:}/app:1" >/dev/null
misuses 'HOST:PORT:ADDRESS' imgtool pull --resolve registry.test "registry.test:$port/app:1"

step "once for all that begin at the same time"
start_script fake python3 -B "$here/fake_registry.py"
imgtool build --add "$work/tree:/" --add "$work/tree:/more" --add "$work/tree:/most" -t app:2 >/dev/null
imgtool --progress plain --verbose push app:2 "127.0.0.1:$port/app:2" >/dev/null 2>"$work/log"
if grep "trying again" "$work/log"; then fail "TLS was tried where it was known that there is none"; fi
