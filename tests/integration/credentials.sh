#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Where credentials come from: the files of docker, podman and skopeo in their order, namespaces,
# helpers, and what "auth explain" says of them. What others wrote works here, what is written here works
# for others.
. "$(dirname "$0")/lib.sh"

export XDG_RUNTIME_DIR=$work/runtime
mkdir -p "$XDG_RUNTIME_DIR" "$HOME/.docker"
config=$HOME/.docker/config.json

small_tree
digest=$(digest "$(imgtool build -t good:1 --add "$work/tree:/")")
start_registry htpasswd "$(htpasswd_settings alice 'p:a s/s@wörd')"

# entry USER:PASSWORD: an object with "auth".
entry() {
    jq -n --arg auth "$(printf '%s' "$1" | base64 -w0)" '{auth: $auth}'
}
good=$(entry 'alice:p:a s/s@wörd')
bad=$(entry 'alice:wrong')

# auths FILE KEY ENTRY...: a file with these entries.
auths() {
    local file=$1
    shift
    mkdir -p "$(dirname "$file")"
    echo '{"auths": {}}' >"$file"
    while [ $# -gt 0 ]; do
        jq --arg key "$1" --argjson entry "$2" '.auths[$key] = $entry' "$file" >"$file.new"
        mv "$file.new" "$file"
        shift 2
    done
}

# explains FILTER EXPECTED [OPTION]...: what jq's FILTER takes from the explanation.
explains() {
    local filter=$1 expected=$2
    shift 2
    same "explanation" "$expected" "$(imgtool auth explain "$registry/team/app:1" --format json "$@" |
        jq -r "$filter")"
}

pushes() {
    same "digest" "$digest" "$(digest "$(imgtool push good:1 "$registry/team/app:1" "$@")")"
}

step "each place, and that the ones before it go first"
auths "$HOME/.docker/plain" x "$bad"
jq --arg key "http://$registry/v2/" --argjson entry "$good" -n '{($key): $entry}' >"$HOME/.dockercfg"
pushes
explains .credential.file "$HOME/.dockercfg"
explains '.skipped | length' 3
auths "$config" "$registry" "$bad"
refuses 4 "user \"alice\" of auths\[.*\] in $config was refused" "$IMGTOOL" push good:1 \
    "$registry/team/app:1"
places=("$XDG_CONFIG_HOME/containers/auth.json" "$XDG_RUNTIME_DIR/containers/auth.json")
for file in "${places[@]}"; do
    auths "$file" "$registry" "$good"
    pushes
    explains .credential.file "$file"
    auths "$file" "$registry" "$bad"
    refuses 4 "$file was refused" "$IMGTOOL" push good:1 "$registry/team/app:1"
done
export DOCKER_CONFIG=$work/docker
auths "$DOCKER_CONFIG/config.json" "$registry" "$good"
explains .credential.file "$XDG_RUNTIME_DIR/containers/auth.json"
auths "$work/named" other.example "$good"
export REGISTRY_AUTH_FILE=$work/named
explains '.skipped[0]' "$work/named: it has no entry for this host"
explains .credential.file "$XDG_RUNTIME_DIR/containers/auth.json"
auths "$work/named" "$registry" "$good"
pushes
DOCKER_AUTH_CONFIG=$(jq -n --arg key "$registry" --argjson entry "$bad" '{auths: {($key): $entry}}')
export DOCKER_AUTH_CONFIG
refuses 4 "in \\\$DOCKER_AUTH_CONFIG was refused" "$IMGTOOL" push good:1 "$registry/team/app:1"
export DOCKER_AUTH_CONFIG='{"auths": {"other.example": {}}}'
pushes
auths "$work/option" "$registry" "$bad"
refuses 4 "in $work/option was refused" "$IMGTOOL" push good:1 "$registry/team/app:1" --authfile "$work/option"
step "a file that is named is the only one"
auths "$work/option" other.example "$good"
refuses 4 "no credential for $registry in $work/option" "$IMGTOOL" push good:1 "$registry/team/app:1" \
    --authfile "$work/option"
