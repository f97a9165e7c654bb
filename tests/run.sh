#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Installs what is missing, builds and tests everything: with gcc as it is shipped, and with clang,
# AddressSanitizer and UndefinedBehaviorSanitizer; what starts threads also with ThreadSanitizer. The
# last line says how many tests passed and failed, all runs together; the exit status is 0 if all
# passed.
#
#   bash tests/run.sh           all, in less than 20 minutes
#   bash tests/run.sh --quick   gcc only, and without the tests on large input
#
# For a fresh Debian 12. Owners, devices, mounts and containers are tested for real, so the tests run
# as root: by sudo if need be.
set -eu
cd "$(dirname "$0")/.."
. tests/packages.sh

quick=
for argument in "$@"; do
    case $argument in
    --quick) quick=1 ;;
    *)
        sed -n 's/^# \{0,1\}//; 3,/^$/p' "$0" >&2
        echo "error: unknown option: $argument" >&2
        exit 2
        ;;
    esac
done

if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "error: tests/run.sh needs root or sudo" >&2; exit 1; }
    echo "+ sudo bash tests/run.sh $*" >&2
    status=0
    sudo -H bash tests/run.sh "$@" || status=$?
    sudo chown -R "$(id -u):$(id -g)" build
    exit $status
fi

say() {
    printf '\n== %s\n' "$*"
}

# number FILE NAME: an attribute of the test suite in a JUnit file.
number() {
    sed -n "s/^.*[[:space:]]$2=\"\([0-9]*\)\".*/\1/p" "$1" | head -n 1
}

# What ThreadSanitizer sees.
threaded='^unit/base/pool$|^unit/layer/(ahead|apply|blocks|golden|lazy|merge|pack)'
threaded="$threaded|^unit/ops/(build|contents|layer_source|unpack)|^integration/(canceled|random|threads)"

passed=0
failed=0

# build PRESET
build() {
    say "build: $1"
    cmake --preset "$1" >"build/$1.log" || { cat "build/$1.log"; return 1; }
    cmake --build --preset "$1"
}

# run PRESET [OPTION...]: what the compiler refuses counts as one failed test.
run() {
    local preset=$1 report=$PWD/build/$1.xml status=0 tests not_passed
    shift
    build "$preset" || { failed=$((failed + 1)); return 0; }
    say "test: $preset"
    rm -f "$report"
    ctest --preset "$preset" --parallel "$(nproc)" --no-tests=error \
        --output-junit "$report" "$@" || status=$?
    [ -e "$report" ] || { failed=$((failed + 1)); return 0; }
    tests=$(number "$report" tests)
    not_passed=$(($(number "$report" failures) + $(number "$report" disabled) +
        $(number "$report" skipped)))
    if [ $status != 0 ] && [ $not_passed = 0 ]; then
        not_passed=1
    fi
    passed=$((passed + tests - not_passed))
    failed=$((failed + not_passed))
}

say "packages"
npm_packages="nodejs npm"
if [ -n "$quick" ] || command -v npm >/dev/null; then
    npm_packages=
fi
# shellcheck disable=SC2086
install_packages $packages_build $packages_test $npm_packages
# shellcheck disable=SC2086
unpack_packages "${LIBIMG_TEST_INPUTS:-${XDG_CACHE_HOME:-$HOME/.cache}/libimg-tests}/sources" \
    $packages_sources
mkdir -p build

if [ -n "$quick" ]; then
    run release --label-exclude heavy
else
    say "input"
    bash tests/integration/inputs.sh
    build clang || failed=$((failed + 1))
    run release
    run asan
    run tsan --tests-regex "$threaded"
fi

say "result"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
