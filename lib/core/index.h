/* SPDX-License-Identifier: Apache-2.0
 *
 * The image index (image-spec, image-index.md; Docker's manifest list).
 */
#ifndef IMG_CORE_INDEX_H
#define IMG_CORE_INDEX_H

#include "core/document.h"

struct index {
    img_descriptor *entries;
    size_t entry_count;
    struct json *json; /* all of it */
};

#define INDEX_INIT                                                                                 \
    {                                                                                              \
        NULL, 0, NULL                                                                              \
    }

#define INDEX_ENTRIES_MAX 10000u
#define INDEX_DEPTH_MAX 8u

/* As img__manifest_parse(). */
int img__index_parse(const struct document *document, struct index *out, img_error *err);
void img__index_free(struct index *index); /* leaves it empty */

static inline void img__auto_index(struct index *index)
{
    img__index_free(index);
}

#endif
