#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What is in a registry: its tags and repositories, with docker-registry and skopeo as the judges.
. "$(dirname "$0")/lib.sh"

small_tree
start_registry registry
imgtool build -t good:1 --add "$work/tree:/" >/dev/null
for tag in 1 1.1 2 latest; do
    imgtool push good:1 "$registry/team/app:$tag" >/dev/null
done
imgtool push good:1 "$registry/other:x" >/dev/null

step "tags"
# sorted COMMAND...: its lines in order. The registry's own is that of its directory.
sorted() {
    "$@" >"$work/lines" || fail "$*"
    sort "$work/lines"
}
tags=$(printf '%s\n' 1 1.1 2 latest)
same "tags" "$tags" "$(sorted imgtool ls "$registry/team/app")"
same "tags, whatever tag is named" "$tags" "$(sorted imgtool ls "$registry/team/app:2")"
same "tags, in pages" "$tags" "$(sorted imgtool ls "$registry/team/app" --page-size 2)"
same "tags, probed for" "$tags" "$(sorted imgtool ls "$registry/team/app" --page-size 3 --probe)"
same "tags of skopeo" "$(skopeo list-tags --tls-verify=false "docker://$registry/team/app" |
    jq -c '.Tags | sort')" "$(imgtool --format json ls "$registry/team/app" | jq -c sort)"
same "some tags" 2 "$(imgtool ls "$registry/team/app" --limit 2 | wc -l)"
refuses 3 "$registry/nothing.*NAME_UNKNOWN" "$IMGTOOL" ls "$registry/nothing"
if imgtool --format json ls "$registry/nothing" >"$work/stdout" 2>"$work/stderr"; then
    fail "a repository that is not there was listed"
fi
[ ! -s "$work/stdout" ] || fail "half a JSON list was printed"

step "repositories"
same "repositories" "$(printf '%s\n' other team/app)" "$(imgtool catalog "$registry")"
same "repositories, in pages" '["other","team/app"]' \
    "$(imgtool --format json catalog "$registry" --page-size 1 | jq -c .)"

step "digests and manifests"
reference=$registry/team/app:1
digest=$(imgtool digest "$reference")
same "digest" "$(skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$reference")" \
    "$digest"
same "digest, by itself" "$digest" "$(imgtool digest "$registry/team/app@$digest")"
imgtool manifest "$reference" >"$work/manifest"
skopeo inspect --raw --tls-verify=false "docker://$reference" | cmp - "$work/manifest"
same "digest of the manifest" "$digest" "sha256:$(sha256sum <"$work/manifest" | cut -d' ' -f1)"
for platform in linux/amd64 linux/arm64; do
    imgtool build -t "$registry/many:${platform#*/}" --platform "$platform" --add "$work/tree:/" \
        >/dev/null
    imgtool push "$registry/many:${platform#*/}" >/dev/null
done
python3 - "$registry" >"$work/index" <<END
import hashlib, json, subprocess, sys
entries = []
for arch in ("amd64", "arm64"):
    name = f"{sys.argv[1]}/many:{arch}"
    body = subprocess.run(["$IMGTOOL", "manifest", name], check=True, capture_output=True).stdout
    entries.append({"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": len(body),
                    "digest": "sha256:" + hashlib.sha256(body).hexdigest(),
                    "platform": {"os": "linux", "architecture": arch}})
print(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                  "manifests": entries}), end="")
END
curl -sf -o "$work/answer" -X PUT --data-binary "@$work/index" \
    -H 'Content-Type: application/vnd.oci.image.index.v1+json' "http://$registry/v2/many/manifests/all"
imgtool manifest "$registry/many:all" | cmp - "$work/index"
same "digest for a platform" "$(imgtool digest "$registry/many:arm64")" \
    "$(imgtool digest "$registry/many:all" --platform linux/arm64)"
imgtool manifest "$registry/many:all" --platform linux/amd64 >"$work/one"
imgtool manifest "$registry/many:amd64" | cmp - "$work/one"
refuses 3 'linux/s390x' "$IMGTOOL" digest "$registry/many:all" --platform linux/s390x

step "files that are attached"
echo '{"spdxVersion":"SPDX-2.3"}' >"$work/sbom.json"
echo 'read me' >"$work/a:b.txt"
artifact=$(imgtool attach "$reference" --artifact-type application/spdx+json \
    --annotation org.example.by=test "$work/sbom.json:application/json" "$work/a:b.txt")
imgtool manifest "$artifact" >"$work/artifact"
same "artifact" \
    "$(jq -nc --arg digest "$digest" --argjson size "$(wc -c <"$work/manifest")" '["application/spdx+json",
        $digest, $size, "test", "application/vnd.oci.empty.v1+json",
        "application/json", "sbom.json", "application/octet-stream", "a:b.txt"]')" \
    "$(jq -c '[.artifactType, .subject.digest, .subject.size, .annotations["org.example.by"],
        .config.mediaType, (.layers[] | .mediaType, .annotations["org.opencontainers.image.title"])]' \
        "$work/artifact")"
