/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs of a store for the caller, checked on their way out. The last bytes are held back until the
 * digest agreed, so who counts bytes can't take a broken blob for a whole one.
 */
#include <libimg/blob.h>

#include "base/fs.h"
#include "base/sigpipe.h"
#include "store/store.h"

struct out {
    img_data_fn fn;
    void *arg;
    int fd; /* where fn is NULL */
};

static int give(const struct out *out, const void *data, size_t len, img_error *err)
{
    struct sigpipe hold;
    if (out->fn)
        return out->fn(data, len, out->arg) ? img__fail(err, IMG_ECANCELED, "interrupted") : 0;
    img__sigpipe_hold(&hold);
    int rc = img__fs_write_all(out->fd, data, len, "the descriptor", err);
    img__sigpipe_release(&hold);
    return rc;
}

static int read_all(img_store *store, const img_descriptor *descriptor, const struct out *out,
                    img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    if (!chunk)
        return img__fail_memory(err);
    int rc = img__store_source(store, descriptor, &source, err);
    while (rc == 0) {
        ssize_t got = img__source_read(source, chunk, IMG_IO_CHUNK, err);
        if (got <= 0)
            return (int)got;
        rc = give(out, chunk, (size_t)got, err);
    }
    return rc;
}

int img_store_read_blob(img_store *store, const img_descriptor *descriptor, img_data_fn fn,
                        void *arg, img_error *err)
{
    const struct out out = {fn, arg, -1};
    return read_all(store, descriptor, &out, err);
}

int img_store_send_blob(img_store *store, const img_descriptor *descriptor, int fd, img_error *err)
{
    const struct out out = {NULL, NULL, fd};
    return read_all(store, descriptor, &out, err);
}