unset DOCKER_AUTH_CONFIG REGISTRY_AUTH_FILE DOCKER_CONFIG
rm "$HOME/.dockercfg" "${places[@]}" "$config"

step "namespaces"
auths "$config" "$registry" "$bad" "$registry/team" "$good" "$registry/team/app/more" "$bad"
pushes
explains .credential.key "auths[\"$registry/team\"]"
refuses 4 "auths\[\"$registry\"\] in" "$IMGTOOL" push good:1 "$registry/teams/app:1"

step "what is broken is told, and nothing of it"
auths "$config" "$registry" '{"auth": "s3cret!"}'
refuses 7 "$config: auths\[\"$registry\"\]: \"auth\" is not base64" "$IMGTOOL" pull "$registry/team/app:1"
echo "{\"auths\": {\"$registry\": {\"auth\": \"s3cret" >"$config"
refuses 7 "$config is not valid JSON" "$IMGTOOL" pull "$registry/team/app:1"
if grep -q s3cret "$work/stderr"; then fail "a secret was printed"; fi
rm "$config"

step "files of somebody else are passed by, with a warning, but not one that was named"
auths "$config" "$registry" "$good"
auths "$XDG_CONFIG_HOME/containers/auth.json" other.example "$good"
chmod 000 "$XDG_CONFIG_HOME/containers/auth.json"
unprivileged() {
    setpriv --inh-caps=-all --bounding-set=-dac_override,-dac_read_search "$@"
}
unprivileged "$IMGTOOL" --progress plain push good:1 "$registry/team/app:1" >/dev/null 2>"$work/told"
grep -q "warning: cannot open $XDG_CONFIG_HOME/containers/auth.json: Permission denied: going on without it" \
    "$work/told" || fail "push said: $(cat "$work/told")"
REGISTRY_AUTH_FILE=$XDG_CONFIG_HOME/containers/auth.json refuses 9 'auth.json.*Permission denied' \
    unprivileged "$IMGTOOL" push good:1 "$registry/team/app:1"
rm "$config" "$XDG_CONFIG_HOME/containers/auth.json"

step "login to a namespace, and logout"
imgtool --progress plain login -u alice --password-stdin "$registry/team" <<<'p:a s/s@wörd' 2>"$work/told"
grep -q "kept in $config" "$work/told" || fail "login said: $(cat "$work/told")"
same "keys" "$registry/team" "$(jq -r '.auths | keys[]' "$config")"
pushes
same "skopeo reads it" "$digest" "$(skopeo inspect --authfile "$config" --tls-verify=false \
    --format '{{.Digest}}' "docker://$registry/team/app:1")"
refuses 4 "no credential for $registry" "$IMGTOOL" push good:1 "$registry/other:1"
refuses 3 "no credential for $registry" "$IMGTOOL" logout "$registry"
imgtool --progress plain logout "$registry/team" 2>"$work/told"
grep -q "taken out of $config" "$work/told" || fail "logout said: $(cat "$work/told")"

step "what podman and skopeo keep"
printf 'p:a s/s@wörd' | command skopeo login --tls-verify=false -u alice --password-stdin "$registry" \
    >/dev/null
explains .credential.file "$XDG_RUNTIME_DIR/containers/auth.json"
pushes
imgtool logout "$registry"
if command skopeo login --get-login "$registry" >/dev/null 2>&1; then fail "skopeo is still logged in"; fi
printf 'p:a s/s@wörd' | podman --storage-driver vfs login --tls-verify=false -u alice --password-stdin \
    --authfile "$XDG_CONFIG_HOME/containers/auth.json" "$registry/team" >/dev/null
explains .credential.key "auths[\"$registry/team\"]"
pushes
rm "$XDG_CONFIG_HOME/containers/auth.json"
imgtool login -u alice --password-stdin "$registry" <<<'p:a s/s@wörd'
same "podman reads it" alice "$(podman --storage-driver vfs login --get-login --authfile "$config" "$registry")"
same "skopeo reads it" "$digest" "$(skopeo inspect --authfile "$config" --tls-verify=false \
    --format '{{.Digest}}' "docker://$registry/team/app:1")"
