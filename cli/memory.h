/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory: cleanup at the end of a scope, and allocations that are there or end the program.
 */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stddef.h>
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
AUTO_POINTER(index, img_index, img_index_free)

static inline void auto_pointer(void *p)
{
    free(*(void **)p);
}

/* These end the program with status 9 if there is no memory. */
void *xreallocarray(void *old, size_t count, size_t size);
void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *format, ...);

#endif
