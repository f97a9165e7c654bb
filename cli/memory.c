/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is there or ends the program: a command has nothing better to do without any.
 */
#include "memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "name.h"

static void *checked(void *p)
{
    if (!p) {
        fputs(LIBIMG_TOOL_NAME ": error: out of memory\n", stderr);
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
