#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Layers on top of an image that is there, an image upon another base, and one layer for all: what is
# moved is what is new, and what comes out is what was promised. skopeo, umoci and jq judge, and trees
# are compared.
. "$(dirname "$0")/lib.sh"

small_tree
mkdir -p "$work/more/x" "$work/base2/etc" "$work/base2/usr/lib"
echo more >"$work/more/x/file"
cp -a "$work/tree" "$work/base1"
mkdir -p "$work/base1/usr/lib" "$work/base1/gone"
ln -s usr/lib "$work/base1/lib"
echo old >"$work/base1/etc/release"
echo old >"$work/base1/gone/file"
cp -a "$work/base1/." "$work/base2"
echo new >"$work/base2/etc/release"
find "$work/more" "$work/base1" "$work/base2" -exec touch -h -d '2020-02-02 02:02:02' {} +

start_registry one
one=$registry
start_script front python3 -B "$here/record_proxy.py" --to "$one" --record "$work/record"
front=127.0.0.1:$port

remote() {
    skopeo inspect --raw --tls-verify=false "docker://$one/$1"
}
remote_config() {
    skopeo inspect --config --raw --tls-verify=false "docker://$one/$1"
}
# blob_gets LAYER: how often it was fetched.
blob_gets() {
    grep -c "^GET .*/blobs/$1" "$work/record" || true
}

step "two bases and an image upon the first"
imgtool build -t base:1 --platform linux/amd64 --add "$work/base1:/" -e A=base -e B=base -e C=base \
    -l from=base -l both=base --workdir /base --cmd '["base"]' --expose 80 >/dev/null
imgtool copy store:base:1 "docker://$one/os/base:1" >/dev/null
imgtool copy store:base:1 "docker://$one/os/base:latest" >/dev/null
imgtool build -t app:1 --from "$one/os/base:latest" --add "$work/more:/srv" -e B=app -e OWN=app -l both=app \
    --user 7 >/dev/null
imgtool copy store:app:1 "docker://$one/team/app:1" >/dev/null
imgtool build -t base:2 --platform linux/amd64 --add "$work/base2:/" --add "$work/more:/opt" -e A=new -e B=new \
    -e D=new -l from=new -l both=new -l extra=new --workdir /new --cmd '["new"]' --expose 81 >/dev/null
imgtool copy store:base:2 "docker://$one/os/base:2" >/dev/null
base_layer=$(remote os/base:1 | jq -r '.layers[0].digest')
app_layer=$(remote team/app:1 | jq -r '.layers[1].digest')

step "append in a registry"
tar -C "$work/more" --owner=0 --group=0 --sort=name -cf "$work/more.tar" x
rm -r "$IMGTOOL_STORE"
: >"$work/record"
imgtool append "docker://$front/team/app:1" -t "$front/team/app:verbatim" --layer "$work/more.tar" --verbatim >/dev/null
same "layers fetched" "0 0" "$(blob_gets "$base_layer") $(blob_gets "$app_layer")"
same "blobs sent" 2 "$(grep -c '^POST .*/blobs/uploads/' "$work/record")"
same "layers below" "$(remote team/app:1 | jq -c '.layers')" "$(remote team/app:verbatim | jq -c '.layers[:2]')"
same "diffID" "sha256:$(sha256sum <"$work/more.tar" | cut -d' ' -f1)" \
    "$(remote_config team/app:verbatim | jq -r '.rootfs.diff_ids[2]')"
same "history" 3 "$(remote_config team/app:verbatim | jq '[.history[] | select(.empty_layer | not)] | length')"
: >"$work/record"
imgtool append "docker://$front/team/app:1" -t "$front/team/app:followed" --add "$work/more:/lib/more" >/dev/null
same "layers fetched" "1 1" "$(blob_gets "$base_layer") $(blob_gets "$app_layer")"
skopeo copy -q --src-tls-verify=false "docker://$one/team/app:followed" "oci:$work/layout:followed"
imgtool copy "oci:$work/layout:followed" store:followed:1 >/dev/null
same "a link below was followed" "usr/lib/more/x/file" \
    "$(imgtool files followed:1 --layer 3 | grep -o 'usr/lib/more/x/file')"
: >"$work/record"
imgtool append "docker://$front/team/app:1" -t "$front/team/app:blind" --add "$work/more:/opt/more" --blind >/dev/null
same "layers fetched" "0 0" "$(blob_gets "$base_layer") $(blob_gets "$app_layer")"
refuses 3 'etc/hello' "$IMGTOOL" append "docker://$one/team/app:1" --blind --remove etc/hello
misuses 'nothing to append' "$IMGTOOL" append "docker://$one/team/app:1"
imgtool append "docker://$one/team/app:1" -t "$one/team/app:removed" --remove gone --remove etc/hello >/dev/null
imgtool pull "$one/team/app:removed" --platform linux/amd64 >/dev/null
[ -z "$(imgtool files "$one/team/app:removed" | grep -E 'gone|etc/hello' || true)" ] || fail "nothing was removed"

