# SPDX-License-Identifier: Apache-2.0
# Images for several platforms: build --platform with a base that is an index, and index create, in the
# store and from registry to registry. skopeo, podman and jq judge.
. "$(dirname "$0")/lib.sh"

start_registry one
mkdir -p "$work/bin/amd64" "$work/bin/arm64" "$work/bin/armv7" "$work/all"
for name in amd64 arm64 armv7; do
    echo "for $name" >"$work/bin/$name/app"
done
echo shared >"$work/all/shared"
find "$work/bin" "$work/all" -exec touch -d @1600000000 {} +
cd "$work"
three=(--platform linux/amd64,linux/arm64 --platform linux/arm/v7)
raw() {
    imgtool inspect --raw "$1"
}

step "one build for three platforms: sources by name, the same layer where they are the same"
imgtool build "${three[@]}" -t base:1 --add 'bin/{arch}{variant}:/bin' --add all:/ >line
raw base:1 >index.json
same "digest" "$(digest "$(cat line)")" "sha256:$(sha256sum <index.json | cut -d' ' -f1)"
same "platforms, in their order" "linux/amd64 linux/arm64 linux/arm/v7" \
    "$(jq -r '[.manifests[].platform|[.os,.architecture,.variant]|map(select(.))|join("/")]|join(" ")' index.json)"
for platform in linux/amd64:amd64 linux/arm64:arm64 linux/arm/v7:armv7; do
    same "file for $platform" "for ${platform#*:}" "$(imgtool cat base:1 /bin/app --platform "${platform%:*}")"
done
layers=$(jq -r '.manifests[].digest' index.json | while read -r one; do raw "$one" | jq -r '.layers[1].digest'; done | sort -u | wc -l)
same "the layer that all have" 1 "$layers"
same "again, the same index" "$(cat line)" "$(imgtool build "${three[@]}" -t base:1 --add 'bin/{arch}{variant}:/bin' --add all:/)"
same "one alone is the one of three" "$(jq -r '.manifests[1].digest' index.json)" \
    "$(imgtool build -q --platform linux/arm64 --add 'bin/{arch}{variant}:/bin' --add all:/)"

step "outputs of all platforms: skopeo copies them, podman takes its own"
imgtool build "${three[@]}" -t base:1 --add 'bin/{arch}{variant}:/bin' --add all:/ --iidfile iid --metadata-file meta \
    --digestfile digest -o oci:lay -o oci-archive:o.tar -o rootfs:root -q >line
want=$(cat line)
same "iidfile, digestfile and metadata" "$want $want $want" "$(cat iid) $(cat digest) $(jq -r '."containerimage.digest"' meta)"
same "metadata describes the index" "application/vnd.oci.image.index.v1+json null" \
    "$(jq -r '."containerimage.descriptor".mediaType, ."containerimage.config.digest"' meta | xargs)"
same "skopeo's index" "$want" "sha256:$(skopeo inspect --raw oci:lay:1 | sha256sum | cut -d' ' -f1)"
skopeo copy -q --all --preserve-digests oci-archive:o.tar oci:copied:1
same "what skopeo copied" "$want" "sha256:$(skopeo inspect --raw oci:copied:1 | sha256sum | cut -d' ' -f1)"
same "directories" "linux_amd64 linux_arm64 linux_arm_v7" "$(find root -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | xargs)"
same "a file in one" "for armv7" "$(cat root/linux_arm_v7/bin/app)"
imgtool build "${three[@]}" -t base:1 --add 'bin/{arch}{variant}:/bin' --add all:/ -o - | cmp - o.tar
podman load -q -i o.tar | grep -q 'docker.io/library/base:1' || fail "podman load"
touch -d @1700000000 lay/index.json o.tar
imgtool build "${three[@]}" -t base:1 --add 'bin/{arch}{variant}:/bin' --add all:/ -o oci:lay -o oci-archive:o.tar -q >/dev/null
same "untouched" "1700000000 1700000000" "$(stat -c %Y lay/index.json o.tar | xargs)"

step "pushed with all platforms; a build upon it takes each platform's base"
imgtool push base:1 "$registry/base:1" >/dev/null
skopeo inspect --tls-verify=false --raw "docker://$registry/base:1" | cmp - <(raw base:1)
export IMGTOOL_STORE=$work/other
imgtool build --platform linux/amd64 --platform linux/arm64 --from "$registry/base:1" -e A=1 -t "$registry/app:1" \
    --push -q >line
for platform in amd64 arm64; do
    skopeo inspect --tls-verify=false --override-arch "$platform" --config "docker://$registry/app:1" >config
    same "architecture" "$platform" "$(jq -r .architecture config)"
    imgtool cat "$registry/app:1" /bin/app --platform "$platform" | grep -qx "for $platform" || fail "base of $platform"
done
for from in 'oci:lay' 'oci-archive:o.tar'; do
    imgtool build --platform linux/amd64,linux/arm64 --from "$from" -t again:1 -q >/dev/null
    imgtool cat again:1 /bin/app --platform arm64 | grep -qx 'for arm64' || fail "base of arm64 in $from"
done
refuses 3 'not there for linux/s390x|not for linux/s390x' imgtool build --platform linux/s390x --from "oci:lay"

step "a base for each platform, by a placeholder"
for platform in amd64 arm64; do
    imgtool build --platform "$platform" --add "bin/$platform:/" -o "oci:base-$platform" -q >/dev/null
done
imgtool build --platform linux/amd64,linux/arm64 --from 'oci:base-{arch}' -t placed:1 -q >/dev/null
imgtool cat placed:1 /app --platform arm64 | grep -qx 'for arm64' || fail "the base by its placeholder"

