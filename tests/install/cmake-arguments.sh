#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What libimg_add_image() is given arrives as it is, through the shell of make and that of ninja, or is
# refused with the name of the target.
. "$(dirname "$0")/service.sh"

project="$work/odd project"
mkdir -p "$project/a dir/sub" "$project/lib"
echo one >"$project/one file=1"
echo two >"$project/two'x%.txt"
echo deep >"$project/a dir/sub/deep.txt"
echo skipped >"$project/a dir/skipped.o"
printf '#!/bin/sh\n' >"$project/run.sh"
chmod 600 "$project/run.sh" "$project/one file=1"
chmod 700 "$project/a dir"
echo 'int answer(void) { return 42; }' >"$project/answer.c"

cat >"$project/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.22)
project(odd C)
find_package(libimg 0.1 CONFIG REQUIRED COMPONENTS tool)
# Variables of the caller mean nothing here.
set(image_ENV x=y)
set(image_DEPENDS nothing)
set(group_0_MODE 0777)
add_library(answer SHARED answer.c)
set_target_properties(answer PROPERTIES VERSION 1.2.3 SOVERSION 1)
add_custom_command(OUTPUT made.txt COMMAND ${CMAKE_COMMAND} -E echo made > made.txt VERBATIM)
libimg_add_image(TARGET odd ALL TAG localhost/odd:1 localhost/odd:two
    FILES "one file=1" "two'x%.txt" DESTINATION "/etc/a b" MODE 0640 OWNER 7:8
    PROGRAMS run.sh DESTINATION /usr/bin/ RENAME "run it" OWNER 9
    FILES ${CMAKE_CURRENT_BINARY_DIR}/made.txt DESTINATION /
    TARGETS answer DESTINATION /usr/lib
    DIRECTORY "a dir" lib/ DESTINATION /srv
    EXCLUDE *.o
    ENTRYPOINT /usr/bin/env "two words" "[" "q\"uo'te" "back\\slash" "semi;colon" "$HOME \${x} %s"
    CMD "$<IF:$<CONFIG:Debug>,debug,other>"
    ENV "LIST=a;b c" "Q=\"'\\x" LANG=C
    LABEL "a.b=c = d" ANNOTATION "e.f=$<TARGET_FILE_NAME:answer>"
    EXPOSE 80 53/udp VOLUME /data USER nobody WORKDIR "/srv/a dir" STOP_SIGNAL SIGINT
    PLATFORM linux/arm64 COMPRESSION zstd MTIME 2024-05-06T07:08:09Z CHMOD u=rX,go=
    OPTIONS --threads 1
    OUTPUT oci-archive:odd.tar:x "oci-archive:new dir/$<CONFIG>/odd.tar")
END

# judge GENERATOR [OPTION...]
judge() {
    local build=$work/$1 image="oci-archive:$work/$1/odd.tar"
    logged cmake -S "$project" -B "$build" -G "$@" -DCMAKE_BUILD_TYPE=Debug
    logged cmake --build "$build"
    same "command" "$(jq -nc '["/usr/bin/env", "two words", "[", "q\"uo'\''te", "back\\slash",
        "semi;colon", "$HOME ${x} %s", "debug"]')" "$(config "$image" '.config | .Entrypoint + .Cmd')"
    same "environment" '["LANG=C","LIST=a;b c","Q=\"'\''\\x"]' "$(config "$image" '.config.Env | sort')"
    same "settings" '{"Labels":{"a.b":"c = d"},"Ports":["53/udp","80/tcp"],"User":"nobody","Volumes":["/data"],"WorkingDir":"/srv/a dir"}' \
        "$(config "$image" '.config | {Labels, Ports: .ExposedPorts|keys, User, Volumes: .Volumes|keys, WorkingDir}')"
    same "platform" '["linux","arm64"]' "$(config "$image" '[.os, .architecture]')"
    [ -s "$work/$1/new dir/Debug/odd.tar" ] || fail "an output in a directory that was not there"
    same "annotation" libanswer.so.1.2.3 \
        "$(skopeo inspect --raw "$image" | jq -r '.annotations["e.f"]')"
    "$IMGTOOL" --store "$work/judge" copy "$image" store:odd:1 >"$work/copied"
    "$IMGTOOL" --store "$work/judge" files -l odd:1 | sed 's/  */ /g' |
        sed -n 's/^\([^ d]*\) \([0-9/]*\) [0-9]* /\1 \2 /p' >"$work/files"
    diff - "$work/files" <<'END'
-rw-r----- 7/8 2024-05-06 07:08 /etc/a b/one file=1
-rw-r----- 7/8 2024-05-06 07:08 /etc/a b/two'x%.txt
-rw-r--r-- 0/0 2024-05-06 07:08 /made.txt
-r-------- 0/0 2024-05-06 07:08 /srv/a dir/sub/deep.txt
-rwxr-xr-x 9/9 2024-05-06 07:08 /usr/bin/run it
-rw-r--r-- 0/0 2024-05-06 07:08 /usr/lib/libanswer.so.1
END
    same "names" "odd:1 odd:two" "$("$IMGTOOL" --store "$(dirname "$(find "$build" -name oci-layout)")" \
        images --format json | jq -r '.[].name' | sed 's,.*/,,' | sort | xargs)"
    logged cmake --build "$build"
    ! grep -q 'Building image' "$work/log" || fail "a null build does something: $(cat "$work/log")"
}

