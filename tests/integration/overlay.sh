#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Layers from the upper directories of real overlay mounts: upon the lower tree they give what the mount
# shows, with the lower directories at hand and without (layers.md D1, D3, D5, D6). What only the mount
# can tell is refused.
. "$(dirname "$0")/lib.sh"

merged=$work/merged
mkdir "$merged"

# mount_overlay LOWERS UPPER [OPTION]...: at $merged.
mount_overlay() {
    local lowers=$1 upper=$2 options=''
    shift 2
    mkdir -p "$upper" "$work/workdir"
    for option; do options+=,$option; done
    mount -t overlay overlay "$merged" \
        -o "lowerdir=$lowers,upperdir=$upper,workdir=$work/workdir$options"
    mounts+=("$merged")
}

unmount() {
    umount "$merged"
    mounts=()
    rm -rf "$work/workdir"
}

# gives WHAT TREE OPTION...: an image of these layers, unpacked, is the tree.
gives() {
    local what=$1 tree=$2
    shift 2
    rm -rf "$work/copy" "$work/bundle"
    imgtool build -q -t overlay:1 --compression none "$@" >/dev/null
    skopeo copy -q "oci:$IMGTOOL_STORE:docker.io/library/overlay:1" "oci:$work/copy:1"
    umoci unpack --image "$work/copy:1" "$work/bundle" >/dev/null
    python3 -B "$here/compare.py" "$tree" "$work/bundle/rootfs" || fail "$what"
}

start_over() {
    rm -rf "$work"/lower[12] "$work/upper" "$work/old" "$work/new" "$work/workdir"
    mkdir -p "$work/lower2" && cd "$work/lower2"
    mkdir -p etc usr/bin usr/lib/deep/er var/log opt/app empty
    for file in etc/passwd etc/group usr/bin/tool usr/lib/so usr/lib/deep/er/x var/log/log opt/app/run; do
        echo "$file" >"$file"
    done
    ln -s usr/lib lib
    ln etc/passwd etc/passwd-
    mkfifo var/pipe
    setfattr -n user.kept -v yes etc/group
    find . -exec touch -h -d '2020-02-02 02:02:02' {} +
    cd "$merged"
}

# The first changes: they make a lower directory with whiteouts of its own.
change_once() {
    rm usr/bin/tool
    rm -r usr/lib/deep
    mkdir usr/lib/deep
    echo other >usr/lib/deep/y
    rm -r opt
    echo app >opt
    echo more >>var/log/log
}

change_again() {
    echo tool >usr/bin/tool
    rm usr/lib/deep/y
    rm opt
    mkdir -p opt/app/bin
    echo run >opt/app/bin/run
    chmod 600 etc/group
    chown 7:8 var
    touch etc/tmp
    rm etc/tmp
    rm var/log/log
    touch -d '2021-01-01' usr/lib/so
    echo x >etc/new
    ln etc/new usr/new
    rm lib
    mkdir lib
    echo so >lib/so
    mknod var/null c 1 3
    rmdir empty
    : >"!first"
}

for option in xino=off userxattr; do
    step "an overlay upon an overlay, $option"
    start_over
    mount_overlay "$work/lower2" "$work/lower1" "$option"
    cd "$merged"
    change_once
    cp -a "$merged" "$work/old"
    cd "$work"
    unmount
    mount_overlay "$work/lower1:$work/lower2" "$work/upper" "$option"
    cd "$merged"
    change_again
    cd "$work"
    cp -a "$merged" "$work/new"
    # Of a file with two names below only one is changed: the mount shows two files then.
    gives "the mount itself" "$work/new" --add "$work/old:/" --diff "$work/old" "$merged"
    unmount
    gives "the lower one" "$work/old" --add "$work/lower2:/" --overlay "$work/lower1:$work/lower2"
    gives "both" "$work/new" --add "$work/lower2:/" --overlay "$work/lower1:$work/lower2" \
        --overlay "$work/upper:$work/lower1:$work/lower2"
    gives "both, without what is below" "$work/new" --add "$work/lower2:/" \
        --overlay "$work/lower1" --overlay "$work/upper"
    same "what the note says" \
        "imgtool: overlay: 9 added, 2 changed, 3 in metadata only, 3 removed" \
        "$(imgtool build --compression none --overlay "$work/upper:$work/lower1:$work/lower2" \
            --progress plain 2>&1 >/dev/null | grep overlay:)"
done

step "copied up for nothing"
start_over
mount_overlay "$work/lower2" "$work/upper"
exec 8<>"$merged/etc/group"
exec 8>&-
touch -r "$work/lower2/etc/group" "$merged/etc/group"
unmount
[ -f "$work/upper/etc/group" ] || fail "nothing was copied up"
imgtool build --progress plain --overlay "$work/upper:$work/lower2" 2>"$work/stderr" >/dev/null
grep -q 'nothing to add' "$work/stderr" || fail "there is a layer: $(cat "$work/stderr")"

step "what is refused"
start_over
mount_overlay "$work/lower2" "$work/upper" redirect_dir=on
mv "$merged/usr" "$merged/usr2"
gives "a renamed directory by --diff" "$merged" --add "$work/lower2:/" --diff "$work/lower2" "$merged"
unmount
refuses 1 'upper/usr2: is a directory that was renamed.*redirect_dir' \
    imgtool build --overlay "$work/upper:$work/lower2"
start_over
mount_overlay "$work/lower2" "$work/upper" metacopy=on
chmod 600 "$merged/etc/group"
gives "a file without its data by --diff" "$merged" --add "$work/lower2:/" \
    --diff "$work/lower2" "$merged"
unmount
refuses 1 'upper/etc/group: has only its metadata.*metacopy' \
    imgtool build --overlay "$work/upper"
start_over
mount_overlay "$work/lower2" "$work/upper" index=on
echo more >>"$merged/etc/passwd"
gives "linked files by --diff" "$merged" --add "$work/lower2:/" --diff "$work/lower2" "$merged"
unmount
refuses 1 'upper/etc/passwd: has hard links that are only in a lower.*index' \
    imgtool build --overlay "$work/upper:$work/lower2"

step "all names of a file that was linked below"
start_over
mount_overlay "$work/lower2" "$work/upper" index=on
echo more >>"$merged/etc/passwd"
chmod 600 "$merged/etc/passwd-"
cp -a "$merged" "$work/new"
unmount
if getfattr -n trusted.overlay.nlink "$work/upper/etc/passwd" 2>/dev/null | grep -q U-1; then
    gives "both names" "$work/new" --add "$work/lower2:/" --overlay "$work/upper:$work/lower2"
fi

step "whiteouts that are files"
start_over
mkdir -p "$work/lower1/etc"
: >"$work/lower1/etc/group"
setfattr -n trusted.overlay.whiteout -v y "$work/lower1/etc/group"
setfattr -n trusted.overlay.opaque -v x "$work/lower1/etc" "$work/lower1"
touch -d '2020-02-02 02:02:02' "$work/lower1/etc" "$work/lower1"
mount_overlay "$work/lower1:$work/lower2" "$work/upper"
if [ -e "$merged/etc/group" ]; then
    echo "   this kernel does not know them"
else
    gives "a whiteout that is a file" "$merged" --add "$work/lower2:/" \
        --overlay "$work/lower1:$work/lower2"
fi
unmount
