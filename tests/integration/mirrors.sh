#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Mirrors, by registries.conf and by hosts.toml: what a mirror lacks, gives wrong or does not give comes
# from the next place; credentials of the registry never reach one, and neither does a push. skopeo
# reads the same registries.conf.
. "$(dirname "$0")/lib.sh"

small_tree
digest=$(digest "$(imgtool build -t app:1 --add "$work/tree:/" --compression gzip)")
layer=$(imgtool inspect --raw app:1 | jq -r '.layers[0].digest')
start_registry origin "$(htpasswd_settings alice secret)"
origin=$registry
origin_pid=$registry_pid
echo secret | imgtool login "$origin" -u alice --password-stdin
imgtool push app:1 "$origin/team/app:1" >/dev/null
conf=$CONTAINERS_REGISTRIES_CONF

# mirrored [MIRROR...]: settings with these mirrors for $origin/team, HOST/PATH and more settings after |.
mirrored() {
    local mirror
    printf '[[registry]]\nlocation = "%s/team"\ninsecure = true\n' "$origin" >"$conf"
    for mirror in "$@"; do
        printf '[[registry.mirror]]\nlocation = "%s"\ninsecure = true\n' "${mirror%%|*}"
        [ "$mirror" = "${mirror#*|}" ] || printf '%b\n' "${mirror#*|}"
    done >>"$conf"
}

# start_fake NAME SCRIPT: a fake registry that has the image as cache/app:1. Sets $fake, $record.
start_fake() {
    record=$work/$1.record
    echo "$2" >"$work/$1.json"
    start_script "$1" python3 -B "$here/fake_registry.py" --script "$work/$1.json" --record "$record"
    fake=127.0.0.1:$port
    # By a name that no settings are for.
    CONTAINERS_REGISTRIES_CONF=/dev/null imgtool push app:1 "$fake/cache/app:1" ${3:+--authfile "$3"} >/dev/null
    : >"$record"
}

# pulls [OPTION...]: the image comes from somewhere, whole, under the name that was asked for.
pulls() {
    rm -rf "$work/pulled"
    same "digest" "$digest" "$(digest "$(imgtool --store "$work/pulled" pull "$origin/team/app:1" "$@")")"
    consistent "$work/pulled"
    same "name" "$origin/team/app:1" \
        "$(imgtool --store "$work/pulled" images --format json | jq -r '.[].name // .[].names[0]')"
}

# asked PATTERN: how many requests of the record match.
asked() {
    grep -Ec "$1" "$record" || true
}

step "a mirror has all: the registry is asked for nothing, and need not be there"
start_fake whole '{}'
mirrored "$fake/cache"
kill -STOP "$origin_pid"
pulls --stall-timeout 5
skopeo --registries-conf "$conf" copy -q "docker://$origin/team/app:1" "oci:$work/judge:1"
kill -CONT "$origin_pid"
same "digest that skopeo found" "$digest" "$(jq -r '.manifests[0].digest' "$work/judge/index.json")"
same "requests with credentials at the mirror" 0 "$(asked 'Authorization=')"
same "requests with ns=" 0 "$(asked 'ns=')"
pulled_by_tag=$(asked '^(GET|HEAD) /v2/cache/app/manifests/1 .*libimg')
same "questions what the tag means" 1 "$pulled_by_tag"

step "pushes go past it"
: >"$record"
imgtool push app:1 "$origin/team/app:2" >/dev/null
same "requests at the mirror" 0 "$(asked .)"
CONTAINERS_REGISTRIES_CONF=/dev/null imgtool pull "$origin/team/app:2" >/dev/null

