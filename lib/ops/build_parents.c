/* SPDX-License-Identifier: Apache-2.0
 *
 * Some runtimes take a directory that a layer does not give for 0755 root, whatever it is below
 * (layers.md C5). An archive may have it later than what is in it; so it is written at the end if
 * it has not come by then, which is as good: an entry for a directory that is there sets what it
 * has.
 */
#include "ops/build_parents.h"

#include <string.h>

#include "base/text.h"
#include "layer/whiteout.h"
#include "ops/build_layer.h"

#define MISSING_BYTES_MAX ((size_t)64 << 20)

void img__parents_free(struct parents *parents)
{
    img__path_set_free(&parents->given);
    img__path_set_free(&parents->met);
    img__path_set_free(&parents->gone);
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
    if (rc)
        return rc;
    parents->missing_bytes += sizeof(char *) + strlen(above) + 1;
    if (parents->missing_bytes > MISSING_BYTES_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "the archive lacks entries for so many directories that their names are "
                         "more than %zu MiB",
                         MISSING_BYTES_MAX >> 20);
    return img__strv_add(&parents->missing, above, err);
}

static int note_removal(struct parents *parents, const char *path, img_error *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    bool opaque = strcmp(name, OPAQUE) == 0;
    bool known;
    if (!img__text_starts(name, WHITEOUT) || (!opaque && img__text_starts(name, WHITEOUT_META)))
        return 0;
    auto_free char *gone = strdup(path);
    if (!gone)
        return img__fail_memory(err);
    if (opaque)
        gone[name - path] = '\0';
    else
        strcpy(gone + (name - path), name + strlen(WHITEOUT));
    return img__path_set_add(&parents->gone, gone, &known, err);
}

static bool is_gone(const struct parents *parents, const char *path)
{
    if (img__path_set_has_bytes(&parents->gone, "", 0)) /* the root is opaque */
        return true;
    for (const char *at = path;; at++) {
        size_t len = (size_t)(at - path);
        if ((*at == '/' || !*at) && img__path_set_has_bytes(&parents->gone, path, len))
            return true;
        if (*at == '/' && img__path_set_has_bytes(&parents->gone, path, len + 1))
            return true;
        if (!*at)
            return false;
    }
}

int img__parents_note(struct parents *parents, const char *path, img_error *err)
{
    bool known;
    int rc = img__path_set_add(&parents->given, path, &known, err);
    if (rc == 0)
        rc = note_removal(parents, path, err);
    return rc ? rc : meet(parents, path, err);
}

int img__parents_end(struct parents *parents, struct layering *layering, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < parents->missing.count; i++) {
        const char *path = parents->missing.items[i];
        bool known;
        rc = img__path_set_add(&parents->given, path, &known, err);
        if (rc == 0 && !known && !is_gone(parents, path))
            rc = img__layering_directory(layering, path, err);
    }
    return rc;
}
