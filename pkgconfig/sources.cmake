# SPDX-License-Identifier: Apache-2.0
#
# Run by "cpack --config CPackSourceConfig.cmake": the files of the commit that is checked out, which
# are the same bytes wherever that is done.

find_program(git git REQUIRED)
find_program(gzip gzip REQUIRED)
set(archive ${CPACK_TOPLEVEL_DIRECTORY}/${CPACK_SOURCE_PACKAGE_FILE_NAME}.tar.gz)
file(MAKE_DIRECTORY ${CPACK_TOPLEVEL_DIRECTORY})
execute_process(
    COMMAND ${git} -C ${CMAKE_CURRENT_LIST_DIR}/.. archive --format=tar
        --prefix=${CPACK_SOURCE_PACKAGE_FILE_NAME}/ HEAD
    COMMAND ${gzip} -9n
    OUTPUT_FILE ${archive} COMMAND_ERROR_IS_FATAL ANY)
set(CPACK_EXTERNAL_BUILT_PACKAGES ${archive})
