# SPDX-License-Identifier: Apache-2.0
#
# What "cpack -G External" runs to make an image of an installed project: what "cmake --install" would
# install is added to a base or to nothing. In the project, before include(CPack):
#
#   find_package(libimg CONFIG REQUIRED COMPONENTS tool)
#   set(CPACK_EXTERNAL_PACKAGE_SCRIPT ${libimg_CPACK_OCI})
#   set(CPACK_EXTERNAL_ENABLE_STAGING ON)
#   set(CPACK_SET_DESTDIR ON)
#
# The prefix in the image is then CMAKE_INSTALL_PREFIX, which "cmake -DCMAKE_INSTALL_PREFIX=/usr" sets,
# and absolute destinations, as /etc, go where they say. Without CPACK_SET_DESTDIR the prefix is
# CPACK_PACKAGING_INSTALL_PREFIX, and an absolute destination is written to on this machine, unless
# CPACK_ERROR_ON_ABSOLUTE_INSTALL_DESTINATION refuses it.
#
# Of these what is needed; lists are lists of CMake, and words with quotes or backslashes need
# CPACK_VERBATIM_VARIABLES:
#
#   CPACK_OCI_TAG          names of the image; default: the package's, with its version as the tag
#   CPACK_OCI_BASE         what "imgtool build --from" takes; default: nothing
#   CPACK_OCI_ENTRYPOINT   CPACK_OCI_CMD   words
#   CPACK_OCI_ENV   CPACK_OCI_LABEL   CPACK_OCI_ANNOTATION   K=V; title and version are annotated anyway
#   CPACK_OCI_EXPOSE   CPACK_OCI_VOLUME   CPACK_OCI_USER   CPACK_OCI_WORKDIR   CPACK_OCI_STOP_SIGNAL
#   CPACK_OCI_PLATFORM     OS/ARCH; default: as the base, else this machine
#   CPACK_OCI_COMPRESSION  CPACK_OCI_OPTIONS   further options of "imgtool build"
#   CPACK_OCI_MTIME        all times in the layer, or KEEP; default: 0
#   CPACK_OCI_OWNER        UID:GID of all that is added; default: 0:0
#   CPACK_OCI_COMPONENTS   those of CPACK_COMPONENTS_ALL that go in, each as a layer; default: all
#   CPACK_OCI_FORMAT       oci-archive, the default, or docker-archive
#   CPACK_OCI_IMGTOOL      the command; default: the one of the libimg that was found
#
# The package is FILE.oci.tar or FILE.docker.tar, with FILE as CPACK_PACKAGE_FILE_NAME says. With the
# same inputs it has the same bytes.

cmake_policy(PUSH)
cmake_policy(VERSION 3.22)
include("${CMAKE_CURRENT_LIST_DIR}/LibimgArguments.cmake")

function(oci_default name value)
    if(NOT DEFINED CPACK_OCI_${name} OR CPACK_OCI_${name} STREQUAL "")
        set(CPACK_OCI_${name} "${value}" PARENT_SCOPE)
    endif()
endfunction()

# The layers: the folder that cpack installed to, or one of each component in it.
function(oci_layers out)
    string(REPLACE ":" "," owner "uid=${CPACK_OCI_OWNER}")
    string(REPLACE "," ",gid=" owner "${owner}")
    set(folders "${CPACK_TEMPORARY_DIRECTORY}")
    if(CPACK_OCI_COMPONENTS)
        list(TRANSFORM CPACK_OCI_COMPONENTS PREPEND "${CPACK_TEMPORARY_DIRECTORY}/" OUTPUT_VARIABLE folders)
    endif()
    set(arguments "")
    foreach(folder IN LISTS folders)
        if(NOT IS_DIRECTORY "${folder}")
            message(FATAL_ERROR "CPackOCI: nothing was installed to ${folder}; are CPACK_OCI_COMPONENTS right, and is CPACK_EXTERNAL_ENABLE_STAGING set?")
        endif()
        list(APPEND arguments --add "${folder}:/:${owner}")
    endforeach()
    set(${out} "${arguments}" PARENT_SCOPE)
endfunction()

