# SPDX-License-Identifier: Apache-2.0
#
# Sourced first by every integration test. Gives it a folder of its own, $work, that goes away with
# whatever was started; a home that hides the user's settings; and the words to start registries and
# to say what is expected. $IMGTOOL is the command under test. Nothing here goes beyond loopback.
set -euo pipefail

: "${IMGTOOL:?is not set: run this by ctest, or set it to the path of imgtool}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
inputs=${LIBIMG_TEST_INPUTS:-${XDG_CACHE_HOME:-$HOME/.cache}/libimg-tests}

# Not in /tmp, which may be a tmpfs: that is small, and has no extended attributes of users.
work=$(mktemp -d "${TMPDIR:-/var/tmp}/libimg-test.XXXXXX")
chmod 755 "$work"
pids=()
mounts=()
# A stdin for servers, that has no end while this shell lives.
mkfifo "$work/stdin"
exec 9<>"$work/stdin"

cleanup() {
    local status=$? pid point
    trap - EXIT
    set +e
    for pid in "${pids[@]}"; do
        kill -CONT "$pid"
        kill "$pid"
        wait "$pid"
    done 2>/dev/null
    for point in "${mounts[@]}"; do
        umount -l "$point"
    done
    rm -rf "$work"
    exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

unset DOCKER_CONFIG REGISTRY_AUTH_FILE SOURCE_DATE_EPOCH XDG_RUNTIME_DIR
unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config XDG_DATA_HOME=$work/home/.local/share
export XDG_CACHE_HOME=$work/home/.cache
export LC_ALL=C.UTF-8 TZ=UTC
export IMGTOOL_STORE=$work/store IMGTOOL_PROGRESS=none

# The judges get settings of their own too.
mkdir -p "$work/home" "$work/containers"
export CONTAINERS_STORAGE_CONF=$work/containers/storage.conf
export CONTAINERS_REGISTRIES_CONF=$work/containers/registries.conf
export BUILDAH_ISOLATION=chroot
printf '[storage]\ndriver = "vfs"\nrunroot = "%s"\ngraphroot = "%s"\n' \
    "$work/containers/run" "$work/containers/graph" >"$CONTAINERS_STORAGE_CONF"
echo 'unqualified-search-registries = []' >"$CONTAINERS_REGISTRIES_CONF"
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/containers/policy.json"

skopeo() {
    command skopeo --policy "$work/containers/policy.json" "$@"
}

umask 022

imgtool() {
    "$IMGTOOL" "$@"
}

step() {
    echo "-- $*"
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
    [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"
    [ -n "$2" ] || fail "$1: is empty on both sides"
}

# digest LINE: what follows the @ of a result NAME@sha256:...
digest() {
    [[ $1 =~ ^[^[:space:]]+@(sha256:[0-9a-f]{64})$ ]] || fail "not NAME@DIGEST: '$1'"
    echo "${BASH_REMATCH[1]}"
}

# refuses STATUS PATTERN COMMAND...: the command fails with that exit status, says one line that
# matches the extended regular expression, and prints nothing on stdout.
refuses() {
    local expected=$1 pattern=$2 status=0
    shift 2
    "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    judge_refusal "$expected" "$pattern" "$status" "$*"
}

# The same of a command that ran already: its output is in $work/stdout and $work/stderr.
judge_refusal() {
    local expected=$1 pattern=$2 status=$3 what=$4
    if [ "$status" != "$expected" ] || [ -s "$work/stdout" ] ||
        [ "$(wc -l <"$work/stderr")" != 1 ] || ! grep -Eq -- "$pattern" "$work/stderr"; then
        sed 's/^/stdout: /' "$work/stdout" >&2
        sed 's/^/stderr: /' "$work/stderr" >&2
        fail "$what: exit $status; expected $expected and one line like '$pattern'"
    fi
    sed 's/^/   /' "$work/stderr"
}

# misuses PATTERN COMMAND...: the command refuses its arguments: status 2, a line that matches, and how
# it is used.
misuses() {
    local pattern=$1 status=0
    shift
    "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
    tail -n 1 "$work/stderr" | grep -q '^usage: ' || fail "$*: no usage: $(cat "$work/stderr")"
    sed -i '$d' "$work/stderr"
    judge_refusal 2 "$pattern" "$status" "$*"
}

# The number that the registry whose log this is listens on.
logged_port() {
    sed -n 's/.*msg="listening on [^"]*:\([0-9]*\)\(, tls\)\?".*/\1/p' "$1"
}

# start_registry NAME [YAML]: a docker-registry on a free port of loopback, with its data in
# $work/NAME and YAML added to its settings. Sets $registry to 127.0.0.1:PORT, $registry_pid.
# An indented line in YAML goes on with the section "http:".
start_registry() {
    local name=$1 more=${2:-} port='' try
    mkdir -p "$work/$name"
    cat >"$work/$name.yml" <<END
version: 0.1
log: {level: info, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: $work/$name}
  delete: {enabled: true}
http:
  addr: 127.0.0.1:0
  secret: for-a-test
$more
END
    : >"$work/$name.log"
    docker-registry serve "$work/$name.yml" >>"$work/$name.log" 2>&1 &
    registry_pid=$!
    pids+=("$registry_pid")
    for try in $(seq 100); do
        port=$(logged_port "$work/$name.log")
        [ -z "$port" ] || break
        kill -0 "$registry_pid" 2>/dev/null || break
        sleep 0.1
    done
    [ -n "$port" ] || fail "docker-registry did not start: $(tail -n 3 "$work/$name.log")"
    registry=127.0.0.1:$port
}

# make_certificate NAME [DATE [HOSTS]]: an authority in $work/NAME-ca.pem and a certificate in
# $work/NAME.pem and .key, for loopback unless HOSTS says otherwise, valid for ten days from faketime's
# DATE or from now.
make_certificate() {
    local name=$1 hosts=${3:-IP:127.0.0.1,DNS:localhost} when=()
    [ -z "${2:-}" ] || when=(faketime "$2")
    "${when[@]}" openssl req -x509 -newkey rsa:2048 -nodes -days 10 -subj "/CN=$name authority" \
        -keyout "$work/$name-ca.key" -out "$work/$name-ca.pem" 2>/dev/null
    "${when[@]}" openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" \
        -keyout "$work/$name.key" -out "$work/$name.csr" 2>/dev/null
    printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\n' "$hosts" >"$work/$name.ext"
    "${when[@]}" openssl x509 -req -in "$work/$name.csr" -days 10 -CA "$work/$name-ca.pem" \
        -CAkey "$work/$name-ca.key" -CAcreateserial -extfile "$work/$name.ext" \
        -out "$work/$name.pem" 2>/dev/null
}

# The settings, for start_registry, of TLS with the certificate NAME.
tls_settings() {
    printf '  tls: {certificate: %s, key: %s}\n' "$work/$1.pem" "$work/$1.key"
}

# The settings of htpasswd with one user.
htpasswd_settings() {
    htpasswd -Bbn "$1" "$2" >"$work/passwords"
    printf 'auth:\n  htpasswd: {realm: test, path: %s}\n' "$work/passwords"
}

# start_script NAME COMMAND...: a server that prints its port once it listens, and may take the end
# of its stdin for a sign to go. Sets $port.
start_script() {
    local name=$1 try
    shift
    : >"$work/$name.out"
    "$@" <"$work/stdin" >>"$work/$name.out" 2>"$work/$name.err" &
    script_pid=$!
    pids+=("$script_pid")
    port=''
    for try in $(seq 100); do
        port=$(sed -n 's/^\([0-9]\{1,\}\)$/\1/p' "$work/$name.out")
        [ -z "$port" ] || return 0
        kill -0 "$script_pid" 2>/dev/null || break
        sleep 0.1
    done
    fail "$name did not start: $(tail -n 3 "$work/$name.err")"
}

# A port of loopback that nobody listens on, for servers that can't choose one themselves.
free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for_port PORT PID NAME: until the server listens.
wait_for_port() {
    local try
    for try in $(seq 100); do
        ! (exec 8<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
        kill -0 "$2" 2>/dev/null || break
        sleep 0.1
    done
    fail "$3 did not start"
}

# start_nginx NAME SETTINGS: an nginx with these in its section "http", where PORT stands for the port.
# Sets $port and $nginx_pid. What it was asked is in $work/NAME-nginx/access.log, a request a line.
start_nginx() {
    local dir=$work/$1-nginx path
    mkdir -p "$dir"
    : >"$dir/error.log"
    port=$(free_port)
    {
        printf 'daemon off;\nuser root;\nworker_processes 1;\npid %s;\nerror_log %s notice;\n' \
            "$dir/pid" "$dir/error.log"
        printf 'events { worker_connections 256; }\nhttp {\n'
        # shellcheck disable=SC2016
        echo 'log_format requests "$request_method $request_uri $status $server_protocol $bytes_sent";'
        echo "access_log $dir/access.log requests;"
        for path in client_body proxy fastcgi uwsgi scgi; do
            echo "${path}_temp_path $dir/$path;"
        done
        sed "s/\bPORT\b/$port/g" <<<"$2"
        echo '}'
    } >"$dir/nginx.conf"
    nginx -e "$dir/error.log" -c "$dir/nginx.conf" 2>>"$dir/error.log" &
    nginx_pid=$!
    pids+=("$nginx_pid")
    wait_for_port "$port" "$nginx_pid" "nginx: $(tail -n 3 "$dir/error.log")"
}

# A small tree, $work/tree, that costs no time.
small_tree() {
    mkdir -p "$work/tree/etc" "$work/tree/bin"
    echo 'hello' >"$work/tree/etc/hello"
    seq 20000 >"$work/tree/etc/numbers"
    printf '#!/bin/sh\nexec cat /etc/hello\n' >"$work/tree/bin/hello"
    chmod 755 "$work/tree/bin/hello"
    ln -s hello "$work/tree/bin/hi"
    # Whole seconds: not every tool cuts a fraction off, some round.
    find "$work/tree" -exec touch -h -d '2020-02-02 02:02:02' {} +
}

# consistent [STORE]: no temporary file is left, every blob has the digest that it is called, and
# all that index.json names is there, down to the last layer.
consistent() {
    python3 -B "$here/consistent.py" "${1:-$IMGTOOL_STORE}" || fail "the store is not consistent"
}

# usable [STORE]: the same where a process was killed, which may leave temporary files.
usable() {
    python3 -B "$here/consistent.py" --killed "${1:-$IMGTOOL_STORE}" ||
        fail "the store is not consistent"
}
