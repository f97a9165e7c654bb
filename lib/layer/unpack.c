/* SPDX-License-Identifier: Apache-2.0
 *
 * Part after part until the source ends; there is at least one, and nothing else follows (layers.md
 * Z12). What failed once stays failed until it is rewound.
 */
#include "layer/unpack.h"

#include <inttypes.h>
#include <string.h>

int img__unpack_fail(const struct unpack *unpack, const char *reason, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: the %s %s at byte %" PRIu64 " %s", unpack->name,
                     unpack->ops->format, unpack->ops->part, unpack->part_offset, reason);
}

static int fail_magic(const struct unpack *unpack, img_error *err)
{
    const struct unpack_ops *ops = unpack->ops;
    if (unpack->parts == 0)
        return img__fail(err, IMG_EFORMAT, "%s: is not %s", unpack->name, ops->format);
    return img__fail(err, IMG_EFORMAT,
                     "%s: something that is not %s follows the last %s %s at byte %" PRIu64,
                     unpack->name, ops->format, ops->format, ops->part, unpack->part_offset);
}

void img__unpack_allow_trailing(struct source *source)
{
    ((struct unpack *)source)->trailing = true;
}

/* To the end, so that a digest of the source covers all. */
static int drain(struct unpack *unpack, img_error *err)
{
    ssize_t got;
    while ((got = img__input_fill(&unpack->input, 1, err)) > 0)
        unpack->input.pos += (size_t)got;
    return (int)got;
}

/* 1: inside the next part; 0: there is none. */
static int begin(struct unpack *unpack, img_error *err)
{
    ssize_t got = img__input_fill(&unpack->input, unpack->ops->magic_bytes, err);
    if (got < 0)
        return (int)got;
    if (got == 0 && unpack->parts)
        return 0;
    if (got == 0)
        return img__fail(err, IMG_EFORMAT, "%s: is empty, not %s", unpack->name,
                         unpack->ops->format);
    unpack->part_offset = img__input_offset(&unpack->input);
    if (unpack->parts && unpack->trailing &&
        !unpack->ops->is_part(img__input_at(&unpack->input), (size_t)got))
        return drain(unpack, err);
    if (!unpack->ops->is_part(img__input_at(&unpack->input), (size_t)got))
        return fail_magic(unpack, err);
    int rc = unpack->ops->begin(unpack, err);
    if (rc)
        return rc;
    unpack->inside = true;
    unpack->parts++;
    return 1;
}

static ssize_t read_on(struct unpack *unpack, void *data, size_t len, img_error *err)
{
    ssize_t got = 0;
    while (got == 0 && len > 0) {
        if (!unpack->inside) {
            int rc = begin(unpack, err);
            if (rc <= 0)
                return rc;
        }
        got = unpack->ops->some(unpack, data, len, err);
    }
    return got;
}

static ssize_t unpack_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct unpack *unpack = (struct unpack *)source;
    if (unpack->failed)
        return img__fail(err, unpack->failed, "%s: an earlier read failed", unpack->name);
    ssize_t got = read_on(unpack, data, len, err);
    if (got < 0)
        unpack->failed = (int)got;
    return got;
}

static int unpack_rewind(struct source *source, img_error *err)
{
    struct unpack *unpack = (struct unpack *)source;
    int rc = img__source_rewind(unpack->next, err);
    if (rc)
        return rc;
    unpack->ops->reset(unpack);
    img__input_reset(&unpack->input);
    unpack->parts = 0;
    unpack->inside = false;
    unpack->failed = 0;
    return 0;
}

static void unpack_free(struct source *source)
{
    struct unpack *unpack = (struct unpack *)source;
    unpack->ops->close(unpack);
    img__source_free(unpack->next);
    img__input_close(&unpack->input);
    free(unpack->name);
    free(unpack);
}

static const struct source_ops source_ops = {
    .read = unpack_read, .rewind = unpack_rewind, .free = unpack_free};

int img__unpack_open(struct unpack *unpack, const struct unpack_ops *ops, const char *name,
                     struct source *next, struct source **out, img_error *err)
{
    auto_(source) struct source *owned = &unpack->base;
    unpack->base.ops = &source_ops;
    unpack->ops = ops;
    unpack->next = next;
    unpack->name = strdup(name);
    if (!unpack->name)
        return img__fail_memory(err);
    int rc = img__input_open(&unpack->input, next, err);
    if (rc)
        return rc;
    *out = steal(owned);
    return 0;
}