function(oci_settings out)
    set(arguments "")
    foreach(name BASE ENV LABEL ANNOTATION EXPOSE VOLUME USER WORKDIR STOP_SIGNAL PLATFORM COMPRESSION)
        string(TOLOWER "--${name}" option)
        string(REPLACE "_" "-" option "${option}")
        string(REPLACE "--base" "--from" option "${option}")
        foreach(value IN LISTS CPACK_OCI_${name})
            list(APPEND arguments ${option} "${value}")
        endforeach()
    endforeach()
    foreach(name ENTRYPOINT CMD)
        if(CPACK_OCI_${name})
            libimg_json_words(json ${CPACK_OCI_${name}})
            string(TOLOWER "--${name}" option)
            list(APPEND arguments ${option} "${json}")
        endif()
    endforeach()
    if(NOT CPACK_OCI_MTIME STREQUAL "KEEP")
        list(APPEND arguments --mtime ${CPACK_OCI_MTIME})
    endif()
    foreach(tag IN LISTS CPACK_OCI_TAG)
        list(APPEND arguments -t "${tag}")
    endforeach()
    set(${out} "${arguments}" PARENT_SCOPE)
endfunction()

string(TOLOWER "${CPACK_PACKAGE_NAME}" oci_name)
string(REGEX REPLACE "[^a-z0-9]+" "-" oci_name "${oci_name}")
string(REGEX REPLACE "[^A-Za-z0-9_.-]" "_" oci_version "${CPACK_PACKAGE_VERSION}")
oci_default(TAG "${oci_name}:${oci_version}")
oci_default(MTIME 0)
oci_default(OWNER 0:0)
oci_default(FORMAT oci-archive)
oci_default(COMPONENTS "${CPACK_COMPONENTS_ALL}")
if(NOT CPACK_OCI_OWNER MATCHES "^[0-9]+:[0-9]+$")
    message(FATAL_ERROR "CPackOCI: CPACK_OCI_OWNER '${CPACK_OCI_OWNER}' is not UID:GID, in numbers")
elseif(NOT CPACK_OCI_FORMAT MATCHES "^(oci|docker)-archive$")
    message(FATAL_ERROR "CPackOCI: CPACK_OCI_FORMAT '${CPACK_OCI_FORMAT}' is neither oci-archive nor docker-archive")
endif()
find_program(CPACK_OCI_IMGTOOL imgtool)
if(NOT CPACK_OCI_IMGTOOL)
    message(FATAL_ERROR "CPackOCI: there is no imgtool in PATH; set CPACK_OCI_IMGTOOL")
endif()

string(REPLACE "-archive" "" oci_suffix "${CPACK_OCI_FORMAT}")
set(oci_package "${CPACK_PACKAGE_DIRECTORY}/${CPACK_PACKAGE_FILE_NAME}.${oci_suffix}.tar")
string(REPLACE "\\" "\\\\" oci_place "${oci_package}")
string(REPLACE ":" "\\:" oci_place "${oci_place}")
# Beside the folder of the installation, so as not to be in the image.
set(oci_store "${CPACK_TOPLEVEL_DIRECTORY}/oci-store")
oci_layers(oci_layers)
oci_settings(oci_settings)
execute_process(
    COMMAND "${CPACK_OCI_IMGTOOL}" --store "${oci_store}" --progress none build ${oci_layers}
        --annotation "org.opencontainers.image.title=${CPACK_PACKAGE_NAME}"
        --annotation "org.opencontainers.image.version=${CPACK_PACKAGE_VERSION}"
        ${oci_settings} ${CPACK_OCI_OPTIONS} -o "${CPACK_OCI_FORMAT}:${oci_place}"
    OUTPUT_VARIABLE oci_reference RESULT_VARIABLE oci_status)
if(NOT oci_status EQUAL 0)
    message(FATAL_ERROR "CPackOCI: imgtool build failed (${oci_status})")
endif()
string(STRIP "${oci_reference}" oci_reference)
message(STATUS "${oci_reference}")
set(CPACK_EXTERNAL_BUILT_PACKAGES "${oci_package}")
cmake_policy(POP)
