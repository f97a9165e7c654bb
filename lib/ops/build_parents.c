/* SPDX-License-Identifier: Apache-2.0
 *
 * Some runtimes take a directory that a layer does not give for 0755 root, whatever it is below
 * (layers.md C5). An archive may have it later than what is in it; so it is written at the end if
 * it has not come by then, which is as good: an entry for a directory that is there sets what it
 * has.
 */
#include "ops/build_parents.h"

#include <string.h>

#include "ops/build_layer.h"

void img__parents_free(struct parents *parents)
{
    img__path_set_free(&parents->given);
    img__path_set_free(&parents->met);
    img__strv_free(&parents->missing);
}

/* The directory above path, unless it was met before: then those above it were, too. */
static int meet(struct parents *parents, const char *path, img_error *err)
{
    const char *slash = strrchr(path, '/');
    bool known = true;
    if (!slash)
        return 0;
    auto_free char *above = strndup(path, (size_t)(slash - path));
    if (!above)
        return img__fail_memory(err);
    int rc = img__path_set_add(&parents->met, above, &known, err);
    if (rc || known)
        return rc;
    rc = meet(parents, above, err);
    return rc ? rc : img__strv_add(&parents->missing, above, err);
}

int img__parents_note(struct parents *parents, const char *path, img_error *err)
{
    bool known;
    int rc = img__path_set_add(&parents->given, path, &known, err);
    return rc ? rc : meet(parents, path, err);
}

int img__parents_end(struct parents *parents, struct layering *layering, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < parents->missing.count; i++) {
        const char *path = parents->missing.items[i];
        bool known;
        rc = img__path_set_add(&parents->given, path, &known, err);
        if (rc == 0 && !known)
            rc = img__layering_directory(layering, path, err);
    }
    return rc;
}
