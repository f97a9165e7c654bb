/* SPDX-License-Identifier: Apache-2.0
 *
 * A new index.
 */
#ifndef IMG_CORE_INDEX_MAKE_H
#define IMG_CORE_INDEX_MAKE_H

#include "core/document.h"

/* An entry. json is what an index said of it, with all that is unknown here; or NULL. */
struct index_entry {
    img_descriptor descriptor;
    const struct json *json;
    const char *const *annotations; /* "K=V", set over those in json; NULL: none */
};

/* Docker's manifest list if all entries are Docker's and there are no annotations, else OCI's;
 * annotations ("K=V", ended by NULL) may be NULL. */
int img__index_make(const struct index_entry *entries, size_t count, const char *const *annotations,
                    struct document *out, img_error *err);

#endif