step "annotations: of manifests, of one, of the index and its entries"
imgtool build --platform linux/amd64,linux/arm64 --add all:/ -t noted:1 --annotation all=1 \
    --annotation 'manifest[linux/arm64]:one=2' --annotation index:top=3 \
    --annotation 'manifest-descriptor[linux/amd64],index:both=4:5' -q >/dev/null
same "index" '{"both":"4:5","top":"3"}' "$(raw noted:1 | jq -c .annotations)"
same "entries" '{"both":"4:5"} null' "$(raw noted:1 | jq -c '.manifests[].annotations' | xargs -d '\n')"
same "manifests" '{"all":"1"} {"all":"1","one":"2"}' \
    "$(raw noted:1 | jq -r '.manifests[].digest' | while read -r one; do raw "$one" | jq -c .annotations; done | xargs -d '\n')"

step "index create: images of the store and of a registry, by name and by digest"
export IMGTOOL_STORE=$work/third
amd=$(imgtool build -q --platform linux/amd64 --add all:/ -t part:amd64)
arm=$(imgtool build -q --platform linux/arm64 --add all:/ -t "$registry/part:arm64" --push)
imgtool rm "$registry/part:arm64" >/dev/null
imgtool index create whole:1 "$amd" "$registry/part:arm64" --annotation a=b \
    --annotation 'manifest-descriptor[linux/arm64]:c=d' >line
same "entries" "$amd linux/amd64 null $arm linux/arm64 d" "$(raw whole:1 |
    jq -r '.manifests[]|.digest, .platform.os+"/"+.platform.architecture, (.annotations.c|tostring)' | xargs)"
same "annotation" b "$(raw whole:1 | jq -r .annotations.a)"
same "digest" "$(digest "$(cat line)")" "sha256:$(raw whole:1 | sha256sum | cut -d' ' -f1)"
imgtool cat whole:1 /shared --platform arm64 | grep -qx shared || fail "the layers did not come along"
imgtool index create "$registry/whole:1" whole:1 part:amd64 --push >/dev/null
same "flattened, nothing twice" "$amd $arm" \
    "$(skopeo inspect --tls-verify=false --raw "docker://$registry/whole:1" | jq -r '.manifests[].digest' | xargs)"
imgtool prune >/dev/null
imgtool cat whole:1 /shared --platform arm64 >/dev/null || fail "the collector took a part of the index"

step "index create straight into a registry: nothing is kept here"
export IMGTOOL_STORE=$work/fourth
imgtool index create "docker://$registry/elsewhere/all:1" "$registry/base:1" >line
same "the same entries" "$(jq -c '[.manifests[]|.digest]' index.json)" \
    "$(skopeo inspect --tls-verify=false --raw "docker://$registry/elsewhere/all:1" | jq -c '[.manifests[]|.digest]')"
skopeo copy -q --all --src-tls-verify=false "docker://$registry/elsewhere/all:1" oci:pulled:1
imgtool index create "docker://$registry/elsewhere/two:1" "oci:$work/lay" "docker://$registry/base:1" >/dev/null
same "from a layout, too" "$(jq -c '[.manifests[]|.digest]' index.json)" \
    "$(skopeo inspect --tls-verify=false --raw "docker://$registry/elsewhere/two:1" | jq -c '[.manifests[]|.digest]')"
[ -z "$(imgtool images -q)" ] || fail "the store has images"
first=$registry
start_registry two
imgtool index create "docker://$registry/across:1" "$first/base:1" "$first/part:arm64" >/dev/null 2>"$work/stderr" &&
    fail "two images for arm64"
grep -q "there is an image for linux/arm64 already, from $first/base:1" "$work/stderr" || fail "$(cat "$work/stderr")"
imgtool index create "docker://$registry/across:1" "$first/part:arm64" >/dev/null
same "across registries" "$arm" \
    "$(skopeo inspect --tls-verify=false --raw "docker://$registry/across:1" | jq -r '.manifests[].digest')"

step "refused"
misuses 'linux/amd64 is there twice|amd64 is there twice' imgtool build --platform linux/amd64,amd64
misuses 'no such architecture is known' imgtool build --platform foo
misuses 'docker-archive has room for one' imgtool build "${three[@]}" -o docker-archive:x.tar
misuses 'a tar has room' imgtool build "${three[@]}" -o type=tar,dest=x.tar
misuses 'has no index' imgtool build --annotation index:a=b
misuses "'foo:' is not known" imgtool build --annotation foo:a=b
misuses 'no --platform is that one' imgtool build "${three[@]}" --annotation 'manifest[s390x]:a=b'
misuses 'needs a --platform' imgtool build --add 'bin/{arch}:/'
misuses 'read once' imgtool build "${three[@]}" --layer -
refuses 3 'bin/arm is not there' imgtool build "${three[@]}" --add 'bin/{arch}:/'
misuses 'sources are missing' imgtool index create x:1
misuses 'index create REF SOURCE' imgtool index add x:1 y:1
misuses 'manifests stay as they are' imgtool index create x:1 y:1 --annotation manifest:a=b
refuses 3 'no image docker.io/library/y:1' imgtool index create x:1 store:y:1

step "braces that mean nothing here stay, and so do these without --platform"
mkdir -p '{arch}' 'a{b}{'
echo 1 >'{arch}/x'
echo 2 >'a{b}{/x'
imgtool build --add '{arch}:/one' --add 'a{b}{:/two' -t braces:1 -q >/dev/null
imgtool build --platform "$(uname -m)" --add 'a{b}{:/two' -t braces:2 -q >/dev/null
same "files" "1 2 2" "$(for file in 1:/one/x 1:/two/x 2:/two/x; do
    imgtool cat "braces:${file%%:*}" "${file#*:}"
done | xargs)"