imgtool logout "$registry"

step "a helper, as docker has them"
mkdir "$work/bin" "$work/kept"
cat >"$work/bin/docker-credential-test" <<'HELPER'
#!/bin/sh
# Keeps credentials in files; notes how it is called.
echo "$@" >>"$KEPT.argv"
case $1 in
    store)
        input=$(cat)
        echo "$input" >"$KEPT/$(echo "$input" | jq -r .ServerURL | tr -c 'a-z0-9\n' _)"
        ;;
    get)
        cat "$KEPT/$(tr -c 'a-z0-9\n' _)" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; }
        ;;
    erase) rm "$KEPT/$(tr -c 'a-z0-9\n' _)" ;;
esac
HELPER
chmod 755 "$work/bin/docker-credential-test"
export PATH=$work/bin:$PATH KEPT=$work/kept
for settings in '{credsStore: "test"}' '{credHelpers: {($key): "test"}, credsStore: "not-there"}'; do
    jq -n --arg key "$registry" "$settings" >"$config"
    refuses 4 "no credential for $registry in .*$config" "$IMGTOOL" push good:1 "$registry/team/app:1"
    imgtool --progress plain login -u alice --password-stdin "$registry" <<<'p:a s/s@wörd' 2>"$work/told"
    grep -q 'kept by docker-credential-test' "$work/told" || fail "login said: $(cat "$work/told")"
    same "what is left in the file" '{}' "$(jq -c --arg key "$registry" '.auths[$key]' "$config")"
    if grep -q 'rd"' "$config"; then fail "the password is in the file"; fi
    pushes
    explains .credential.helper docker-credential-test
    explains .credential.user alice
    imgtool --progress plain logout "$registry" 2>"$work/told"
    grep -q 'taken out of docker-credential-test' "$work/told" || fail "logout said: $(cat "$work/told")"
    same "keys" '{}' "$(jq -c .auths "$config")"
    [ -z "$(ls "$KEPT")" ] || fail "the helper still has: $(ls "$KEPT")"
done
if grep -q 'alice\|rd' "$KEPT.argv"; then fail "a secret was an argument: $(cat "$KEPT.argv")"; fi

step "a registry that asks for nothing can't check"
echo '{}' >"$config"
start_registry open
imgtool --progress plain login -u alice --password-stdin "$registry" <<<anything 2>"$work/told"
grep -q "warning: $registry asks for no credential: this one is kept, but nobody has checked it" "$work/told" ||
    fail "login said: $(cat "$work/told")"

step "one challenge and one token for a push or a pull of many blobs"
layers=()
for i in 1 2 3 4 5 6 7 8; do
    echo "$i" >"$work/tree/file$i"
    tar -C "$work/tree" -cf "$work/layer$i.tar" "file$i"
    layers+=(--layer "$work/layer$i.tar:/")
done
imgtool build -t many:1 "${layers[@]}" >/dev/null
jq -n '{auth: {scheme: "bearer", users: {alice: "s3cret"}}}' >"$work/script.json"
start_script fake python3 -B "$here/fake_registry.py" --script "$work/script.json" --record "$work/asked"
auths "$config" "127.0.0.1:$port" "$(entry alice:s3cret)"
for verb in push pull; do
    : >"$work/asked"
    if [ $verb = push ]; then
        imgtool -vv --progress plain push many:1 "127.0.0.1:$port/many:1"
    else
        imgtool -vv --progress plain --store "$work/other" pull "127.0.0.1:$port/many:1"
    fi >"$work/stdout" 2>"$work/told"
    same "challenges of a $verb" 1 "$(grep -c ' 401 ' "$work/asked")"
    same "tokens of a $verb" 1 "$(grep -c ' /token' "$work/asked")"
    # The lines tell of each request, but nothing that opens a door.
    [ "$(grep -c 127.0.0.1 "$work/told")" -gt 10 ] || fail "$verb -vv: $(cat "$work/told")"
    if grep -E 's3cret|token-[0-9]|Basic |Bearer [^r]|_state' "$work/told" "$work/stdout"; then
        fail "$verb -vv tells a secret"
    fi
done
