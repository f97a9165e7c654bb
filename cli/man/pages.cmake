# SPDX-License-Identifier: Apache-2.0
#
# cmake -DTOOL=PATH -DNAME=imgtool -DOUT=DIR -P pages.cmake: has the tool write its manual pages into
# OUT/man1 and OUT/man7, and the scripts that complete command lines into OUT. What pages there are
# is in its own table of commands and topics.

function(write_page page section)
    if(page)
        set(file ${OUT}/man${section}/${NAME}-${page}.${section})
    else()
        set(file ${OUT}/man${section}/${NAME}.${section})
    endif()
    execute_process(COMMAND ${TOOL} help --format man ${page} OUTPUT_FILE ${file}
        COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# write_pages(LIST SECTION [MEMBER])
function(write_pages list section)
    string(JSON count LENGTH "${table}" ${list})
    math(EXPR last "${count} - 1")
    foreach(i RANGE ${last})
        string(JSON page GET "${table}" ${list} ${i} ${ARGN})
        write_page("${page}" ${section})
    endforeach()
endfunction()

file(REMOVE_RECURSE ${OUT}/man1 ${OUT}/man7)
file(MAKE_DIRECTORY ${OUT}/man1 ${OUT}/man7)
execute_process(COMMAND ${TOOL} help --format json OUTPUT_VARIABLE table
    COMMAND_ERROR_IS_FATAL ANY)
write_page("" 1)
write_pages(commands 1 name)
write_pages(topics 7)

foreach(shell bash zsh fish)
    execute_process(COMMAND ${TOOL} completion ${shell} OUTPUT_FILE ${OUT}/completion.${shell}
        COMMAND_ERROR_IS_FATAL ANY)
endforeach()
