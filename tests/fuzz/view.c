/* SPDX-License-Identifier: Apache-2.0
 *
 * The view of a stack: the two halves of the input, one on the other and then once more. What it
 * says is there can be found, and every way in it ends.
 */
#include "fuzz.h"

#include "layer/view.h"

static int apply(struct view *view, const uint8_t *data, size_t len)
{
    auto_(source) struct source *source = NULL;

    must(img__source_memory(data, len, &source, NULL) == 0);
    return img__view_apply(view, source, "layer", NULL);
}

static void look(const struct view *view)
{
    static const char *const paths[] = {"", "l", "l/a", "d/a", "d/../l/./a", "h", "x/.."};
    char *real = NULL;

    must(img__view_find(view, "") && img__view_find(view, "")->type == ENTRY_DIRECTORY);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        int rc = img__view_resolve(view, paths[i], i % 2, &real, NULL);
        must(rc == 0 || rc == IMG_EINVAL);
        if (rc)
            continue;
        const struct entry *entry = img__view_find(view, real);
        must(!entry || strcmp(entry->path, real) == 0);
        free(real);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(view) struct view *view = NULL;
    auto_free uint8_t *copy = malloc(len + 1);
    const size_t half = len / 2 / FUZZ_BLOCK * FUZZ_BLOCK;

    must(copy);
    if (len)
        memcpy(copy, data, len);
    fuzz_sum_headers(copy, len);
    must(img__view_new(&view, NULL) == 0);
    img__view_limit(view, (uint64_t)16 << 20);
    if (apply(view, copy, half) || apply(view, copy + half, len - half) || apply(view, copy, half))
        return 0;
    look(view);
    return 0;
}
