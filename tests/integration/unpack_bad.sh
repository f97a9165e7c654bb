#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Images that are broken, hostile or larger than they may be: one line that says what is wrong, the
# exit status of its class, and neither the destination nor anything beside it. What --compat is for
# is refused without it and unpacked with it.
. "$(dirname "$0")/lib.sh"

store=$IMGTOOL_STORE
mkdir "$work/out"

craft() {
    python3 -B "$here/craft.py" "$store" "docker.io/library/bad:1" "$@"
}

unpack() {
    "$IMGTOOL" unpack bad:1 "$work/out/tree" --platform linux/amd64 --no-sync "$@"
}

# nothing: no residue.
nothing() {
    [ -z "$(ls -A "$work/out")" ] || fail "something was left: $(ls -A "$work/out")"
}

# refused STATUS PATTERN [OPTION]...: on one thread and on more.
refused() {
    local status=$1 pattern=$2 threads
    shift 2
    for threads in 1 4; do
        refuses "$status" "$pattern" unpack --threads "$threads" "$@"
        nothing
    done
}

# accepted [OPTION]...: and then the tree is whole.
accepted() {
    unpack "$@" >"$work/stdout"
    digest "$(cat "$work/stdout")" >/dev/null
    same "files" "$(cd "$work/tree" && find . | sort)" "$(cd "$work/out/tree" && find . | sort)"
    rm -rf "$work/out/tree"
    nothing
}

small_tree
head -c 3000000 /dev/urandom >"$work/tree/etc/random"
tar -C "$work/tree" --sort=name --numeric-owner -cf "$work/good.tar" .
printf 'rest' >"$work/rest"
head -c 2000 /dev/zero >"$work/zeros"
other=sha256:$(printf 'a%.0s' $(seq 64))

step "what is good"
craft "$work/good.tar,gz"
accepted
craft "$work/good.tar,zst"
accepted --threads 1
craft "$work/good.tar"
accepted --threads 3

step "a layer that is cut short, though its digest is right"
for kind in gz zst; do
    craft "$work/good.tar,$kind,cut=1000"
    refused 7 "unpack bad:1: layer sha256:[0-9a-f]{12}: .*at byte [0-9]+ .*cut short"
done
head -c 100000 "$work/good.tar" >"$work/cut.tar"
craft "$work/cut.tar,gz"
refused 7 "layer sha256:[0-9a-f]{12}: entry '.*etc/[a-z]+' at byte [0-9]+: its data is cut short"
head -c 700 "$work/good.tar" >"$work/cut.tar"
craft "$work/cut.tar,gz"
refused 7 'at byte 512: the archive is cut short'

step "bits that flipped"
for kind in gz zst; do
    craft "$work/good.tar,$kind,flip=5000"
    refused 7 'layer sha256:[0-9a-f]{12}: .*damaged'
done
craft "$work/good.tar,gz,flip=-2"
refused 7 'length does not match'
cp "$work/good.tar" "$work/flip.tar"
printf 'X' | dd of="$work/flip.tar" bs=1 seek=520 conv=notrunc status=none
craft "$work/flip.tar,gz"
refused 7 'header at byte 512: the checksum'

step "a blob that changed in the store"
craft "$work/good.tar"
blob=$store/blobs/sha256/$(sha256sum "$work/good.tar" | cut -d ' ' -f 1)
printf 'X' | dd of="$blob" bs=1 seek=1000000 conv=notrunc status=none
refused 7 'the bytes have the digest sha256:.* instead of'
truncate -s -1 "$blob"
refused 7 'bytes instead of'
rm "$blob"
refused 3 'does not have the blob'
craft "$work/good.tar,missing"
refused 3 'does not have the blob'
craft "$work/good.tar,size=99"
refused 7 'has [0-9]+ bytes instead of 99'

step "a config that does not agree"
craft "$work/good.tar,gz,diff_id=$other"
refused 7 "has the diffID sha256:[0-9a-f]{64}, but the config says $other: the image is broken"
craft "$work/good.tar,gz" "$work/good.tar,gz,nodiff"
refused 7 'has 2 layers, but its config lists 1 diffIDs'
craft "$work/good.tar,gz,nodiff"
refused 7 'has 1 layers, but its config lists 0 diffIDs'
craft "$work/good.tar,gz" "$work/good.tar,zst,diff_id=$other"
refused 7 'but the config says'

step "media types that the bytes belie, and --compat sniff"
craft "$work/good.tar,type=application/vnd.oci.image.layer.v1.tar+gzip"
refused 7 'is said to be of type .*tar.gzip, but its bytes are neither gzip nor zstd; compat "sniff"'
accepted --compat sniff
craft "$work/good.tar,zst,type=application/vnd.oci.image.layer.v1.tar+gzip"
refused 7 'but its bytes are zstd'
accepted --compat sniff --compat trailing
craft "$work/good.tar,gz,type=application/vnd.oci.image.layer.v1.tar+xz"
refused 1 'tar.xz, which libimg can'
accepted --compat sniff

step "bytes behind the end, and --compat trailing"
for kind in gz zst; do
    for file in rest zeros; do
        craft "$work/good.tar,$kind,cat=$work/$file"
        refused 7 'something that is not .* follows the last'
        refused 7 'follows the last' --compat sniff --compat duplicates --compat single-zero
        accepted --compat trailing
    done
