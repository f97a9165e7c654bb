/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files there are: those of the view, or the entries of a layer as they stand.
 */
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "layer/tar_read.h"
#include "layer/whiteout.h"
#include "ops/contents.h"

struct listing {
    img_file_fn fn;
    void *arg;
    struct buf path; /* with '/' in front, and so is the target of a hard link */
    struct buf link;
    img_error *err;
};

static void img__auto_listing(struct listing *listing)
{
    img__buf_free(&listing->path);
    img__buf_free(&listing->link);
}

static int32_t type_of(const struct entry *entry)
{
    static const int32_t types[] = {
        [ENTRY_FILE] = IMG_FILE_REGULAR,        [ENTRY_DIRECTORY] = IMG_FILE_DIRECTORY,
        [ENTRY_SYMLINK] = IMG_FILE_SYMLINK,     [ENTRY_HARDLINK] = IMG_FILE_HARDLINK,
        [ENTRY_CHARACTER] = IMG_FILE_CHARACTER, [ENTRY_BLOCK] = IMG_FILE_BLOCK,
        [ENTRY_FIFO] = IMG_FILE_FIFO,
    };
    return types[entry->type];
}

/* The files that aufs kept beside its whiteouts are no whiteouts (layers.md A8). */
static int32_t type_in_layer(const struct entry *entry)
{
    const char *slash = strrchr(entry->path, '/');
    const char *name = slash ? slash + 1 : entry->path;
    if (strcmp(name, OPAQUE) == 0)
        return IMG_FILE_OPAQUE;
    if (img__text_starts(name, WHITEOUT) && !img__text_starts(name, WHITEOUT_META))
        return IMG_FILE_WHITEOUT;
    return type_of(entry);
}

static const char *rooted(struct buf *out, const char *path)
{
    img__buf_clear(out);
    img__buf_putc(out, '/');
    img__buf_puts(out, path);
    return out->data;
}

static int call(struct listing *listing, const struct entry *entry, img_file *file)
{
    file->mode = entry->mode;
    file->uid = entry->uid;
    file->gid = entry->gid;
    file->device_major = entry->device_major;
    file->device_minor = entry->device_minor;
    file->mtime_ns = entry->mtime_ns;
    file->mtime = entry->mtime;
    file->size_bytes = entry->size;
    file->path = rooted(&listing->path, entry->path);
    file->link = entry->link;
    if (entry->type == ENTRY_HARDLINK)
        file->link = rooted(&listing->link, entry->link);
    file->xattr_count = entry->xattr_count;
    file->internal = entry;
    if (listing->path.failed || listing->link.failed)
        return img__fail_memory(listing->err);
    if (listing->fn(file, listing->arg))
        return img__fail(listing->err, IMG_ECANCELED, "interrupted");
    return 0;
}

static int call_merged(const struct entry *entry, const struct origin *origin, void *arg)
{
    img_file file = {
        .type = type_of(entry),
        .layer = origin->layer,
        .inode = (uint64_t)origin->layer << 32 | origin->ordinal,
    };
    return call(arg, entry, &file);
}

static int list_layer(struct contents *contents, struct listing *listing, img_error *err)
{
    char name[64];
    auto_(source) struct source *tar = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    img__contents_layer_name(contents, contents->first, name);
    int rc = img__contents_open(contents, contents->first, &tar, err);
    if (rc == 0)
        rc = img__tar_reader_new(tar, name, &reader, err);
    if (rc == 0)
        img__tar_reader_compat(reader, contents->options.compat);
    while (rc == 0) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            return rc;
        img_file file = {.type = type_in_layer(entry), .layer = contents->options.layer};
        rc = call(listing, entry, &file);
    }
    return rc;
}

int img_image_files(img_store *store, img_image *image, const img_contents_options *options,
                    img_file_fn fn, void *arg, img_error *err)
{
    struct contents contents;
    auto_(listing) struct listing listing = {fn, arg, BUF_INIT(ENTRY_PATH_MAX + 1),
                                             BUF_INIT(ENTRY_PATH_MAX + 1), err};
    struct view *view = NULL;
    int rc = img__contents_begin(&contents, store, image, options, err);
    if (rc == 0 && contents.options.layer)
        rc = list_layer(&contents, &listing, err);
    else if (rc == 0)
        rc = img__contents_view(&contents, &view, err);
    if (rc == 0 && view)
        rc = img__view_each(view, call_merged, &listing);
    return rc ? img__prefix(err, rc, "files") : 0;
}

const char *img_file_xattr(const img_file *file, size_t index, const void **value, size_t *len)
{
    const struct entry *entry = file->internal;
    if (index >= entry->xattr_count)
        return NULL;
    if (value)
        *value = entry->xattrs[index].value;
    if (len)
        *len = entry->xattrs[index].len;
    return entry->xattrs[index].name;
}
