# SPDX-License-Identifier: Apache-2.0
#
# What LibimgAddImage.cmake and CPackOCI.cmake share: how words of CMake become arguments of imgtool.

include_guard(GLOBAL)

# libimg_json_words(OUT WORD...): the words as a JSON array. Brackets and semicolons, which have a
# meaning in lists of CMake, are written as escapes.
function(libimg_json_words out)
    set(json "")
    set(i 1)
    while(i LESS ARGC)
        set(word "${ARGV${i}}")
        string(REPLACE "\\" "\\\\" word "${word}")
        string(REPLACE "\"" "\\\"" word "${word}")
        string(REPLACE "\n" "\\n" word "${word}")
        string(REPLACE "\t" "\\t" word "${word}")
        string(REPLACE "[" "\\u005b" word "${word}")
        string(REPLACE "]" "\\u005d" word "${word}")
        string(REPLACE ";" "\\u003b" word "${word}")
        string(APPEND json ",\"${word}\"")
        math(EXPR i "${i} + 1")
    endwhile()
    string(REGEX REPLACE "^," "" json "${json}")
    set(${out} "[${json}]" PARENT_SCOPE)
endfunction()

# libimg_platform_of(OUT PROCESSOR): linux/ARCH[/VARIANT] for what CMAKE_SYSTEM_PROCESSOR may be, or
# nothing.
function(libimg_platform_of out processor)
    string(TOLOWER "${processor}" processor)
    set(platform "")
    foreach(known "x86_64|amd64=amd64" "aarch64|arm64=arm64" "armv7.*|armhf=arm/v7" "armv6.*=arm/v6"
            "i[3-6]86|x86=386" "riscv64=riscv64" "ppc64le|powerpc64le=ppc64le" "s390x=s390x"
            "mips64el|mips64le=mips64le" "loongarch64|loong64=loong64")
        string(REGEX MATCH "^(.*)=(.*)$" known "${known}")
        set(architecture "${CMAKE_MATCH_2}")
        if(processor MATCHES "^(${CMAKE_MATCH_1})$")
            set(platform "linux/${architecture}")
            break()
        endif()
    endforeach()
    set(${out} "${platform}" PARENT_SCOPE)
endfunction()
