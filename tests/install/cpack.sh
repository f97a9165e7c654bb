#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# cpack makes an image of an installed project: what was installed is in it, it runs, and it has the
# same bytes when it is made again.
. "$(dirname "$0")/service.sh"

take_example cpack
build=$work/build
package=$build/service-1.2.3-Linux.oci.tar

step "an archive of what is installed"
logged cmake -S "$source" -B "$build" -G Ninja -DCMAKE_INSTALL_PREFIX=/usr
logged cmake --build "$build"
logged eval "cd '$build' && cpack -G External"
mkdir "$work/layout"
tar -xf "$package" -C "$work/layout"
name=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"]' "$work/layout/index.json")
runs "$work/layout:$name" "greeting = hello"
same "files" "./etc ./etc/service.conf ./usr ./usr/bin ./usr/bin/service" \
    "$(cd "$work/bundle/rootfs" && find . -mindepth 1 | sort | xargs)"
same "version" 1.2.3 "$(skopeo inspect --raw "oci:$work/layout:$name" |
    jq -r '.annotations["org.opencontainers.image.version"]')"

step "again, from files of another time"
mv "$package" "$work/first.tar"
touch "$source/service.c" "$source/service.conf"
logged cmake --build "$build"
logged eval "cd '$build' && cpack -G External"
cmp "$work/first.tar" "$package"

step "other settings"
logged cmake -S "$source" -B "$build" -DCPACK_VERBATIM_VARIABLES=ON \
    -DCPACK_OCI_FORMAT=docker-archive -DCPACK_OCI_OWNER=3:4 \
    "-DCPACK_OCI_ENV=A=b c;D=e" "-DCPACK_OCI_CMD=one;t\"w[o" -DCPACK_OCI_TAG=localhost/other:7
logged eval "cd '$build' && cpack -G External"
image=docker-archive:$build/service-1.2.3-Linux.docker.tar
same "command" '["one","t\"w[o"]' "$(config "$image" .config.Cmd)"
same "environment" '["A=b c","D=e"]' "$(config "$image" .config.Env)"
logged "$IMGTOOL" --store "$work/s" copy "$image" store:other:7
"$IMGTOOL" --store "$work/s" files -l other:7 >"$work/files"
same "owners" "3/4" "$(awk '$NF ~ /^.usr.bin.service$|conf$/ { print $2 }' "$work/files" | sort -u)"

step "components"
sed -e 's/^install(TARGETS service/& COMPONENT program/' -e 's/^install(FILES.*[A-Z}]/& COMPONENT settings/' \
    -i "$source/CMakeLists.txt"
logged cmake -S "$source" -B "$build" -DCPACK_OCI_FORMAT= -DCPACK_OCI_OWNER=
logged eval "cd '$build' && cpack -G External"
same "layers of two components" 2 "$(layers "oci-archive:$package" | wc -l)"
logged cmake -S "$source" -B "$build" -DCPACK_OCI_COMPONENTS=settings
logged eval "cd '$build' && cpack -G External"
logged "$IMGTOOL" --store "$work/s" copy "oci-archive:$package" store:settings:1
"$IMGTOOL" --store "$work/s" files settings:1 >"$work/files"
# cpack makes the prefix for each.
same "files of one component" "/etc /etc/service.conf /usr" "$(xargs <"$work/files")"

step "refused"
for bad in CPACK_OCI_OWNER=root CPACK_OCI_FORMAT=zip CPACK_OCI_COMPONENTS=nothing; do
    logged cmake -S "$source" -B "$build" "-D$bad"
    ! (cd "$build" && cpack -G External) >"$work/log" 2>&1 || fail "$bad is accepted"
    grep -q "CPackOCI: .*${bad#*=}" <(tr '\n' ' ' <"$work/log") || fail "$bad: $(cat "$work/log")"
    logged cmake -S "$source" -B "$build" -U "${bad%=*}"
done
untouched
