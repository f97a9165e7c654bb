# SPDX-License-Identifier: Apache-2.0
#
# Run by cpack when the files of each package are laid out: strips, compresses and adds what Debian
# wants of every package, and finds out what they depend on. cpack could do the last, but would then
# call ldconfig in scripts of its own, which is what triggers are for. With SOURCE_DATE_EPOCH packages
# are the same from run to run.

if(NOT CPACK_GENERATOR STREQUAL "DEB")
    return()
endif()
find_program(gzip gzip REQUIRED)
find_program(strip strip REQUIRED)
find_program(shlibdeps dpkg-shlibdeps REQUIRED)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
string(TIMESTAMP year "%Y" UTC)

set(readable OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
set(enterable ${readable} OWNER_EXECUTE GROUP_EXECUTE WORLD_EXECUTE)

# compress(FILE...): without the file's name and time within.
function(compress)
    execute_process(COMMAND ${gzip} -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# add_documents(ROOT PACKAGE)
function(add_documents root package)
    set(folder ${root}/usr/share/doc/${package})
    file(MAKE_DIRECTORY ${folder})
    configure_file(${CMAKE_CURRENT_LIST_DIR}/copyright.in ${folder}/copyright @ONLY)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/../../CHANGELOG.md ${folder}/changelog COPYONLY)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${folder}/changelog.Debian @ONLY)
    file(CHMOD ${folder}/copyright ${folder}/changelog ${folder}/changelog.Debian
        PERMISSIONS ${readable})
    compress(${folder}/changelog ${folder}/changelog.Debian)
endfunction()

# Pages that are links to others become links to what those are called now.
function(compress_pages root)
    file(GLOB_RECURSE pages ${root}/usr/share/man/*)
    foreach(page IN LISTS pages)
        if(IS_SYMLINK ${page})
            file(READ_SYMLINK ${page} target)
            file(REMOVE ${page})
            file(CREATE_LINK ${target}.gz ${page}.gz SYMBOLIC)
        elseif(NOT page MATCHES "\\.gz$")
            list(APPEND plain ${page})
        endif()
    endforeach()
    if(plain)
        compress(${plain})
    endif()
endfunction()

# Debian's zsh looks for completions of packages in a folder of its own.
function(move_completions root)
    if(IS_DIRECTORY ${root}/usr/share/zsh/site-functions)
        file(RENAME ${root}/usr/share/zsh/site-functions ${root}/usr/share/zsh/vendor-completions)
    endif()
endfunction()

# strip_files(ROOT BINARIES): gives the programs and shared libraries in it.
function(strip_files root binaries)
    file(GLOB_RECURSE found ${root}/usr/bin/* ${root}/usr/lib/*.so.*)
    foreach(binary IN LISTS found)
        if(NOT IS_SYMLINK ${binary})
            # The library is where the loader looks by itself.
            file(RPATH_REMOVE FILE ${binary})
            execute_process(COMMAND ${strip} --strip-unneeded -R .comment -R .note ${binary}
                COMMAND_ERROR_IS_FATAL ANY)
            list(APPEND linked ${binary})
        endif()
    endforeach()
    file(GLOB_RECURSE found ${root}/usr/lib/*.a)
    foreach(archive IN LISTS found)
        execute_process(COMMAND ${strip} --strip-debug -R .comment -R .note
            --enable-deterministic-archives ${archive} COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    set(${binaries} ${linked} PARENT_SCOPE)
endfunction()

# find_dependencies(RESULT BINARY...): what the shlibs files say of the libraries that these need.
function(find_dependencies result)
    set(folder ${CPACK_TEMPORARY_DIRECTORY}/shlibdeps)
    file(MAKE_DIRECTORY ${folder}/debian)
    file(WRITE ${folder}/debian/control "")
    execute_process(COMMAND ${shlibdeps} -O -L${CPACK_LIBIMG_SHLIBS} -l${CPACK_LIBIMG_LIBRARIES} ${ARGN}
        WORKING_DIRECTORY ${folder} OUTPUT_VARIABLE found ERROR_VARIABLE said RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "dpkg-shlibdeps: ${said}")
    endif()
    string(REGEX REPLACE "^.*Depends=|\n" "" found "${found}")
    set(${result} "${found}" PARENT_SCOPE)
endfunction()

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} name)
    set(package ${CPACK_DEBIAN_${name}_PACKAGE_NAME})
    set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component})
    if(NOT IS_DIRECTORY ${root}/usr)
        message(FATAL_ERROR "${root}/usr, which is to become ${package}, is not there")
    endif()
    add_documents(${root} ${package})
    compress_pages(${root})
    move_completions(${root})
    strip_files(${root} binaries)
    if(binaries)
        find_dependencies(CPACK_DEBIAN_${name}_PACKAGE_DEPENDS ${binaries})
    endif()
    # Whatever the umask.
    file(GLOB_RECURSE entries LIST_DIRECTORIES true ${root}/*)
    foreach(entry IN LISTS entries)
        if(IS_DIRECTORY ${entry} AND NOT IS_SYMLINK ${entry})
            file(CHMOD ${entry} PERMISSIONS ${enterable})
        endif()
    endforeach()
endforeach()
