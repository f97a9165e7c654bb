/* SPDX-License-Identifier: Apache-2.0
 *
 * A vector of owned strings, always ended by NULL once it holds memory.
 */
#ifndef IMG_BASE_STRV_H
#define IMG_BASE_STRV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"

struct strv {
    char **items; /* NULL while empty; see img__strv_list() */
    size_t count;
    size_t cap;
};

#define STRV_INIT                                                                                  \
    {                                                                                              \
        NULL, 0, 0                                                                                 \
    }

void img__strv_free(struct strv *strv); /* leaves it empty */
int img__strv_add(struct strv *strv, const char *text, img_error *err);
int img__strv_add_list(struct strv *strv, const char *const *list, img_error *err);
bool img__strv_has(const struct strv *strv, const char *text);

/* Never NULL. */
const char *const *img__strv_list(const struct strv *strv);

static inline void img__auto_strv(struct strv *strv)
{
    img__strv_free(strv);
}

#endif
