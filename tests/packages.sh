# SPDX-License-Identifier: Apache-2.0
#
# Sourced: the Debian packages that libimg is built and tested with, and how they get here.

packages_build="gcc libc6-dev cmake ninja-build pkg-config libarchive-dev libcurl4-openssl-dev
    libssl-dev libjansson-dev libdeflate-dev libisal-dev libzstd-dev ca-certificates"
# The sanitizers' run-time libraries are a package of their own, which clang does not ask for.
packages_test="g++ binutils clang libclang-rt-14-dev llvm clang-format universal-ctags libcmocka-dev
    python3 locales docker-registry apache2-utils openssl skopeo umoci buildah runc crun jq attr libcap2-bin
    faketime busybox-static mmdebstrap xz-utils bzip2 zstd lz4 lzip zip cpio git
    libarchive-tools curl util-linux procps golang-go strace e2fsprogs
    podman nginx-light tinyproxy abigail-tools dpkg-dev
    mandoc groff man-db bash-completion zsh fish make meson bazel-bootstrap"
# Sources of the reference reader of eStargz and what it includes, which are unpacked, not installed:
# what they depend on is half a gigabyte that nobody builds.
packages_sources="golang-github-containerd-stargz-snapshotter-dev golang-github-klauspost-compress-dev
    golang-github-cespare-xxhash-dev golang-github-opencontainers-go-digest-dev
    golang-github-vbatts-tar-split-dev golang-golang-x-sync-dev"
# What the packages that cpack makes depend on, and what it takes to compile with them.
packages_root="libarchive-dev libcurl4-openssl-dev libssl-dev libjansson-dev libdeflate-dev libisal-dev
    libzstd-dev libc6-dev pkgconf"
packages_bench="hyperfine time e2fsprogs"

# install_packages NAME...: installs those that are not there. Needs root, or sudo, only if any is.
install_packages() {
    local missing='' name sudo=''
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] ||
            missing="$missing $name"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        sudo="sudo"
        if ! command -v sudo >/dev/null; then
            echo "error: cannot install packages without root or sudo; as root, run:" \
                "apt-get install$missing" >&2
            return 1
        fi
    fi
    echo "+ ${sudo:+$sudo }apt-get update && ${sudo:+$sudo }apt-get install$missing" >&2
    # shellcheck disable=SC2086
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update >&2 &&
        $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
            $missing >&2
}

# unpack_packages FOLDER NAME...: puts the files of packages below a folder, unless it has them.
unpack_packages() {
    local folder=$1
    shift
    [ "$(cat "$folder/unpacked" 2>/dev/null)" != "$*" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder/download"
    echo "+ apt-get download $*" >&2
    (
        cd "$folder/download" &&
            { apt-get -q download "$@" >&2 || { apt-get -q update && apt-get -q download "$@"; } >&2; } &&
            for package in *.deb; do
                dpkg-deb -x "$package" .. || exit 1
            done
    ) && rm -rf "$folder/download" && echo "$*" >"$folder/unpacked"
}
