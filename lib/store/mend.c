/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs that are damaged (registry.md L13): a disk may lie, and a program that is no friend of ours
 * may write. One whose size is right counts as there until someone reads it; whoever is about to
 * bring it looks here first, and what is wrong makes room.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/internal.h"

static int read_through(img_store *store, const img_descriptor *descriptor, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    auto_(source) struct source *source = NULL;
    ssize_t got = 1;

    if (!chunk)
        return img__fail_memory(err);
    int r = img__store_source(store, descriptor, &source, err);
    while (!r && got > 0) {
        got = img__source_read(source, chunk, IMG_IO_CHUNK, err);
        r = got < 0 ? (int)got : 0;
    }
    return r;
}

int img__store_mend(img_store *store, const img_descriptor *descriptor, img_error *err)
{
    struct blob_path path;
    img_error local;

    if (!img__store_has(store, descriptor))
        return 0;
    int r = read_through(store, descriptor, &local);
    if (r == IMG_EDIGEST) {
        r = img__store_blob_path(&descriptor->digest, &path, &local);
        if (!r && unlinkat(store->dir_fd, path.text, 0) != 0 && errno != ENOENT)
            r = img__fail_errno(&local, "%s/%s is damaged and cannot be removed", store->path,
                                path.text);
    }
    if (r == IMG_ENOTFOUND) /* gone meanwhile */
        r = 0;
    if (r && err)
        *err = local;
    return r;
}
