#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Archives of images: what save writes is what docker's rules, podman, skopeo and umoci take for the
# same image, and load takes what all of them write, and tools that are not here. Pipes do as files
# do; what is damaged names nothing and leaves nothing.
. "$(dirname "$0")/lib.sh"

small_tree
export SOURCE_DATE_EPOCH=1600000000
podman() {
    command podman --root "$work/containers/graph" --runroot "$work/containers/run" \
        --storage-driver vfs "$@" 2>"$work/podman.err" || fail "podman $1: $(cat "$work/podman.err")"
}

# judge_docker ARCHIVE EXPECTED: docker would load these images.
judge_docker() {
    same "what docker loads of ${1##*/}" "$2" "$(python3 -B "$here/docker_load.py" "$1")"
}

config_of() {
    imgtool inspect "$@" --format json | jq -r .config.digest
}

# has_tree STORE REFERENCE: its image holds the small tree and says what it runs.
has_tree() {
    rm -rf "$work/rootfs"
    imgtool --store "$1" unpack "$2" "$work/rootfs" >/dev/null
    diff -r "$work/tree" "$work/rootfs" || fail "$2 in ${1##*/} has other files"
    same "entrypoint of $2" '["/bin/hello"]' \
        "$(imgtool --store "$1" inspect "$2" --config | jq -c .config.Entrypoint)"
}

# nothing WHAT TEXT
nothing() {
    [ -z "$2" ] || fail "$1 are left: $2"
}

step "images"
build() {
    imgtool build -q --platform linux/amd64 --entrypoint '["/bin/hello"]' --env KEPT=yes "$@"
}
build -t app:1 --add "$work/tree:/" >/dev/null
imgtool tag app:1 localhost:5000/team/app:2
build -t more:1 --from app:1 --add "$work/tree/etc/hello:/more" --compression zstd >/dev/null
build -t plain:1 --add "$work/tree:/" --compression none >/dev/null

step "save: docker's rules, podman, skopeo and umoci take it for the same image"
imgtool save app:1 localhost:5000/team/app:2 more:1 -o "$work/three.tar" >/dev/null
app=$(imgtool inspect app:1 --raw | jq -r .config.digest)
more=$(imgtool inspect more:1 --raw | jq -r .config.digest)
judge_docker "$work/three.tar" "$app docker.io/library/app:1 localhost:5000/team/app:2
$more docker.io/library/more:1"
same "layers, once each" 2 "$(tar -xOf "$work/three.tar" manifest.json | jq '[.[].Layers[]]|unique|length')"
for name in app:1 localhost:5000/team/app:2 more:1; do
    skopeo copy -q "docker-archive:$work/three.tar:$name" "oci:$work/skopeo:x"
done
imgtool save app:1 -o "$work/one.tar" >/dev/null
same "digest in the layout beside" "$(digest "$(imgtool save app:1 -o "$work/one.tar")")" \
    "$(skopeo inspect "oci-archive:$work/one.tar" | jq -r .Digest)"
podman load -q -i "$work/three.tar" >"$work/loaded"
for name in docker.io/library/app:1 docker.io/library/more:1 localhost:5000/team/app:2; do
    grep -q "^Loaded image: $name$" "$work/loaded" || fail "podman: $(cat "$work/loaded")"
done
same "id in podman" "${app#sha256:}" "$(podman image inspect app:1 --format '{{.Id}}')"
skopeo copy -q "docker-archive:$work/one.tar" "oci:$work/skopeo:one"
umoci unpack --image "$work/skopeo:one" "$work/umoci-one" >/dev/null
diff -r "$work/tree" "$work/umoci-one/rootfs" || fail "umoci finds other files"

step "save: an oci-archive is an image layout"
imgtool save app:1 more:1 --format oci-archive -o "$work/oci.tar" >/dev/null
mkdir "$work/layout"
tar -xf "$work/oci.tar" -C "$work/layout"
consistent "$work/layout"
same "digest for skopeo" "$(imgtool inspect more:1 --raw | sha256sum | sed 's/^/sha256:/; s/ .*//')" \
    "$(skopeo inspect "oci-archive:$work/oci.tar:docker.io/library/more:1" | jq -r .Digest)"

step "the same images give the same bytes, also from another store, and down a pipe"
imgtool --store "$work/again" load -i "$work/three.tar" >/dev/null
imgtool --store "$work/again" save app:1 localhost:5000/team/app:2 more:1 | cmp - "$work/three.tar"
consistent "$work/again"
imgtool save app:1 more:1 --format oci-archive | cmp - "$work/oci.tar"