step "a mirror lacks a layer, gives it wrong, breaks down at it, is down, wants to know who asks"
lacks=$(printf '{"rules": [{"method": "GET", "path": "/v2/cache/app/blobs/%s", "status": 404}]}' "$layer")
wrong=$(printf '{"rules": [{"method": "GET", "path": "/v2/cache/app/blobs/%s", "corrupt": true}]}' "$layer")
fails=$(printf '{"rules": [{"method": "GET", "path": "/v2/cache/app/blobs/%s", "status": 500}]}' "$layer")
hangs=$(printf '{"rules": [{"method": "GET", "path": "/v2/cache/app/blobs/%s", "hold": 1000}]}' "$layer")
number=0
for script in "$lacks" "$wrong" "$fails" "$hangs"; do
    number=$((number + 1))
    start_fake "mirror$number" "$script"
    mirrored "$fake/cache"
        pulls --retry 0 --stall-timeout 1
    same "questions for the layer at the mirror" 1 "$(asked "^GET /v2/cache/app/blobs/$layer")"
    same "requests with credentials" 0 "$(asked 'Authorization=')"
    mirrors+=("$fake/cache")
done
mirrored 127.0.0.1:1/cache
pulls --retry 0
cat >"$work/closed.json" <<<'{"auth": {"scheme": "basic", "users": {"bob": "bob"}}}'
start_script closed python3 -B "$here/fake_registry.py" --script "$work/closed.json" \
    --record "$work/closed.record"
mirrored "127.0.0.1:$port/cache"
record=$work/closed.record
pulls
[ "$(asked ' 401 ')" -gt 0 ] || fail "the mirror that asks for credentials was not asked"
same "requests with credentials" 0 "$(asked 'Authorization=')"

step "all of these together"
mirrored 127.0.0.1:1/cache "127.0.0.1:$port/cache" "${mirrors[@]}"
pulls --retry 0 --stall-timeout 1

step "nowhere: the registry's own answer is told"
imgtool push app:1 "$origin/team/app:1" >/dev/null
refuses 3 "GET http://$origin/v2/team/app/manifests/gone" "$IMGTOOL" pull --retry 0 "$origin/team/app:gone"

step "for digests alone, for tags alone"
start_fake digests '{}'
mirrored "$fake/cache|pull-from-mirror = \"digest-only\""
pulls
same "questions what the tag means" 0 "$(asked 'manifests/1 ')"
same "layers from the mirror" 1 "$(asked "^GET /v2/cache/app/blobs/$layer")"
sed -i 's/digest-only/tag-only/' "$conf"
: >"$record"
imgtool --store "$work/by-digest" pull "$origin/team/app@$digest" >/dev/null
same "requests for an image by digest" 0 "$(asked .)"
pulls
same "layers from the mirror" 1 "$(asked "^GET /v2/cache/app/blobs/$layer")"

step "another location, and a registry that is blocked"
printf '[[registry]]\nprefix = "elsewhere.example"\nlocation = "%s/cache"\ninsecure = true\n' "$fake" >"$conf"
same "digest" "$digest" "$(digest "$(imgtool --store "$work/else" pull elsewhere.example/app:1)")"
same "name" "elsewhere.example/app:1" \
    "$(imgtool --store "$work/else" images --format json | jq -r '.[].name // .[].names[0]')"
echo 'blocked = true' >>"$conf"
refuses 6 "elsewhere.example is blocked by $conf:1" "$IMGTOOL" pull elsewhere.example/app:1
refuses 6 "elsewhere.example is blocked by $conf:1" "$IMGTOOL" push app:1 elsewhere.example/app:1
sed -i 's/insecure = true/insecure = "yes"/' "$conf"
refuses 7 "$conf:4: \"insecure\" must be true or false" "$IMGTOOL" pull elsewhere.example/app:1

step "docker-registry as a proxy of another"
start_registry open ''
open=$registry
CONTAINERS_REGISTRIES_CONF=/dev/null imgtool push app:1 "$open/team/app:1" >/dev/null
start_registry pull-through "$(printf 'proxy:\n  remoteurl: http://%s\n' "$open")"
printf '[[registry]]\nlocation = "%s"\n[[registry.mirror]]\nlocation = "%s"\n' "$open" "$registry" >"$conf"
same "digest" "$digest" "$(digest "$(imgtool --store "$work/through" pull "$open/team/app:1")")"
[ -d "$work/pull-through/docker/registry/v2/repositories/team/app" ] || fail "the proxy kept nothing"

