/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the command itself, in the form that the library's have.
 */
#ifndef CLI_FAIL_H
#define CLI_FAIL_H

#include <libimg/error.h>

/* Sets code and message and returns code. Control characters become '?'. */
__attribute__((format(printf, 3, 4))) int cli_fail(img_error *err, int code, const char *format,
                                                   ...);

/* IMG_EIO from errno, whose text is appended. */
__attribute__((format(printf, 2, 3))) int cli_fail_errno(img_error *err, const char *format, ...);

#endif
