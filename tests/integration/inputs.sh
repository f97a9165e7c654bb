#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the real input of the integration tests, once, outside the tree: a Debian root file system,
# the Debian packages that libimg's own want in it, and a node_modules tree of about 20,000 files. Needs root, mmdebstrap and npm, and is the only part
# of the tests that goes beyond loopback: packages come from where this machine's apt and npm are set
# to look. Prints the directory that holds them.
set -eu

. "$(dirname "$0")/../packages.sh"
cache=${LIBIMG_TEST_INPUTS:-${XDG_CACHE_HOME:-$HOME/.cache}/libimg-tests}
suite=bookworm

# Root packages that are widely used and bring many small files; exact, so that runs compare.
npm_packages=(
    @babel/core@7.24.5 @babel/preset-env@7.24.5 core-js@3.37.1 date-fns@2.30.0 eslint@8.57.0
    jest@29.7.0 lodash@4.17.21 rxjs@7.8.1 typescript@5.4.5 webpack@5.91.0
)

die() {
    echo "inputs.sh: $*" >&2
    exit 1
}

# make NAME FUNCTION: runs FUNCTION DIR in an empty directory that becomes cache/NAME when it is whole.
make() {
    local name=$1 function=$2 temp status
    [ ! -d "$cache/$name" ] || return 0
    mkdir -p "$cache"
    temp=$(mktemp -d "$cache/.$name.XXXXXX")
    echo "inputs.sh: making $name in $cache" >&2
    # Not as a condition: that would switch off "set -e" inside.
    set +e
    (set -e && "$function" "$temp") >"$cache/$name.log" 2>&1
    status=$?
    set -e
    if [ $status != 0 ]; then
        tail -n 20 "$cache/$name.log" >&2
        rm -rf "$temp"
        die "cannot make $name; the whole log is $cache/$name.log"
    fi
    # Another run may have been faster; its tree serves as well.
    mv -T "$temp/tree" "$cache/$name" 2>/dev/null || [ -d "$cache/$name" ]
    rm -rf "$temp"
}

# The sources of this machine's apt that lead to the suite, as lines of a sources.list.
apt_sources() {
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' \
        'Created-By: Packages' 'Origin: Debian' 'Component: main' | grep " $suite" | sort -u
}

# With a package whose program has file capabilities, which are an extended attribute.
make_rootfs() {
    local proxy='' options=()
    apt_sources >"$1/sources" || { apt-get update && apt_sources >"$1/sources"; } ||
        die "apt has no source for Debian $suite"
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "$proxy" ] || options+=(--aptopt="Acquire::http::Proxy \"$proxy\"")
    timeout 600 mmdebstrap --variant=minbase --include=iputils-ping,libcap2-bin "${options[@]}" \
        "$suite" "$1/tree" - <"$1/sources"
    getcap "$1/tree/bin/ping" | grep -q cap_net_raw
}

# What the root file system lacks of packages_root.
make_debs() {
    mkdir -p "$1/tree/partial" "$1/state"
    cp "$cache/rootfs/var/lib/dpkg/status" "$1/state/status"
    download_debs "$1" || { apt-get update && download_debs "$1"; }
    rm -rf "$1/tree/partial" "$1/tree/lock"
    ls "$1"/tree/libarchive13_*.deb
}

download_debs() {
    # shellcheck disable=SC2086
    timeout 600 apt-get -q -y --no-install-recommends --download-only \
        -o Dir::State::Status="$1/state/status" -o Dir::Cache::Archives="$1/tree" \
        -o APT::Sandbox::User=root install $packages_root
}

make_node_modules() {
    mkdir "$1/work"
    echo '{"name":"input","version":"1.0.0","private":true}' >"$1/work/package.json"
    timeout 600 npm install --prefix "$1/work" --ignore-scripts --no-audit --no-fund --no-update-notifier \
        --loglevel=error --cache="$1/npm-cache" "${npm_packages[@]}"
    [ "$(find "$1/work/node_modules" -type f | wc -l)" -gt 15000 ]
    mv "$1/work/node_modules" "$1/tree"
}

[ "$(id -u)" = 0 ] || die "run as root: the owners of a root file system cannot be made otherwise"
make rootfs make_rootfs
# Another list of packages makes another folder.
# shellcheck disable=SC2086
make "debs-$(echo $packages_root | sha256sum | cut -c 1-8)" make_debs
make node_modules make_node_modules
echo "$cache"
