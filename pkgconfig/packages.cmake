# SPDX-License-Identifier: Apache-2.0
#
# What "cpack" makes of the components: libimg0, libimg-dev and imgtool, Debian packages. For them to
# be as Debian's own, configure by "cmake --preset packages", or with -DCMAKE_INSTALL_PREFIX=/usr, for
# then libraries go where this Debian has them (lib/x86_64-linux-gnu).
#
# "cpack --config CPackSourceConfig.cmake" archives the sources, as git has them.

set(LIBIMG_PACKAGE_CONTACT "libimg maintainers <maintainers@libimg.invalid>"
    CACHE STRING "Maintainer of the packages, as NAME <ADDRESS>")
set(CPACK_PACKAGE_CONTACT "${LIBIMG_PACKAGE_CONTACT}")
set(CPACK_PACKAGE_NAME libimg)
# Each package has a description of its own.
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "")
set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime development)
if(TARGET imgtool)
    list(APPEND CPACK_COMPONENTS_ALL tool)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
# Below DESTDIR, so that what is installed knows its real prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/pkgconfig/deb/finish.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE libimg)
set(libimg_deb_tool imgtool)
if(LIBIMG_TOOL_NAME)
    set(libimg_deb_tool ${LIBIMG_TOOL_NAME})
endif()
set(libimg_deb_version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

# libimg0 by agreement, though the SONAME is libimg.so.0.MINOR until 1.0: a package name for each minor
# version would fill a distribution with packages that nobody but one needs. So who was linked with
# 0.1 must not get 0.2, and that is what the shlibs file says. No symbols file: options structs grow
# at their end, and a program that fills what its headers have needs a library as new as these,
# whichever functions it calls.
set(libimg_deb_runtime libimg${PROJECT_VERSION_MAJOR})
math(EXPR libimg_deb_next "${PROJECT_VERSION_MINOR} + 1")
set(libimg_deb_range "${libimg_deb_runtime} (>= ${PROJECT_VERSION}), ${libimg_deb_runtime} (<< ${PROJECT_VERSION_MAJOR}.${libimg_deb_next}~)")
get_target_property(libimg_soversion libimg_shared SOVERSION)
file(WRITE ${PROJECT_BINARY_DIR}/deb/shlibs "libimg ${libimg_soversion} ${libimg_deb_range}\n")
# For finish.cmake: cpack hands on what begins with CPACK_ alone.
set(CPACK_LIBIMG_SHLIBS ${PROJECT_BINARY_DIR}/deb/shlibs)
set(CPACK_LIBIMG_LIBRARIES ${PROJECT_BINARY_DIR}/lib)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME ${libimg_deb_runtime})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
    ${PROJECT_BINARY_DIR}/deb/shlibs ${PROJECT_SOURCE_DIR}/pkgconfig/deb/triggers)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
"library to build, store, push and pull container images
libimg makes layers of directories, files and archives, keeps images in a
store that is an OCI image layout, and moves them between registries, the
store and archives. It needs no daemon and no root.
")

# pkg-config demands that what libimg.pc requires is there, also where it links the shared library.
set(libimg_deb_requires libarchive-dev "libcurl4-openssl-dev | libcurl-dev" libssl-dev libjansson-dev
    libdeflate-dev libisal-dev libzstd-dev)
list(JOIN libimg_deb_requires ", " libimg_deb_requires)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libimg-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "${libimg_deb_runtime} (= ${libimg_deb_version}), ${libimg_deb_requires}")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "${libimg_deb_tool} (= ${libimg_deb_version})")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"library to build, store, push and pull container images: development
Headers, manual pages, the static library, and what pkg-config and CMake
need to find libimg.
")

set(CPACK_DEBIAN_TOOL_PACKAGE_NAME ${libimg_deb_tool})
set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_TOOL_PACKAGE_RECOMMENDS ca-certificates)
if(libimg_deb_tool STREQUAL "imgtool")
    # Has a /usr/bin/imgtool of its own. Debian itself would take another name for one of them, by
    # LIBIMG_TOOL_NAME.
    set(CPACK_DEBIAN_TOOL_PACKAGE_CONFLICTS mame-tools)
endif()
set(CPACK_COMPONENT_TOOL_DESCRIPTION
"command to build, store, push and pull container images
${libimg_deb_tool} makes images of directories, files and archives, unpacks them, and
copies them between registries, a local store and archives. It needs no
daemon, no root and no runtime of another language.
")

set(CPACK_SOURCE_GENERATOR External)
set(CPACK_SOURCE_PACKAGE_FILE_NAME libimg-${PROJECT_VERSION})
set(CPACK_EXTERNAL_PACKAGE_SCRIPT ${PROJECT_SOURCE_DIR}/pkgconfig/sources.cmake)
include(CPack)
