#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# An image looked into, and as one tar: what tar and bsdtar make of that is what umoci and imgtool
# unpack into a directory (layers.md D10). usage: contents.sh [rootfs]
. "$(dirname "$0")/lib.sh"

input=${1:-}
[ -z "$input" ] || [ -d "$inputs/$input" ] ||
    fail "$inputs/$input is not there: tests/integration/inputs.sh makes it"

# layer NAME < lines: a tar $work/NAME.tar. A line is a type of tar, a path, and the target of a link
# or the data of a file.
layer() {
    python3 -B - "$work/$1.tar" 3<&0 <<'END'
import io, os, sys, tarfile
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as archive:
    for number, line in enumerate(os.fdopen(3)):
        kind, path, *rest = line.split(None, 2)
        info = tarfile.TarInfo(path)
        text = rest[0].strip() if rest else ""
        info.mode = 0o755 if kind == "d" else 0o4751 if "setuid" in path else 0o640
        info.uid, info.gid, info.mtime = 1000 + number, 2000, 1000000000 + number
        data = b""
        if kind == "f":
            data = text.encode()
            info.size = len(data)
        elif kind == "c":
            info.type, info.devmajor, info.devminor = tarfile.CHRTYPE, 1, 3
        else:
            info.type = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE, "h": tarfile.LNKTYPE,
                         "p": tarfile.FIFOTYPE}[kind]
            info.linkname = text
        if "attribute" in path:
            info.pax_headers = {"SCHILY.xattr.user.of": path}
        archive.addfile(info, io.BytesIO(data))
END
}

# made NAME LAYER...: an image of these layers, made by umoci.
made() {
    local name=$1 each
    shift
    umoci init --layout "$work/made-$name"
    umoci new --image "$work/made-$name:1"
    for each in "$@"; do
        umoci raw add-layer --image "$work/made-$name:1" "$work/$each.tar"
    done
    skopeo copy -q "oci:$work/made-$name:1" "oci:$IMGTOOL_STORE:docker.io/library/$name:1"
}

# The tree that umoci unpacks from an image of the store: $work/umoci/rootfs.
by_umoci() {
    rm -rf "$work/umoci" "$work/copy"
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/$1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$work/umoci" >/dev/null
}

# extracted NAME TREE: the tar of an image of the store by two tools, against a tree, and its order
# as Python sees it.
extracted() {
    rm -rf "$work"/by-*
    mkdir "$work/by-tar" "$work/by-bsdtar"
    imgtool unpack "$1" --to-tar |
        tar -x -p --numeric-owner --xattrs --xattrs-include='*' --delay-directory-restore \
            -C "$work/by-tar"
    imgtool unpack "$1" -o "$work/image.tar"
    bsdtar -x -p --numeric-owner -f "$work/image.tar" -C "$work/by-bsdtar"
    python3 -B - "$work/image.tar" <<'END'
import os, sys, tarfile
seen = set()
with tarfile.open(sys.argv[1]) as archive:
    for entry in archive:
        assert entry.name not in seen, entry.name + " is there twice"
        assert ".wh." not in entry.name, entry.name
        parent = os.path.dirname(entry.name)
        assert not parent or parent in seen, entry.name + " comes before its directory"
        assert not entry.islnk() or entry.linkname in seen, entry.name + " comes before its target"
        seen.add(entry.name)
assert seen
END
    for tool in tar bsdtar; do
        python3 -B "$here/compare.py" "$2" "$work/by-$tool"
    done
}

# listed NAME TREE: imgtool files against what is in a tree.
listed() {
    imgtool files -0 "$1" | sort -z >"$work/listed"
    (cd "$2" && find . -mindepth 1 -printf '/%P\0') | sort -z >"$work/found"
    cmp "$work/listed" "$work/found"
    imgtool files "$1" --format json >"$work/listed.json"
    same "files in the document" "$(tr -cd '\0' <"$work/listed" | wc -c)" \
        "$(jq length "$work/listed.json")"
    same "bytes of them" "$(find "$2" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')" \
        "$(jq '[.[] | select(.type == "file") | .size_bytes] | add' "$work/listed.json")"
}

if [ "$input" ]; then
    step "$input, with layers on it"
    mkdir -p "$work/more/etc" "$work/more/opt"
    echo 'more' >"$work/more/etc/motd"
    cp -a "$inputs/$input/usr/share/common-licenses" "$work/more/opt/"
    imgtool build -t real:1 --add "$inputs/$input:/" --remove /usr/share/doc --remove /var/lib/dpkg \
        --compression zstd --add "$work/more:/" >/dev/null
    imgtool build -t real:2 --from real:1 --add "$inputs/$input/var/lib/dpkg:/var/lib/dpkg" >/dev/null
    imgtool unpack real:2 "$work/ours" >/dev/null
    # umoci 0.4.7 knows nothing of zstd.
    extracted real:2 "$work/ours"
    listed real:2 "$work/ours"
    imgtool cat real:2 /bin/dpkg /etc/motd | cmp - <(cat "$work/ours/usr/bin/dpkg" "$work/ours/etc/motd")
    exit
