#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The command by another name: it, its pages and its completions are called so, and nothing that it
# says has the old one, but where the two other programs of that name are meant. usage: renamed.sh SOURCE
set -euo pipefail

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
libdir=$(dirname "$(find "$PREFIX" -name libimg.so)")
export PKG_CONFIG_PATH=$libdir/pkgconfig LD_LIBRARY_PATH=$libdir HOME=$work

cmake -S "$source/tests/install/renamed" -B "$work/build" -G Ninja "-DSOURCE=$source" \
    -DLIBIMG_TOOL_NAME=oci-imgtool >"$work/log" || { cat "$work/log"; fail "configure"; }
cmake --build "$work/build" >"$work/log" || { cat "$work/log"; fail "build"; }
cmake --install "$work/build" --prefix "$work/root" >/dev/null
cd "$work/root"

for file in $(find . -type f -o -type l); do
    [[ ${file##*/} =~ ^_?oci-imgtool ]] || fail "a file is called $file"
done
for file in bin/oci-imgtool share/man/man1/oci-imgtool.1 share/man/man1/oci-imgtool-build.1 \
    share/man/man7/oci-imgtool-places.7 share/bash-completion/completions/oci-imgtool \
    share/zsh/site-functions/_oci-imgtool share/fish/vendor_completions.d/oci-imgtool.fish; do
    [ -s "$file" ] || fail "there is no $file"
done
tool=$PWD/bin/oci-imgtool
grep -q "^complete -F _oci-imgtool oci-imgtool$" share/bash-completion/completions/oci-imgtool ||
    fail "the completion of bash"

{
    "$tool" --help
    "$tool" --version
    for word in $("$tool" help --format json |
        jq -r '.commands[].name, .topics[]'); do
        "$tool" help "$word"
        "$tool" help "$word" --format json
    done
    cat share/bash-completion/completions/* share/zsh/*/* share/fish/*/*
    sed 's/\\-/-/g; s/\\fB//g' share/man/man*/*
    # Failures, of the command line and of what it asks for.
    for line in bulid rmi create sign 'pull --creds a:b x' 'pull -a x' 'pull -q x' 'build extra' \
        'help nothing' 'rm nothing' '--stroe x' 'inspect UPPER' 'push nothing --format json' \
        'doctor --offline nothing' 'doctor localhost:1/nothing --retry 0'; do
        # shellcheck disable=SC2086
        "$tool" $line || true
    done
} >"$work/said" 2>&1
[ "$(grep -c oci-imgtool "$work/said")" -gt 300 ] || fail "it says too little"
if grep -E '(^|[^-])\bimgtool\b' "$work/said" |
    grep -vE "programs called imgtool|(MCUboot|MAME)('s imgtool| signs)|the imgtool of MCUboot|imgtool of PyPI|libimg::imgtool|variable=imgtool"; then
    fail "the old name is above"
fi
