# SPDX-License-Identifier: Apache-2.0
#
# What libimg links, and the least versions. Each is known to one room only, see CMakeLists.txt
# beside this file. This table is also what libimg.pc names, and it is installed with the CMake
# package, which reads it where the static library is asked for. By pkg-config throughout: Debian's
# jansson, for one, has no CMake package.

set(LIBIMG_REQUIRES
    "ARCHIVE libarchive >= 3.6"
    "CURL libcurl >= 7.85"
    "CRYPTO libcrypto >= 3.0"
    "JANSSON jansson >= 2.14"
    "DEFLATE libdeflate >= 1.10"
    "ISAL libisal >= 2.30"
    "ZSTD libzstd >= 1.5")

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
set(LIBIMG_DEPENDENCIES Threads::Threads)
foreach(libimg_require IN LISTS LIBIMG_REQUIRES)
    string(REGEX REPLACE " .*" "" libimg_name "${libimg_require}")
    string(REGEX REPLACE "^[A-Z]+| " "" libimg_module "${libimg_require}")
    pkg_check_modules(LIBIMG_${libimg_name} REQUIRED IMPORTED_TARGET GLOBAL ${libimg_module})
    list(APPEND LIBIMG_DEPENDENCIES PkgConfig::LIBIMG_${libimg_name})
endforeach()
