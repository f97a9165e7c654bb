/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files of an archive became which layers of the store: images often share them, and one file
 * is compressed once.
 */
#include <search.h>
#include <string.h>

#include "ops/load.h"

static int compare_made(const void *a, const void *b)
{
    return strcmp(((const struct load_made *)a)->path, ((const struct load_made *)b)->path);
}

static void free_made(void *node)
{
    free(((struct load_made *)node)->path);
    free(node);
}

void img__load_made_free(void *made)
{
    tdestroy(made, free_made);
}

const struct load_made *img__load_made_find(void *made, char *path)
{
    const struct load_made wanted = {.path = path};
    struct load_made *const *found = tfind(&wanted, &made, compare_made);
    return found ? *found : NULL;
}

int img__load_made_add(void **made, const struct docker_layer *layer,
                       const img_descriptor *descriptor, img_error *err)
{
    struct load_made *node = calloc(1, sizeof(*node));
    if (!node)
        return img__fail_memory(err);
    node->path = strdup(layer->path);
    node->diff_id = layer->diff_id;
    node->descriptor = *descriptor;
    if (node->path && tsearch(node, made, compare_made))
        return 0;
    free_made(node);
    return img__fail_memory(err);
}
