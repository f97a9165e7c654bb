/* SPDX-License-Identifier: Apache-2.0
 *
 * libimg builds layered, content-addressed container images, keeps them in a local store, and moves
 * them to and from registries.
 *
 * The rules that hold for every function:
 *
 * - What you pass in is borrowed for the call, unless its description says longer. Every "T **out"
 *   is yours: free it with the function named after its type, which accepts NULL. A "const T *"
 *   that is returned belongs to its handle and lives as long.
 * - A function that can fail returns 0 or a negative IMG_E... code and describes the failure in
 *   the img_error that it was given (see error.h). On failure "out" parameters are untouched.
 * - An options struct begins with its own size and is set up by its ..._INIT macro; every zero is
 *   the default. A struct from a newer header is accepted as long as its unknown tail is zero.
 * - Nothing is global: no initialisation, no last error, no signal handler, no output, no change of
 *   directory, umask or locale. Descriptors are O_CLOEXEC. SIGPIPE never reaches the program.
 * - A handle serves one thread at a time; different handles are independent of each other.
 * - Callbacks run on the calling thread and never after the call has returned.
 * - Strings are UTF-8 except paths and names of files, which are bytes. Sizes are in bytes.
 * - No compiler is needed to call it: no struct is passed by value, nothing is a bit-field,
 *   variadic or inline, an ..._INIT macro is the size and zeros, other macros are constants.
 * - What comes from a network or a file is bounded: documents, headers, names, entries, redirects.
 */
#ifndef LIBIMG_H
#define LIBIMG_H

#include <libimg/archive.h>
#include <libimg/blob.h>
#include <libimg/build.h>
#include <libimg/bundle.h>
#include <libimg/callbacks.h>
#include <libimg/client.h>
#include <libimg/contents.h>
#include <libimg/copy.h>
#include <libimg/edit.h>
#include <libimg/error.h>
#include <libimg/export.h>
#include <libimg/image.h>
#include <libimg/index.h>
#include <libimg/reference.h>
#include <libimg/repository.h>
#include <libimg/store.h>
#include <libimg/unpack.h>
#include <libimg/values.h>
#include <libimg/version.h>

#endif