step "hosts.toml: ns=, headers and paths; who answers for another registry is not believed"
echo >"$conf"
hosts=$work/hosts/${origin/:/_}_
mkdir -p "$hosts"
start_fake proxy '{"rules": [{"path": "/all/of/.*", "status": 404},
    {"method": "GET", "path": "/v2/cache/app/blobs/.*", "signed": 1}]}'
cat >"$hosts/hosts.toml" <<TOML
server = "http://$origin"
[host."http://$fake/all/of"]
capabilities = ["pull"]
[host."http://$fake"]
capabilities = ["pull", "resolve"]
[host."http://$fake".header]
x-team = "blue"
TOML
imgtool --store "$work/hosts-store" --verbose pull --hosts-dir "$work/hosts" "$origin/cache/app:1" >/dev/null
same "tag" 1 "$(asked "^GET /v2/cache/app/manifests/1\?ns=${origin/:/(:|%3A)} 200 .*X-Team=\[blue\]")"
same "layers from the path" 1 "$(asked "^GET /all/of/v2/cache/app/blobs/$layer\?ns=.* 404 ")"
same "layers" 1 "$(asked "^GET /v2/cache/app/blobs/$layer\?ns=.* 307 .*X-Team=\[blue\]")"
same "blobs from elsewhere" 2 "$(asked '^GET /cdn/.* 200')"
same "headers for the mirror that went elsewhere" 0 "$(asked '^GET /cdn/.*X-Team')"
same "credentials" 0 "$(asked 'Authorization=')"
start_fake liar '{"rules": [{"method": "GET", "path": "/v2/team/app/.*", "set": {"OCI-Namespace": "other.example"}}]}'
CONTAINERS_REGISTRIES_CONF=/dev/null imgtool push app:1 "$fake/team/app:1" >/dev/null
: >"$record"
cat >"$hosts/hosts.toml" <<TOML
server = "http://$origin"
[host."http://$fake"]
TOML
pulls --hosts-dir "$work/hosts"
same "questions at the liar" 1 "$(asked '^GET /v2/team/app/manifests/1\?ns=')"
sed -i 's/^server.*/server = 1/' "$hosts/hosts.toml"
refuses 7 "hosts.toml:1: \"server\" must be a string" "$IMGTOOL" pull --hosts-dir "$work/hosts" "$origin/team/app:1"

step "the doctor knows"
mirrored "127.0.0.1:1/cache"
imgtool doctor "$origin/team/app:1" >"$work/doctor"
cat "$work/doctor"
grep -q "^reference *$origin/team/app:1$" "$work/doctor"
grep -q "^  why *$conf:4: a mirror$" "$work/doctor"
grep -q "^  failed *.*127.0.0.1:1" "$work/doctor"
grep -q "^  api *401: it wants name and password$" "$work/doctor"
grep -q "^  credential *user \"alice\" of " "$work/doctor"
grep -q "^  manifest *$digest, application/vnd.oci.image.manifest.v1+json$" "$work/doctor"
grep -q "^result *it can be pulled$" "$work/doctor"
grep -Eq 'secret|YWxpY2U6c2VjcmV0' "$work/doctor" && fail "the doctor tells secrets"
imgtool doctor --offline "$origin/team/app:1" >"$work/doctor"
grep -q '^check' "$work/doctor" && fail "asked without being asked to"
status=0
imgtool doctor --format json "$origin/team/app:gone" >"$work/doctor" 2>/dev/null || status=$?
same "status" 3 "$status"
same "found" false "$(jq -r .found "$work/doctor")"
same "places" 2 "$(jq '[.facts[] | select(.topic == "check.failed")] | length' "$work/doctor")"