done
cat "$work/good.tar" "$work/rest" >"$work/long.tar"
craft "$work/long.tar,gz"
refused 7 'something follows the end of the archive'
accepted --compat trailing
craft "$work/long.tar,gz,diff_id=sha256:$(sha256sum "$work/good.tar" | cut -d ' ' -f 1)"
refused 7 'but the config says' --compat trailing

step "a single block of zeros, and --compat single-zero"
python3 - "$work" <<'END'
import sys
work = sys.argv[1]
data = open(work + "/good.tar", "rb").read()
open(work + "/zero.tar", "wb").write(data[:512] + bytes(512) + data[512:])
END
craft "$work/zero.tar,gz"
refused 7 'follows a single block of zeros'
accepted --compat single-zero

step "a path twice, and --compat duplicates"
python3 - "$work/twice.tar" <<'END'
import io, sys, tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    for text in (b"first", b"the last one"):
        info = tarfile.TarInfo("file")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
END
craft "$work/twice.tar,gz"
refused 7 "entry 'file' at byte 1024: .*(twice|more than once|again|already|second)"
unpack --compat duplicates >/dev/null
same "what counts" "the last one" "$(cat "$work/out/tree/file")"
rm -r "$work/out/tree"

step "words that there are not"
misuses 'there are duplicates, trailing, sniff and single-zero' unpack --compat all

step "limits"
craft "$work/good.tar,gz"
refused 7 "layer sha256:[0-9a-f]{12}: .*(more than|limit).* 3 " --max-entries 3
refused 7 "layer sha256:[0-9a-f]{12}: .*1048576" --max-size 1M
accepted --max-size 4M --max-entries 100
head -c 300000000 /dev/zero >"$work/zeros"
python3 - "$work/zeros" "$work/bomb.tar" <<'END'
import sys, tarfile
with tarfile.open(sys.argv[2], "w") as tar:
    tar.add(sys.argv[1], "zeros")
END
craft "$work/bomb.tar,gz"
refused 7 "10485760" --max-size 10M
# Nothing but zeros behind the end: it is the tar that is too large.
cat "$work/good.tar" "$work/zeros" >"$work/tail.tar"
craft "$work/tail.tar,gz"
refused 7 "104857600" --max-size 100M
rm "$work/zeros" "$work/bomb.tar" "$work/tail.tar"
python3 - "$work/sparse.tar" <<'END'
import sys, tarfile
# A hole of 500 GiB: two blocks in the archive.
head = tarfile.TarInfo("x")
head.pax_headers = {"GNU.sparse.size": str(500 << 30), "GNU.sparse.numblocks": "1",
                    "GNU.sparse.map": "0,0"}
with tarfile.open(sys.argv[1], "w", format=tarfile.PAX_FORMAT) as tar:
    tar.addfile(head)
END
craft "$work/sparse.tar,gz"
refused 7 "10737418240" --max-size 10G

step "what is kept, and where a failure says that it is"
craft "$work/good.tar,gz" "$work/good.tar,gz,diff_id=$other"
refuses 7 "what there is was kept in $work/out/\.tree\.tmp-[0-9a-f]{8}" unpack --keep-partial
same "what is left" "1" "$(ls -A "$work/out" | wc -l)"
kept=$work/out/$(ls -A "$work/out")
same "who may enter" "700" "$(stat -c %a "$kept")"
cmp "$kept/etc/random" "$work/tree/etc/random"
rm -rf "$kept"

step "destinations"
craft "$work/good.tar,gz"
mkdir "$work/out/tree"
accepted
echo 'mine' >"$work/out/tree"
refuses 9 'out/tree is there and is no directory' unpack
rm "$work/out/tree"
mkdir "$work/out/tree"
echo 'mine' >"$work/out/tree/file"
refuses 9 "out/tree is not empty: 'file' is in it; name a directory that is empty or does not exist" unpack
same "what is there" "mine" "$(cat "$work/out/tree/file")"
rm -r "$work/out/tree"
ln -s nowhere "$work/out/tree"
refuses 9 'a symbolic link that leads nowhere' unpack
ln -sfn "$work/real" "$work/out/tree"
mkdir -m 700 "$work/real"
accepted
rm -r "$work/out/tree" "$work/real" 2>/dev/null || true
refuses 3 'cannot open directory .*nowhere' "$IMGTOOL" unpack bad:1 "$work/nowhere/tree"
refuses 3 "no layer 2: the image has 1" unpack --layer 2
misuses 'only a layer alone' unpack --onto
refuses 3 'not there for linux/arm64|one for linux/amd64' "$IMGTOOL" unpack bad:1 "$work/out/tree" --platform linux/arm64
refuses 3 'unknown:1' "$IMGTOOL" unpack unknown:1 "$work/out/tree"
nothing
(cd "$work/out" && mkdir here && cd here && imgtool unpack bad:1 . --platform linux/amd64 >/dev/null)
[ -f "$work/out/here/etc/random" ] || fail "'.' was not filled"
rm -rf "$work/out/here"

step "an empty mount point"
mkdir "$work/out/tree"
mount -t tmpfs tmpfs "$work/out/tree"
mounts+=("$work/out/tree")
mkdir "$work/out/tree/lost+found"
unpack >/dev/null
cmp "$work/out/tree/etc/random" "$work/tree/etc/random"
refuses 9 'is not empty' unpack
umount "$work/out/tree"
mount -t tmpfs tmpfs "$work/out/tree"
craft "$work/good.tar,gz" "$work/good.tar,gz,diff_id=$other"
refuses 7 'but the config says' unpack
[ -z "$(ls -A "$work/out/tree")" ] || fail "the mount point has $(ls -A "$work/out/tree")"
