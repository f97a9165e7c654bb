/* SPDX-License-Identifier: Apache-2.0
 *
 * Digests that were met, with their sizes: in a tree, since ten thousand entries of an index may
 * each be compared with all others.
 */
#include "ops/seen.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/err.h"

struct seen {
    img_digest digest;
    uint64_t size_bytes;
};

static int compare_seen(const void *a, const void *b)
{
    return strcmp(((const struct seen *)a)->digest.text, ((const struct seen *)b)->digest.text);
}

int img__seen_add(void **tree, const img_descriptor *descriptor, bool *known, img_error *err)
{
    auto_free struct seen *fresh = malloc(sizeof(*fresh));
    if (!fresh)
        return img__fail_memory(err);
    *fresh = (struct seen){descriptor->digest, descriptor->size_bytes};
    struct seen *const *found = tsearch(fresh, tree, compare_seen);
    if (!found)
        return img__fail_memory(err);
    *known = *found != fresh;
    if (!*known)
        (void)steal(fresh);
    else if ((*found)->size_bytes != descriptor->size_bytes)
        return img__fail(err, IMG_EFORMAT,
                         "%s has %" PRIu64 " bytes in one place and %" PRIu64 " in another",
                         descriptor->digest.text, (*found)->size_bytes, descriptor->size_bytes);
    return 0;
}

void img__seen_free(void *tree)
{
    tdestroy(tree, free);
}