step "append to Docker's types, and to an image of the store"
skopeo copy -q --src-tls-verify=false --dest-tls-verify=false --format v2s2 \
    "docker://$one/team/app:1" "docker://$one/docker/app:1"
imgtool append "docker://$one/docker/app:1" --add "$work/more:/opt" >/dev/null
same "types" "application/vnd.docker.image.rootfs.diff.tar.gzip" \
    "$(remote docker/app:1 | jq -r '[.layers[].mediaType] | unique | join(" ")')"
imgtool append "docker://$one/docker/app:1" -t "$one/docker/app:z" --add "$work/more:/opt" --compression zstd:chunked >/dev/null
same "OCI where a layer has annotations" "application/vnd.oci.image.manifest.v1+json" "$(remote docker/app:z | jq -r .mediaType)"
imgtool copy "docker://$one/team/app:1" store:app:1 >/dev/null
imgtool build -t app:built --from app:1 --add "$work/more:/opt" >/dev/null
imgtool append app:1 -t app:appended --add "$work/more:/opt" >/dev/null
of() {
    skopeo inspect --config --raw "oci:$IMGTOOL_STORE:docker.io/library/$1" | jq -c '.rootfs, .history, .created'
}
same "as build makes it" "$(of app:built)" "$(of app:appended)"
consistent

step "rebase in a registry: nothing new, nothing written"
app=$(imgtool digest "$one/team/app:1" | sed 's/.*@//')
same "up to date" "$one/team/app@$app" "$(imgtool --progress plain rebase "docker://$one/team/app:1" 2>"$work/err")"
grep -q 'rebase: up to date with' "$work/err"
grep -q 'nothing changes' "$work/err"

step "rebase in a registry: the new base is mounted"
imgtool copy "docker://$one/os/base:2" "docker://$one/os/base:latest" >/dev/null
: >"$work/record"
imgtool --progress plain rebase "docker://$front/team/app:1" -t "$front/team/app:rebased" \
    --new-base "$front/os/base:latest" --old-base "$front/os/base:1" >"$work/out" 2>"$work/err"
cat "$work/err"
for layer in $(remote os/base:2 | jq -r '.layers[].digest') "$app_layer" "$base_layer"; do
    same "no layer is fetched" 0 "$(blob_gets "$layer")"
done
same "layers" "$(jq -nc --argjson a "$(remote os/base:2 | jq -c '[.layers[].digest]')" --arg b "$app_layer" '$a + [$b]')" \
    "$(remote team/app:rebased | jq -c '[.layers[].digest]')"
remote_config team/app:rebased >"$work/c"
same "settings" '["A=new","B=app","D=new","OWN=app"] {"both":"app","extra":"new","from":"new"} /new ["new"] 7 {"81/tcp":{}}' \
    "$(jq -r '"\(.config.Env) \(.config.Labels) \(.config.WorkingDir) \(.config.Cmd) \(.config.User) \(.config.ExposedPorts)"' "$work/c")"
same "kept and told" "env B label both" "$(sed -n 's/.*rebase: \(.*\) stays as.*/\1/p' "$work/err" | sort | tr '\n' ' ' | sed 's/ $//')"
same "history" 3 "$(jq '[.history[] | select(.empty_layer | not)] | length' "$work/c")"
same "annotations" "$front/os/base:latest $(remote os/base:2 >"$work/m"; sha256sum <"$work/m" | cut -d' ' -f1)" \
    "$(remote team/app:rebased | jq -r '.annotations | "\(."org.opencontainers.image.base.name") \(."org.opencontainers.image.base.digest"[7:])"')"
skopeo copy -q --src-tls-verify=false "docker://$one/team/app:rebased" "oci:$work/layout:rebased"
umoci unpack --rootless --image "$work/layout:rebased" "$work/rebased" 2>/dev/null
same "files" "new more more" "$(cd "$work/rebased/rootfs" && cat etc/release opt/x/file srv/x/file | tr '\n' ' ' | sed 's/ $//')"

step "by its annotations, in place; then up to date"
imgtool rebase "docker://$one/team/app:1" >/dev/null
same "rebased" "$(remote team/app:rebased | jq -c '.layers')" "$(remote team/app:1 | jq -c '.layers')"
now=$(imgtool digest "$one/team/app:1" | sed 's/.*@//')
same "again" "$now" "$(digest "$(imgtool rebase "docker://$one/team/app:1")")"

step "what is refused"
misuses 'not based on .*: layer 1 is another one' "$IMGTOOL" rebase "docker://$one/team/app:1" \
    --old-base "$one/os/base:1" --new-base "$one/os/base:2"
misuses 'no annotation org.opencontainers.image.base' "$IMGTOOL" rebase "docker://$one/os/base:1"
imgtool mutate "docker://$one/os/base:2" --set-platform linux/arm64 -t "$one/os/base:arm" >/dev/null
misuses 'is for linux/arm64, the image for linux/amd64' "$IMGTOOL" rebase "docker://$one/team/app:1" \
    --new-base "$one/os/base:arm"
