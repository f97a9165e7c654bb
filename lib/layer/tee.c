/* SPDX-License-Identifier: Apache-2.0
 *
 * What whoever reads has not read is not copied: so they must read to the end.
 */
#include "layer/tee.h"

static ssize_t tee_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct tee *tee = (struct tee *)source;
    ssize_t got = img__source_read(tee->next, data, len, err);
    if (got <= 0)
        return got;
    int rc = img__sink_write(tee->copy, data, (size_t)got, err);
    return rc ? rc : got;
}

static const struct source_ops tee_ops = {.read = tee_read};

void img__tee_init(struct tee *tee, struct source *next, struct sink *copy)
{
    *tee = (struct tee){{&tee_ops}, next, copy};
}
