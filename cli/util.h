/* SPDX-License-Identifier: Apache-2.0
 *
 * What all files of the command share: cleanup at the end of a scope, memory, and filling an
 * img_error for failures of the command itself.
 */
#ifndef CLI_UTIL_H
#define CLI_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <libimg/libimg.h>

#define auto_(type) __attribute__((cleanup(auto_##type)))
#define auto_free auto_(pointer)

/* Defines auto_NAME for variables of type T *. */
#define AUTO_POINTER(name, type, free_function)                                                    \
    static inline void auto_##name(type **p)                                                       \
    {                                                                                              \
        if (*p)                                                                                    \
            free_function(*p);                                                                     \
    }

AUTO_POINTER(store, img_store, img_store_free)
AUTO_POINTER(client, img_client, img_client_free)
AUTO_POINTER(image, img_image, img_image_free)
AUTO_POINTER(build, img_build, img_build_free)

static inline void auto_pointer(void *p)
{
    free(*(void **)p);
}

/* These end the program with status 9 if there is no memory. */
void *xreallocarray(void *old, size_t count, size_t size);
void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *format, ...);

/* Sets code and message and returns code. Control characters become '?'. */
__attribute__((format(printf, 3, 4))) int cli_fail(img_error *err, int code, const char *format,
                                                   ...);

/* IMG_EIO from errno, whose text is appended. */
__attribute__((format(printf, 2, 3))) int cli_fail_errno(img_error *err, const char *format, ...);

/* Copies text to out of size bytes and makes it harmless on a terminal: whatever is not printable
 * ASCII becomes '?'. What does not fit is cut. */
void copy_printable(char *out, size_t size, const char *text);

static inline bool text_is(const char *a, const char *b)
{
    return __builtin_strcmp(a, b) == 0;
}

#endif
