# SPDX-License-Identifier: Apache-2.0
#
# What "cmake --install" installs: the shared and the static library, the headers, imgtool, libimg.pc,
# the CMake package and the recipes for build systems. The targets have the names that they have in
# the build tree, so that the same lines of a consumer work with find_package() and with
# add_subdirectory().
#
# Each rule has a component: "runtime" is what programs run with, "development" what they are built
# with, "tool" the command. packages.cmake makes a package of each.

include(CMakePackageConfigHelpers)
if(BUILD_SHARED_LIBS)
    set(libimg_default shared)
else()
    set(libimg_default static)
endif()
set(libimg_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libimg)

set_target_properties(libimg_shared PROPERTIES EXPORT_NAME shared)
set_target_properties(libimg_static PROPERTIES EXPORT_NAME static)
install(TARGETS libimg_shared EXPORT libimgSharedTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS libimg_static EXPORT libimgStaticTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
install(EXPORT libimgSharedTargets NAMESPACE libimg:: DESTINATION ${libimg_cmake_dir}
        COMPONENT development)
install(EXPORT libimgStaticTargets NAMESPACE libimg:: DESTINATION ${libimg_cmake_dir}
        COMPONENT development)
install(DIRECTORY include/libimg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.h")

if(TARGET imgtool)
    # Outside of the linker's own folders the tool finds its library from where it is itself, and
    # the installed tree may be moved.
    if(NOT CMAKE_INSTALL_FULL_LIBDIR IN_LIST CMAKE_C_IMPLICIT_LINK_DIRECTORIES)
        file(RELATIVE_PATH libimg_from_bin ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
        set_target_properties(imgtool PROPERTIES INSTALL_RPATH "$ORIGIN/${libimg_from_bin}")
    endif()
    install(TARGETS imgtool EXPORT libimgToolTargets RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
            COMPONENT tool)
    # With the tool, since it demands that the tool is there; libimgConfig.cmake can do without.
    install(EXPORT libimgToolTargets NAMESPACE libimg:: DESTINATION ${libimg_cmake_dir} COMPONENT tool)
endif()

configure_package_config_file(pkgconfig/libimgConfig.cmake.in
    ${PROJECT_BINARY_DIR}/libimgConfig.cmake INSTALL_DESTINATION ${libimg_cmake_dir}
    NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may break the API; from 1.0 on this becomes SameMajorVersion.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/libimgConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/libimgConfig.cmake
        ${PROJECT_BINARY_DIR}/libimgConfigVersion.cmake
        lib/dependencies.cmake pkgconfig/LibimgAddImage.cmake pkgconfig/LibimgArguments.cmake
        pkgconfig/CPackOCI.cmake DESTINATION ${libimg_cmake_dir} COMPONENT development)
install(FILES pkgconfig/libimg.mk DESTINATION ${CMAKE_INSTALL_DATADIR}/libimg
        COMPONENT development)

foreach(dir bindir libdir includedir datadir)
    string(TOUPPER ${dir} variable)
    if(IS_ABSOLUTE "${CMAKE_INSTALL_${variable}}")
        set(libimg_pc_${dir} "${CMAKE_INSTALL_${variable}}")
    elseif(dir MATCHES "^(includedir|datadir)$")
        set(libimg_pc_${dir} "\${prefix}/${CMAKE_INSTALL_${variable}}")
    else()
        set(libimg_pc_${dir} "\${exec_prefix}/${CMAKE_INSTALL_${variable}}")
    endif()
endforeach()
list(TRANSFORM LIBIMG_REQUIRES REPLACE "^[A-Z]+ " "" OUTPUT_VARIABLE libimg_pc_requires)
list(JOIN libimg_pc_requires ", " libimg_pc_requires)
# The prefix may still change, by "cmake --install --prefix".
set(libimg_pc_prefix "@CMAKE_INSTALL_PREFIX@")
configure_file(pkgconfig/libimg.pc.in ${PROJECT_BINARY_DIR}/libimg.pc.in @ONLY)
install(CODE "configure_file(\"${PROJECT_BINARY_DIR}/libimg.pc.in\"
    \"${PROJECT_BINARY_DIR}/libimg.pc\" @ONLY)" COMPONENT development)
install(FILES ${PROJECT_BINARY_DIR}/libimg.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)