step "load: from pipes, compressed as a whole, by name, by number"
for filter in cat gzip bzip2 xz "zstd -q"; do
    rm -rf "$work/piped"
    # shellcheck disable=SC2086
    imgtool save app:1 more:1 | $filter | imgtool --store "$work/piped" load more:1 >"$work/line"
    same "digest through $filter" "$(imgtool inspect more:1 --raw | sha256sum | cut -d' ' -f1)" \
        "$(digest "$(cat "$work/line")" | cut -d: -f2)"
    same "names" 1 "$(imgtool --store "$work/piped" images --format json | jq length)"
    same "files" "blobs index.json oci-layout" \
        "$(find "$work/piped" -mindepth 1 -maxdepth 1 ! -name '.libimg-lo*' ! -name '.libimg-le*' -printf '%f\n' | sort | xargs)"
done
imgtool --store "$work/piped" load -i "$work/three.tar" @0 --name renamed:7 >"$work/line"
has_tree "$work/piped" renamed:7

step "load: skopeo's, buildah's, podman's, umoci's"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/app:1" "docker-archive:$work/skopeo.tar:from/skopeo:1"
skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/app:1" "oci-archive:$work/skopeo-oci.tar:from/skopeo-oci:1"
podman save -q -o "$work/podman.tar" app:1
podman save -q --format oci-archive -o "$work/podman-oci.tar" app:1
podman save -q -m -o "$work/podman-two.tar" app:1 more:1
tar -C "$work/layout" -cf "$work/dots.tar" .
for file in skopeo skopeo-oci podman podman-oci podman-two dots; do
    imgtool --store "$work/theirs" load -i "$work/$file.tar" >"$work/line"
    echo "   $file: $(tr '\n' ' ' <"$work/line")"
done
for name in from/skopeo:1 from/skopeo-oci:1 app:1; do
    has_tree "$work/theirs" "$name"
    same "id of $name" "$app" "$(imgtool --store "$work/theirs" inspect "$name" --raw | jq -r .config.digest)"
done
consistent "$work/theirs"

step "load: a plain layer becomes what build makes of it verbatim"
tar -xOf "$work/skopeo.tar" "$(tar -xOf "$work/skopeo.tar" manifest.json | jq -r '.[0].Layers[0]')" \
    >"$work/layer.tar"
for word in gzip zstd:6 none; do
    build -t verbatim:1 --verbatim --layer "$work/layer.tar" --compression "$word" >/dev/null
    imgtool --store "$work/words" load -i "$work/skopeo.tar" --compression "$word" >/dev/null
    same "layer by $word" "$(imgtool inspect verbatim:1 --raw | jq -c .layers)" \
        "$(imgtool --store "$work/words" inspect from/skopeo:1 --raw | jq -c .layers)"
done

step "load: archives of tools that are not here"
for kind in crane kaniko bazel docker docker25 docker28 legacy buildx bzip2 xz zstd; do
    python3 -B "$here/make_archive.py" "$kind" "$work/layer.tar" "$work/$kind.tar"
done
for row in crane:a/crane:1 kaniko:kaniko:latest bazel:localhost:5000/bazel:x docker:docker:1 \
    docker:a/b:2 docker25:docker25:1 docker28:docker28:1 legacy:legacy:1 buildx:buildx:1 bzip2:bzip2:1 xz:xz:1 zstd:zstd:1; do
    kind=${row%%:*} name=${row#*:}
    imgtool --store "$work/others" load -i "$work/$kind.tar" >"$work/line"
    [ "$kind" = legacy ] || [ "$kind" = buildx ] || python3 -B "$here/docker_load.py" "$work/$kind.tar" >/dev/null
    has_tree "$work/others" "$name"
done
python3 -B "$here/consistent.py" --sparse "$work/others" || fail "the store is not consistent"
same "digest kept" "$(tar -xOf "$work/docker25.tar" index.json | jq -r '.manifests[0].digest')" \
    "$(imgtool --store "$work/others" images --format json |
        jq -r '.[] | select(.reference | test("docker25")) | .digest')"
same "platforms of an index" "amd64 arm64" "$(imgtool --store "$work/others" images --format json |
    jq -r '.[] | select(.reference | test("buildx")) | .digest' | cut -d: -f2 |
    xargs -I{} jq -r '[.manifests[].platform.architecture]|sort|join(" ")' "$work/others/blobs/sha256/{}")"

step "save: one platform for docker, all in a layout"
export IMGTOOL_STORE=$work/others
imgtool save buildx:1 -o "$work/amd64.tar" >/dev/null
same "architecture" amd64 "$(skopeo inspect "docker-archive:$work/amd64.tar" | jq -r .Architecture)"
imgtool save buildx:1 --platform linux/arm64 -o "$work/arm64.tar" >/dev/null
same "architecture" arm64 "$(skopeo inspect --override-arch arm64 "docker-archive:$work/arm64.tar" | jq -r .Architecture)"
imgtool save buildx:1 --format oci-archive -o "$work/all.tar" >/dev/null
same "digest of the index" "$(tar -xOf "$work/buildx.tar" index.json | jq -c '.manifests[0].digest')" \
    "$(tar -xOf "$work/all.tar" index.json | jq -c '.manifests[0].digest')"
