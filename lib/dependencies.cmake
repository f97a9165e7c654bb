# SPDX-License-Identifier: Apache-2.0
#
# What libimg links. Each is known to one room only, see CMakeLists.txt beside this file.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(LIBIMG_ARCHIVE REQUIRED IMPORTED_TARGET GLOBAL libarchive>=3.6)
pkg_check_modules(LIBIMG_CURL REQUIRED IMPORTED_TARGET GLOBAL libcurl>=7.85)
pkg_check_modules(LIBIMG_CRYPTO REQUIRED IMPORTED_TARGET GLOBAL libcrypto>=3.0)
pkg_check_modules(LIBIMG_JANSSON REQUIRED IMPORTED_TARGET GLOBAL jansson>=2.14)
pkg_check_modules(LIBIMG_DEFLATE REQUIRED IMPORTED_TARGET GLOBAL libdeflate>=1.10)
pkg_check_modules(LIBIMG_ISAL REQUIRED IMPORTED_TARGET GLOBAL libisal>=2.30)
pkg_check_modules(LIBIMG_ZSTD REQUIRED IMPORTED_TARGET GLOBAL libzstd>=1.5)

set(LIBIMG_DEPENDENCIES PkgConfig::LIBIMG_ARCHIVE PkgConfig::LIBIMG_CURL PkgConfig::LIBIMG_CRYPTO
    PkgConfig::LIBIMG_JANSSON PkgConfig::LIBIMG_DEFLATE PkgConfig::LIBIMG_ISAL
    PkgConfig::LIBIMG_ZSTD Threads::Threads)