blob=$(jq -r '.layers[1].digest' "$work/artifact")
curl -sf "http://$registry/v2/team/app/blobs/$blob" | cmp - "$work/a:b.txt"
same "referrers" "$artifact  application/spdx+json" "$(imgtool referrers "$reference")"
[ -z "$(imgtool referrers "$reference" --artifact-type a/b)" ] || fail "one of another type"
same "list under the tag" \
    "$(jq -nc --arg digest "$(digest "$artifact")" '[$digest, "application/spdx+json", "test"]')" \
    "$(skopeo inspect --raw --tls-verify=false "docker://$registry/team/app:${digest/:/-}" |
        jq -c '.manifests[0] | [.digest, .artifactType, .annotations["org.example.by"]]')"

step "an artifact in the store, and elsewhere"
same "artifact that was pulled" "$artifact" "$(imgtool pull "$artifact")"
consistent
imgtool push "$artifact" "$registry/elsewhere:sbom" >/dev/null
same "referrers elsewhere" "$registry/elsewhere@$(digest "$artifact")  application/spdx+json" \
    "$(imgtool referrers "$registry/elsewhere@$digest")"

imgtool tag "$artifact" "$registry/elsewhere:art" >/dev/null
imgtool push "$registry/elsewhere:art" >/dev/null
same "artifact by a tag" "$(digest "$artifact")" \
    "$(digest "$(imgtool --store "$work/other" pull "$registry/elsewhere:art")")"

step "many who attach at once"
attach_one() {
    echo "$1" >"$work/note.$1"
    imgtool attach "$reference" --artifact-type "example/note$1" "$work/note.$1" >"$work/out.$1" \
        2>"$work/err.$1"
}
running=()
for number in 1 2 3 4 5; do
    attach_one "$number" &
    running+=($!)
done
for number in 1 2 3 4 5; do
    wait "${running[$((number - 1))]}" || fail "client $number: $(cat "$work/err.$number")"
done
same "all who refer to it" \
    "$(printf '%s\n' application/spdx+json example/note{1,2,3,4,5})" \
    "$(imgtool referrers "$reference" | sed 's/.*  //' | sort)"

step "what is deleted"
imgtool delete "$(cat "$work/out.3")"
same "those who still refer to it" \
    "$(printf '%s\n' application/spdx+json example/note{1,2,4,5})" \
    "$(imgtool referrers "$reference" | sed 's/.*  //' | sort)"
refuses 3 'MANIFEST_UNKNOWN' "$IMGTOOL" manifest "$(cat "$work/out.3")"
# This registry deletes no tags. It is not made to by deleting what the tag stands for.
refuses 1 "does not delete tags" "$IMGTOOL" delete "$registry/team/app:2"
same "digest that is still there" "$digest" "$(imgtool digest "$registry/team/app:2")"
misuses 'no tag is given' "$IMGTOOL" delete "$registry/team/app"
imgtool delete --digest "$registry/team/app:2"
refuses 3 'MANIFEST_UNKNOWN' "$IMGTOOL" digest "$registry/team/app:1"
imgtool delete --blob "$registry/team/app@$blob"
same "a blob that is gone" 404 \
    "$(curl -s -o "$work/answer" -w '%{http_code}' "http://$registry/v2/team/app/blobs/$blob")"
# The images of an index stay.
imgtool delete --digest "$registry/many:all"
imgtool digest "$registry/many:amd64" >/dev/null

step "tags where they can be deleted"
start_script fake python3 -B "$here/fake_registry.py" --record "$work/record"
for tag in 1 2; do
    imgtool push good:1 "127.0.0.1:$port/a:$tag" >/dev/null
done
imgtool delete "127.0.0.1:$port/a:1"
same "tags that are left" 2 "$(imgtool ls "127.0.0.1:$port/a")"
same "requests to delete" "DELETE /v2/a/manifests/1 202" \
    "$(grep '^DELETE' "$work/record" | cut -d' ' -f1-3)"

step "next pages behind a proxy that ends TLS"
make_certificate good
free=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
jq -n --arg link "<http://127.0.0.1:$free/v2/a/tags/list?last=1>; rel=next" '{rules: [
    {path: "/v2/a/tags/list", query: "^$", status: 200, headers: {Link: $link},
     body: "{\"tags\":[\"1\"]}"},
    {path: "/v2/a/tags/list", status: 200, body: "{\"tags\":[\"2\"]}"}]}' >"$work/script.json"
start_script tls python3 -B "$here/fake_registry.py" --script "$work/script.json" --port "$free" \
    --tls "$work/good.pem" "$work/good.key"
same "tags" "$(printf '%s\n' 1 2)" "$(imgtool ls --ca-file "$work/good-ca.pem" "127.0.0.1:$port/a")"
