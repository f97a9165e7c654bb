/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is there or ends the program, and errors of the command itself, in the form that the
 * library's errors have.
 */
#include "util.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *checked(void *p)
{
    if (!p) {
        fputs("imgtool: error: out of memory\n", stderr);
        exit(img_code_exit_status(IMG_ENOMEM));
    }
    return p;
}

void *xreallocarray(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count ? count : 1, size));
}

void *xcalloc(size_t count, size_t size)
{
    return checked(calloc(count ? count : 1, size));
}

char *xstrdup(const char *text)
{
    return checked(strdup(text));
}

char *xasprintf(const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    return checked(text);
}

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

void copy_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;

    for (; i + 1 < size && text[i]; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[i] = '\0';
}
