/* SPDX-License-Identifier: Apache-2.0
 *
 * pread(), so that many sources share a descriptor.
 */
#include "archive/region.h"

#include <errno.h>

struct region {
    struct source base;
    int fd;
    const char *name;
    uint64_t offset;
    uint64_t size;
    uint64_t at;
};

static ssize_t region_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct region *self = (struct region *)source;
    uint64_t left = self->size - self->at;
    ssize_t got;
    if (len > left)
        len = (size_t)left;
    if (len == 0)
        return 0;
    do {
        got = pread(self->fd, data, len, (off_t)(self->offset + self->at));
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return img__fail_errno(err, "cannot read %s", self->name);
    if (got == 0)
        return img__fail(err, IMG_EIO, "%s: became shorter while it was read", self->name);
    self->at += (uint64_t)got;
    return got;
}

static int region_seek(struct source *source, uint64_t offset, img_error *err)
{
    (void)err;
    ((struct region *)source)->at = offset;
    return 0;
}

static int region_rewind(struct source *source, img_error *err)
{
    return region_seek(source, 0, err);
}

static void region_free(struct source *source)
{
    free(source);
}

static const struct source_ops region_ops = {
    .read = region_read, .rewind = region_rewind, .free = region_free, .seek = region_seek};

int img__source_region(int fd, const char *name, uint64_t offset, uint64_t size_bytes,
                       struct source **out, img_error *err)
{
    struct region *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self = (struct region){
        .base = {&region_ops}, .fd = fd, .name = name, .offset = offset, .size = size_bytes};
    *out = &self->base;
    return 0;
}
