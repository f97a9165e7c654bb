/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling an img_error in the return expression: return img__fail(err, IMG_EDIGEST, "...", ...).
 * The lowest layer says what failed, each verb in ops/ prefixes once what it was doing.
 */
#ifndef IMG_BASE_ERR_H
#define IMG_BASE_ERR_H

#include <stdarg.h>

#include <libimg/error.h>

/* Inside only: a source has nothing yet, or a sink no room, and it is to be asked again later. No
 * img_error is filled. Who runs a loop (net/) knows it; what reads or writes in one go gives it
 * only streams that never say so. */
#define IMG__EAGAIN (-1000)

/* Sets code and message, clears the rest; returns code. Control characters and bytes that are not
 * UTF-8 are escaped, so hostile text may be passed. */
__attribute__((format(printf, 3, 4))) int img__fail(img_error *err, int code, const char *format,
                                                    ...);

/* The same from errno, whose text is appended: IMG_ENOTFOUND for ENOENT and ENOTDIR, IMG_ENOMEM for
 * ENOMEM, IMG_EIO otherwise. errno is read first of all. */
__attribute__((format(printf, 2, 3))) int img__fail_errno(img_error *err, const char *format, ...);

int img__fail_memory(img_error *err);

/* Puts "text: " before the message that err holds; returns err's code (code if err is NULL). */
__attribute__((format(printf, 3, 4))) int img__prefix(img_error *err, int code, const char *format,
                                                      ...);

#endif