same "blobs of both" 6 "$(tar -tf "$work/all.tar" | grep -c 'sha256/.')"
refuses 3 'is not there for windows/amd64' imgtool save buildx:1 --platform windows/amd64 -o "$work/none.tar"
[ ! -e "$work/none.tar" ] || fail "a refused archive is there"
imgtool --store "$work/arm" load -i "$work/buildx.tar" --platform linux/arm64 --name arm:1 >/dev/null
same "platform" '"arm64"' "$(imgtool --store "$work/arm" inspect arm:1 --config | jq -c .architecture)"
export IMGTOOL_STORE=$work/store

step "damage: nothing gets a name, and nothing stays"
flip() {
    python3 - "$1" "$2" "$3" <<'END'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[data.index(sys.argv[2].encode()) + int(sys.argv[3])] ^= 1
open(sys.argv[1], "wb").write(data)
END
}
cp "$work/kaniko.tar" "$work/damaged.tar"
flip "$work/damaged.tar" "exec cat" 2
refuses 7 'has the diffID' imgtool --store "$work/damaged" load -i "$work/damaged.tar"
cp "$work/docker25.tar" "$work/damaged.tar"
flip "$work/damaged.tar" "exec cat" 2
refuses 7 'the archive is damaged|instead of' imgtool --store "$work/damaged" load -i "$work/damaged.tar"
head -c 20000 "$work/three.tar" >"$work/damaged.tar"
refuses 7 'ends in the middle|damaged' imgtool --store "$work/damaged" load -i "$work/damaged.tar"
gzip -c "$work/one.tar" >"$work/one.tar.gz"
head -c 9000 "$work/one.tar.gz" >"$work/damaged.tar"
refuses 7 'damaged.tar: ' imgtool --store "$work/damaged" load -i "$work/damaged.tar"
# What is compressed has no digest that an archive promises: its tar has.
for kind in crane zstd; do
    imgtool copy "docker-archive:$work/$kind.tar" "oci:$work/$kind-layout:1" >/dev/null
    LC_ALL=C sed "s/$(sha256sum <"$work/layer.tar" | cut -c1-64)/$(printf '%064d' 7)/g" "$work/$kind.tar" \
        >"$work/damaged.tar"
    refuses 7 'has the diffID' "$IMGTOOL" copy "docker-archive:$work/damaged.tar" "oci:$work/$kind-layout:2"
done
same "names" 0 "$(imgtool --store "$work/damaged" images --format json | jq length)"
imgtool --store "$work/damaged" prune >/dev/null
nothing "blobs" "$(find "$work/damaged/blobs" -type f)"

step "a name with the digest of another image"
for format in oci docker; do
    misuses "cannot be the name" imgtool copy store:app:1 \
        "$format-archive:$work/other.tar:app@sha256:$(printf '%064d' 7)"
    [ ! -e "$work/other.tar" ] || fail "it was written"
done

step "save: what cannot be written leaves what was there"
cp "$work/one.tar" "$work/kept.tar"
refuses 9 'No space left' imgtool save app:1 -o /dev/full
rm "$IMGTOOL_STORE/blobs/sha256/$(imgtool inspect more:1 --raw | jq -r '.layers[1].digest' | cut -d: -f2)"
refuses 3 'does not have the blob' imgtool save app:1 more:1 -o "$work/kept.tar"
cmp "$work/one.tar" "$work/kept.tar"
nothing "temporary files" "$(find "$work" -maxdepth 1 -name '.tmp-*')"
# Who reads goes away before the layer, which no pipe holds, is through.
dd if=/dev/urandom of="$work/random" bs=1M count=1 2>/dev/null
build -t random:1 --add "$work/random:/" >/dev/null
status=0
imgtool save random:1 2>"$work/stderr" | head -c 1000 >"$work/stdout" || status=${PIPESTATUS[0]}
: >"$work/stdout"
judge_refusal 9 'Broken pipe' "$status" "a pipe that nobody reads"

step "a download into a pipe that breaks goes on where it was"
cat >"$work/script.json" <<'END'
{"rules": [{"method": "GET", "path": ".*/blobs/.*", "times": 2, "truncate": 300000}]}
END
start_script fake python3 -B "$here/fake_registry.py" --script "$work/script.json" --record "$work/asked"
fake=127.0.0.1:$port
imgtool push random:1 "$fake/random:1" >/dev/null
imgtool copy "$fake/random:1" docker-archive:-:random:1 >"$work/broken.tar"
imgtool copy "$fake/random:1" "docker-archive:$work/unbroken.tar:random:1" >/dev/null
cmp "$work/broken.tar" "$work/unbroken.tar"
[ "$(grep -c 'Range=.bytes=' "$work/asked")" -ge 1 ] || fail "no rest was asked for: $(cat "$work/asked")"
imgtool --store "$work/mended" load -i "$work/broken.tar" >"$work/line"
same "digest" "$(imgtool inspect random:1 --raw | sha256sum | cut -d' ' -f1)" \
    "$(digest "$(cat "$work/line")" | cut -d: -f2)"
