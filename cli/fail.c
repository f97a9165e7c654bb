/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures. Control characters are taken out, as the library does.
 */
#include "fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void set_message(img_error *err, int code, const char *format, va_list args)
{
    memset(err, 0, sizeof(*err));
    err->code = code;
    vsnprintf(err->message, sizeof(err->message), format, args);
    for (char *p = err->message; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
}

int cli_fail(img_error *err, int code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    set_message(err, code, format, args);
    va_end(args);
    return code;
}

int cli_fail_errno(img_error *err, const char *format, ...)
{
    int sys_errno = errno;
    va_list args;

    va_start(args, format);
    set_message(err, IMG_EIO, format, args);
    va_end(args);
    err->sys_errno = sys_errno;
    size_t len = strlen(err->message);
    snprintf(err->message + len, sizeof(err->message) - len, ": %s", strerror(sys_errno));
    return IMG_EIO;
}