for generator in Ninja "Unix Makefiles"; do
    step "as it is, with $generator"
    judge "$generator"
done
step "as it is, with several configurations"
judge "Ninja Multi-Config" -DCMAKE_DEFAULT_BUILD_TYPE=Debug
untouched

# refuse PATTERN ARGUMENT...: libimg_add_image(TARGET bad ARGUMENT...), as CMake code, fails and says so.
refuse() {
    local pattern=$1
    shift
    printf 'set(LIBIMG_IMGTOOL imgtool)\ninclude("%s")\nlibimg_add_image(TARGET bad %s)\n' \
        "$(find "$PREFIX" -name LibimgAddImage.cmake)" "$*" >"$work/bad.cmake"
    ! cmake -P "$work/bad.cmake" >"$work/log" 2>&1 || fail "accepted: $*"
    tr -s '\n ' ' ' <"$work/log" >"$work/said"
    grep -q "libimg_add_image(TARGET bad): .*$pattern" "$work/said" || fail "$*: $(cat "$work/said")"
}

step "refused"
refuse "FILES a: a DESTINATION is needed" FILES a
refuse "DESTINATION is needed that begins with a slash" FILES a DESTINATION usr/bin
refuse "has no colon" FILES a DESTINATION "'/a:b'"
refuse "FILES is without a value" FILES DESTINATION /
refuse "TARGET has two values, 'bad' and 'stray'" stray
refuse "'stray' follows no keyword" PUSH stray
refuse "DESTINATION belongs behind" DESTINATION /usr
refuse "MODE belongs behind" FILES a DESTINATION / ENV A=b MODE 0644
refuse "MODE u=r: is not octal" FILES a DESTINATION / MODE u=r
refuse "OWNER root: numbers are needed" FILES a DESTINATION / OWNER root
refuse "RENAME x: only one file" FILES a b DESTINATION / RENAME x
refuse "USER has two values, 'a' and 'b'" USER a b
refuse "a name with a semicolon" 'FILES "a;b" DESTINATION /'
refuse "a name with a semicolon, a backslash" 'FILES "a\\b" DESTINATION /'
refuse "can't pass on a bracket" 'ENV "A=[" B=c'
refuse "ENV has an empty value" 'ENV ""'
refuse "FILES .*: is a directory; use DIRECTORY" "FILES \"$work\" DESTINATION /"
refuse "holds the build tree" "DIRECTORY . DESTINATION /"
refuse "needs a slash at its end" 'DIRECTORY $<TARGET_FILE_DIR:x> DESTINATION /'
refuse "TARGETS none: there is no such target" TARGETS none DESTINATION /
refuse "OUTPUT file.tar: is none of oci:DIR" OUTPUT file.tar
refuse "INSTALL needs a DESTINATION, and an OUTPUT" INSTALL DESTINATION share
refuse "COMPONENT belongs behind INSTALL" FILES a DESTINATION / COMPONENT x
refuse "PUSH needs TAG" PUSH

# refuse_second PATTERN FIRST SECOND: two images whose arguments can't be together.
refuse_second() {
    printf 'cmake_minimum_required(VERSION 3.22)\nproject(two NONE)\nset(LIBIMG_IMGTOOL imgtool)
        include("%s")\nlibimg_add_image(TARGET first %s)\nlibimg_add_image(TARGET bad %s)\n' \
        "$(find "$PREFIX" -name LibimgAddImage.cmake)" "$2" "$3" >"$work/two/CMakeLists.txt"
    ! cmake -G Ninja -S "$work/two" -B "$work/two/build" >"$work/log" 2>&1 || fail "accepted: $2, $3"
    tr -s '\n ' ' ' <"$work/log" >"$work/said"
    grep -q "libimg_add_image(TARGET bad): $1" "$work/said" || fail "$2, $3: $(cat "$work/said")"
}

step "two images in one place"
mkdir "$work/two"
refuse_second "TAG app:1: is that of TARGET first, too" "TAG app:1" "TAG x app:1"
refuse_second "TAG first: is that of TARGET first, too" "" "TAG first"
refuse_second "OUTPUT oci:all:2: is that of TARGET first, too" "OUTPUT oci:all:1" "OUTPUT oci:all:2"
