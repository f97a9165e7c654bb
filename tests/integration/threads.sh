#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Threads of one process with clients and stores of their own, which push to and pull from one
# registry at the same time: over TLS with a password, and in plain HTTP.
. "$(dirname "$0")/lib.sh"

: "${THREADS:?is not set: run this by ctest}"
small_tree
head -c 3000000 /dev/urandom >"$work/tree/random"
make_certificate tls

# at_work: all threads, on a registry that is there, in stores that are not.
at_work() {
    mkdir "$work/$1"
    "$THREADS" "$registry" "$work/$1" "$work/tree"
    consistent "$work/$1/from"
    consistent "$work/$1/to"
    same "names that arrived" 12 "$(imgtool --store "$work/$1/to" images --format json |
        grep -o "$registry/thread[0-9]:[0-9]" | sort -u | wc -l)"
}

step "htpasswd over TLS"
export SSL_CERT_FILE=$work/tls-ca.pem
start_registry secure "$(tls_settings tls)
$(htpasswd_settings alice secret)"
imgtool login -u alice --password-stdin "$registry" <<<secret
at_work tls

step "plain HTTP"
start_registry plain
at_work http