fi

layer one <<'END'
d ./
d etc
f etc/motd lower
f etc/gone gone
d usr
d usr/lib
f usr/lib/attribute has one
l lib usr/lib
f first data of the first
h second first
f setuid-file set
d empty-attribute
d opaque
f opaque/old old
c device
p pipe
d became
f became/x x
f was-file f
END
layer two <<'END'
d opaque
f opaque/.wh..wh..opq
f opaque/new new
f etc/.wh.gone
h usr/lib/third first
d usr/lib
f became a file now
d was-file
f was-file/y y
f etc/motd upper
END
layer three <<'END'
f .wh.first
f .wh.second
h last usr/lib/third
h device-too device
END
layer four <<'END'
f lib/through a link
f usr/lib/implied/deep/file deep
f opaque/.wh.new
d made
f made/then/gone
END
layer five <<'END'
f made/then/.wh.gone
END

step "a stack, as umoci unpacks it"
made stack one two three
by_umoci stack:1
imgtool unpack stack:1 "$work/ours" >/dev/null
python3 -B "$here/compare.py" "$work/umoci/rootfs" "$work/ours"
extracted stack:1 "$work/umoci/rootfs"
listed stack:1 "$work/ours"
same "names of one file" 2 "$(stat -c %h "$work/by-tar/last")"
same "their data" "data of the first" "$(cat "$work/by-tar/last")"

step "what umoci gives the time of its work to"
made more one two three four five
rm -rf "$work/ours"
imgtool unpack more:1 "$work/ours" >/dev/null
extracted more:1 "$work/ours"
listed more:1 "$work/ours"
same "an implied directory" "755 0" "$(stat -c '%a %Y' "$work/by-tar/made/then")"

step "the same bytes each time, and no more than asked"
for threads in 1 2 7; do
    imgtool unpack more:1 --to-tar --threads "$threads" | cmp - "$work/image.tar"
done
for number in 1 2 3 4 5; do
    same "diffID of layer $number" \
        "$(imgtool inspect more:1 | jq -r ".LayersData[$((number - 1))].DiffID")" \
        "sha256:$(imgtool unpack more:1 --to-tar --layer "$number" | sha256sum | cut -d ' ' -f 1)"
done

step "cat, through links and of hard links"
same "etc/motd" upper "$(imgtool cat stack:1 /etc/motd)"
same "of layer 1" lower "$(imgtool cat stack:1 --layer 1 /etc/motd)"
same "several" "a linkdata of the first" "$(imgtool cat more:1 lib/through /last)"
refuses 3 '/first is not there' "$IMGTOOL" cat stack:1 /first

step "a file that is replaced when all is well, and not before"
echo old >"$work/out.tar"
ln -s out.tar "$work/link.tar"
imgtool unpack more:1 -o "$work/link.tar"
[ -L "$work/link.tar" ] || fail "the link was replaced"
cmp "$work/out.tar" "$work/image.tar"
imgtool unpack more:1 -o - | cmp - "$work/image.tar"
refuses 9 'No such file' "$IMGTOOL" unpack stack:1 -o "$work/no/dir.tar"
status=0
imgtool unpack stack:1 --to-tar >/dev/full 2>"$work/stderr" || status=$?
same "exit status" 9 "$status"

step "not to a terminal"
python3 -B - "$IMGTOOL" <<'END'
import os, pty, subprocess, sys
main, terminal = pty.openpty()
run = subprocess.run([sys.argv[1], "unpack", "stack:1", "--to-tar"], stdout=terminal,
                     stderr=subprocess.PIPE, text=True)
assert run.returncode == 2 and "not for a terminal" in run.stderr, run
END

step "a layer that breaks its promise: nothing half-made"
echo old >"$work/out.tar"
blob=$IMGTOOL_STORE/blobs/sha256/$(imgtool inspect stack:1 | jq -r '.Layers[1][7:]')
chmod u+w "$blob"
printf 'x' | dd of="$blob" bs=1 seek=100 conv=notrunc status=none
refuses 7 'digest|gzip' "$IMGTOOL" unpack stack:1 -o "$work/out.tar"
same "the old file" old "$(cat "$work/out.tar")"
[ -z "$(find "$work" -maxdepth 1 -name 'out.tar.*')" ] || fail "a temporary file is left"
refuses 7 'digest|gzip' "$IMGTOOL" files stack:1
