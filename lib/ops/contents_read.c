/* SPDX-License-Identifier: Apache-2.0
 *
 * What is in a file. The view says which entry of which layer has the data; of that layer alone the
 * data is read. Everything behind it is read, too, since a digest is one of the whole.
 */
#include <string.h>

#include "layer/tar_read.h"
#include "ops/contents.h"

#define PIECE_BYTES ((size_t)64 * 1024)
#define LINKS_MAX 40 /* hard links to hard links */

struct reading {
    struct contents contents;
    const char *path; /* as it was given */
    img_data_fn fn;
    void *arg;
};

/* ---- of the image ---- */

static const char *const kinds[] = {
    [ENTRY_FILE] = "a file",
    [ENTRY_DIRECTORY] = "a directory",
    [ENTRY_SYMLINK] = "a symbolic link",
    [ENTRY_HARDLINK] = "a hard link",
    [ENTRY_CHARACTER] = "a character device",
    [ENTRY_BLOCK] = "a block device",
    [ENTRY_FIFO] = "a named pipe",
};

static int fail_kind(const struct entry *entry, img_error *err)
{
    return img__fail(err, IMG_EINVAL, "/%s is %s, not a file", entry->path, kinds[entry->type]);
}

static int find(struct reading *reading, const struct entry **entry, struct origin *origin,
                img_error *err)
{
    struct view *view = NULL;
    auto_free char *real = NULL;
    int rc = img__contents_view(&reading->contents, &view, err);
    if (rc == 0)
        rc = img__view_resolve(view, reading->path, true, &real, err);
    if (rc)
        return rc;
    *entry = img__view_find_origin(view, real, origin);
    if (!*entry)
        return img__fail(err, IMG_ENOTFOUND, "/%s is not there", real);
    return (*entry)->type == ENTRY_FILE ? 0 : fail_kind(*entry, err);
}

/* ---- of a layer ---- */

static int open_layer(struct reading *reading, size_t index, struct source **tar,
                      struct tar_reader **reader, img_error *err)
{
    char name[64];
    img__contents_layer_name(&reading->contents, index, name);
    int rc = img__contents_open(&reading->contents, index, tar, err);
    if (rc == 0)
        rc = img__tar_reader_new(*tar, name, reader, err);
    if (rc == 0)
        img__tar_reader_compat(*reader, reading->contents.options.compat);
    return rc;
}

static int deliver(struct reading *reading, struct tar_reader *reader, img_error *err)
{
    auto_free char *piece = malloc(PIECE_BYTES);
    if (!piece)
        return img__fail_memory(err);
    for (;;) {
        ssize_t got = img__tar_reader_data(reader, piece, PIECE_BYTES, err);
        if (got <= 0)
            return (int)got;
        int rc = img__contents_give(&reading->contents, (size_t)got, err);
        if (rc)
            return rc;
        if (reading->fn(piece, (size_t)got, reading->arg))
            return img__fail(err, IMG_ECANCELED, "interrupted");
    }
}

/* Delivers one entry and reads the layer to its end. */
static int read_entry(struct reading *reading, const struct entry *wanted,
                      const struct origin *origin, img_error *err)
{
    auto_(source) struct source *tar = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    bool found = false;
    int rc = open_layer(reading, origin->layer - 1, &tar, &reader, err);
    for (uint32_t ordinal = 0; rc == 0; ordinal++) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            break;
        rc = 0;
        if (ordinal != origin->ordinal)
            continue;
        found = entry->type == ENTRY_FILE && entry->size == wanted->size;
        rc = found ? deliver(reading, reader, err) : 0;
    }
    if (rc == 0 && !found)
        return img__fail(err, IMG_EDIGEST, "the layer is another one than a moment ago");
    return rc;
}

/* ---- of a layer alone ---- */

/* Looks for a path in the layer, and delivers a file. Of a hard link *next becomes the path that it
 * leads to. */
static int search(struct reading *reading, const char *path, char **next, img_error *err)
{
    auto_(source) struct source *tar = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    bool found = false;
    int rc = open_layer(reading, reading->contents.first, &tar, &reader, err);
    while (rc == 0) {
        const struct entry *entry;
        rc = img__tar_reader_next(reader, &entry, err);
        if (rc <= 0)
            break;
        rc = 0;
        if (strcmp(entry->path, path) != 0)
            continue;
        if (found)
            return img__fail(err, IMG_EFORMAT, "/%s is in the layer twice", path);
        found = true;
        if (entry->type == ENTRY_FILE)
            rc = deliver(reading, reader, err);
        else if (entry->type != ENTRY_HARDLINK)
            return fail_kind(entry, err);
        else if (!(*next = strdup(entry->link)))
            rc = img__fail_memory(err);
    }
    if (rc == 0 && !found)
        return img__fail(err, IMG_ENOTFOUND, "/%s is not in the layer", path);
    return rc;
}

static int read_from_layer(struct reading *reading, img_error *err)
{
    auto_free char *path = NULL;
    int rc = img__entry_normal_path(reading->path, &path, err);
    for (int links = 0; rc == 0 && path; links++) {
        auto_free char *next = NULL;
        if (links > LINKS_MAX)
            return img__fail(err, IMG_EFORMAT, "more than %d hard links on the way", LINKS_MAX);
        rc = search(reading, path, &next, err);
        free(path);
        path = steal(next);
    }
    return rc;
}

int img_image_read_file(img_store *store, img_image *image, const char *path,
                        const img_contents_options *options, img_data_fn fn, void *arg,
                        img_error *err)
{
    struct reading reading = {.path = path, .fn = fn, .arg = arg};
    const struct entry *entry = NULL;
    struct origin origin = {0};
    int rc = img__contents_begin(&reading.contents, store, image, options, err);
    if (rc == 0 && reading.contents.options.layer)
        rc = read_from_layer(&reading, err);
    else if (rc == 0)
        rc = find(&reading, &entry, &origin, err);
    if (rc == 0 && entry)
        rc = read_entry(&reading, entry, &origin, err);
    return rc ? img__prefix(err, rc, "read %.512s", path) : 0;
}
