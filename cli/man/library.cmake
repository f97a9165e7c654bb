# SPDX-License-Identifier: Apache-2.0
#
# The manual pages of the library, from the comments of its headers.

find_program(LIBIMG_AWK awk)
if(NOT LIBIMG_AWK OR LIBIMG_SANITIZE)
    message(STATUS "No manual pages of the library: they need awk, and a build without sanitizers")
    return()
endif()

file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/libimg/*.h)
file(GLOB examples CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/api/*.c
    ${PROJECT_SOURCE_DIR}/examples/*.c)
set(script ${PROJECT_SOURCE_DIR}/cli/man/headers.awk)
set(pages ${PROJECT_BINARY_DIR}/man)
add_custom_command(OUTPUT ${pages}/stamp
    COMMAND ${CMAKE_COMMAND} -E rm -rf ${pages}/man3
    COMMAND ${CMAKE_COMMAND} -E make_directory ${pages}/man3
    COMMAND ${LIBIMG_AWK} -v out=${pages}/man3 -v date=${LIBIMG_DATE} -v version=${PROJECT_VERSION}
        -f ${script} ${headers} ${examples}
    COMMAND ${CMAKE_COMMAND} -E touch ${pages}/stamp
    DEPENDS ${headers} ${examples} ${script}
    COMMENT "Writing the manual pages of the library" VERBATIM)
add_custom_target(libimg_pages ALL DEPENDS ${pages}/stamp)
install(DIRECTORY ${pages}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT development)
