/* SPDX-License-Identifier: Apache-2.0
 *
 * The string vector. items[count] is NULL as soon as there is memory.
 */
#include "base/strv.h"

#include <string.h>

void img__strv_free(struct strv *strv)
{
    for (size_t i = 0; i < strv->count; i++)
        free(strv->items[i]);
    free(strv->items);
    *strv = (struct strv)STRV_INIT;
}

static int grow(struct strv *strv, img_error *err)
{
    if (strv->count + 1 < strv->cap)
        return 0;
    size_t cap = strv->cap ? strv->cap * 2 : 8;
    char **items = reallocarray(strv->items, cap, sizeof(*items));
    if (!items)
        return img__fail_memory(err);
    strv->items = items;
    strv->cap = cap;
    items[strv->count] = NULL;
    return 0;
}

int img__strv_add(struct strv *strv, const char *text, img_error *err)
{
    int rc = grow(strv, err);
    if (rc)
        return rc;
    char *copy = strdup(text);
    if (!copy)
        return img__fail_memory(err);
    strv->items[strv->count++] = copy;
    strv->items[strv->count] = NULL;
    return 0;
}

int img__strv_add_list(struct strv *strv, const char *const *list, img_error *err)
{
    for (; list && *list; list++) {
        int rc = img__strv_add(strv, *list, err);
        if (rc)
            return rc;
    }
    return 0;
}

bool img__strv_has(const struct strv *strv, const char *text)
{
    for (size_t i = 0; i < strv->count; i++)
        if (strcmp(strv->items[i], text) == 0)
            return true;
    return false;
}

const char *const *img__strv_list(const struct strv *strv)
{
    static const char *const none[] = {NULL};
    return strv->count ? (const char *const *)strv->items : none;
}
