/* SPDX-License-Identifier: Apache-2.0
 *
 * Cleanup at the end of a scope. auto_(x) stands beside each type's free: it calls
 * img__auto_x(&variable). Hand a pointer over with steal().
 */
#ifndef IMG_BASE_AUTO_H
#define IMG_BASE_AUTO_H

#include <stdlib.h>
#include <unistd.h>

#define auto_(type) __attribute__((cleanup(img__auto_##type)))
#define auto_free auto_(pointer)
#define auto_fd auto_(descriptor)

/* Defines img__auto_NAME for variables of type T *. */
#define IMG_AUTO_POINTER(name, type, free_function)                                                \
    static inline void img__auto_##name(type **p)                                                  \
    {                                                                                              \
        if (*p)                                                                                    \
            free_function(*p);                                                                     \
    }

#define steal(pointer)                                                                             \
    __extension__({                                                                                \
        __typeof__(pointer) steal_value = (pointer);                                               \
        (pointer) = NULL;                                                                          \
        steal_value;                                                                               \
    })

#define steal_fd(fd)                                                                               \
    __extension__({                                                                                \
        int steal_value = (fd);                                                                    \
        (fd) = -1;                                                                                 \
        steal_value;                                                                               \
    })

static inline void img__auto_pointer(void *p)
{
    free(*(void **)p);
}

static inline void img__auto_descriptor(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#endif