refuses 3 'os/base' "$IMGTOOL" rebase "docker://$one/team/app:1" --new-base "$one/os/base:nosuch"

step "rebase in the store, from one registry to another, and onto nothing's place"
imgtool build -t mine:1 --from app:1 --add "$work/more:/mine" >/dev/null
imgtool build -t app:1 --from app:1 -l later=1 >/dev/null
imgtool rebase mine:1 >/dev/null
same "label of the new base" 1 "$(skopeo inspect --config "oci:$IMGTOOL_STORE:docker.io/library/mine:1" | jq -r .config.Labels.later)"
imgtool build -t alone:1 --platform linux/amd64 --add "$work/more:/alone" >/dev/null
imgtool rebase alone:1 --old-base scratch --new-base "docker://$one/os/base:2" -t oci:"$work/layout":alone >/dev/null
same "layers" 3 "$(skopeo inspect --raw "oci:$work/layout:alone" | jq '.layers | length')"
start_registry two
two=$registry
imgtool copy "docker://$one/team/app:verbatim" "docker://$two/app:1" >/dev/null
imgtool rebase "docker://$two/app:1" --new-base "$one/os/base:2" -t "$two/app:2" --old-base "$one/os/base:1" >/dev/null
skopeo copy -q --src-tls-verify=false "docker://$two/app:2" "oci:$work/layout:two"
consistent
consistent "$work/layout"

step "flatten: the same tree in one layer"
mkdir -p "$work/top/etc" "$work/top/links"
echo top >"$work/top/etc/hello"
chmod 750 "$work/more"
tar -C "$work/more" --owner=0 --group=0 --sort=name -cf "$work/root.tar" .
ln "$work/top/etc/hello" "$work/top/links/hard"
ln -s /etc/hello "$work/top/links/soft"
setfattr -n user.note -v kept "$work/top/etc/hello"
chmod 4711 "$work/top/links"
imgtool build -t tall:1 --platform linux/amd64 --from app:1 --add "$work/top:/" --remove gone --remove bin/hi \
    --add "$work/more:/gone" --layer "$work/root.tar" --verbatim >/dev/null
imgtool push tall:1 "$one/team/tall:1" >/dev/null
flat=$(digest "$(imgtool flatten tall:1 -t flat:1 --threads 1)")
same "any number of threads" "$flat" "$(digest "$(imgtool flatten tall:1 -t flat:2 --threads 4)")"
same "in a registry" "$flat" "$(digest "$(imgtool --store "$work/other" flatten "docker://$one/team/tall:1" -t "$one/team/flat:1")")"
same "one layer" "1 1 1 null" "$(remote team/flat:1 | jq '.layers | length') $(remote_config team/flat:1 |
    jq '.rootfs.diff_ids | length') $(remote_config team/flat:1 | jq '.history | length') $(remote team/flat:1 |
    jq -c '.annotations // {} | ."org.opencontainers.image.base.name"')"
settings() {
    skopeo inspect --config --raw "oci:$IMGTOOL_STORE:docker.io/library/$1" | jq -cS '.config, .created, .architecture'
}
same "settings" "$(settings tall:1)" "$(settings flat:1)"
same "files, but for the layers they are of" "$(imgtool unpack tall:1 --to-tar | tar -tvf - --full-time | sort)" \
    "$(imgtool unpack flat:1 --to-tar | tar -tvf - --full-time | sort)"
imgtool unpack tall:1 "$work/tall" >/dev/null
imgtool unpack flat:1 "$work/flat" >/dev/null
python3 -B "$here/compare.py" "$work/tall" "$work/flat"
same "the root itself" "750 $(stat -c '%U %Y' "$work/tall")" "$(stat -c '%a %U %Y' "$work/flat")"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/tall:1" "oci:$work/layout:tall"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/flat:1" "oci:$work/layout:flat"
for which in tall flat; do
    umoci unpack --rootless --image "$work/layout:$which" "$work/umoci-$which" 2>/dev/null
done
diff -r --no-dereference "$work/umoci-tall/rootfs" "$work/umoci-flat/rootfs"
[ -z "$(tar -tf <(zcat "$work/layout/blobs/sha256/$(skopeo inspect --raw "oci:$work/layout:flat" |
    jq -r '.layers[0].digest[7:]')") | grep '\.wh\.' || true)" ] || fail "there are whiteouts"
same "flat already" "docker.io/library/flat@$flat" "$(imgtool flatten flat:1)"
refuses 1 "can't be made so that files are fetched" "$IMGTOOL" flatten tall:1 --compression estargz
imgtool flatten tall:1 -t flat:zstd --compression zstd >/dev/null
same "files of zstd" "$(imgtool files flat:1)" "$(imgtool files flat:zstd)"
consistent
