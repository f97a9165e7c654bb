# SPDX-License-Identifier: Apache-2.0
#
# Sourced: the Debian packages that libimg is built and tested with, and how they get here.

packages_build="gcc libc6-dev cmake ninja-build pkg-config libarchive-dev libcurl4-openssl-dev
    libssl-dev libjansson-dev libdeflate-dev libisal-dev libzstd-dev ca-certificates"
# The sanitizers' run-time libraries are a package of their own, which clang does not ask for.
packages_test="g++ binutils clang libclang-rt-14-dev llvm clang-format universal-ctags libcmocka-dev
    python3 locales docker-registry apache2-utils openssl skopeo umoci buildah runc jq attr libcap2-bin
    faketime busybox-static mmdebstrap xz-utils bzip2 zstd lz4 lzip zip cpio git
    libarchive-tools curl util-linux procps"
packages_bench="hyperfine time"

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
