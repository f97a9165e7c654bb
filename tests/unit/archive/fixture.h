/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of its own for each test, images made of texts, and tars made entry by entry.
 */
#ifndef TESTS_UNIT_ARCHIVE_FIXTURE_H
#define TESTS_UNIT_ARCHIVE_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../unit.h"

#include "archive/archive.h"
#include "core/digest.h"
#include "core/manifest.h"
#include "tar_file.h"

struct folder {
    char path[64];
    char file[80]; /* an archive in it */
};

static inline int folder_setup(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));
    assert_non_null(folder);
    strcpy(folder->path, "/tmp/libimg-archive-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->file, sizeof(folder->file), "%s/a.tar", folder->path);
    *state = folder;
    return 0;
}

static inline int folder_teardown(void **state)
{
    struct folder *folder = *state;
    unlink(folder->file);
    int rc = rmdir(folder->path); /* nothing else may be left */
    free(folder);
    return rc;
}

/* ---- images ---- */

struct image {
    char config[512];
    const char *layer; /* its text */
    img_descriptor config_blob;
    img_descriptor layer_blob;
    struct document manifest;
};

static inline img_descriptor describe(const char *type, const void *data, size_t len)
{
    img_descriptor out;
    memset(&out, 0, sizeof(out));
    snprintf(out.media_type, sizeof(out.media_type), "%s", type);
    assert_int_equal(img__digest_of(data, len, &out.digest, NULL), 0);
    out.size_bytes = len;
    return out;
}

/* An image of one layer, which is a text and no tar: nobody here looks into it. */
static inline void image_make(struct image *image, const char *layer)
{
    memset(image, 0, sizeof(*image));
    image->layer = layer;
    image->layer_blob = describe(MEDIA_OCI_LAYER, layer, strlen(layer));
    snprintf(image->config, sizeof(image->config),
             "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
             "\"diff_ids\":[\"%s\"]}}",
             image->layer_blob.digest.text);
    image->config_blob = describe(MEDIA_OCI_CONFIG, image->config, strlen(image->config));
    assert_int_equal(img__manifest_make(&image->config_blob, &image->layer_blob, NULL, 1, NULL,
                                        &image->manifest, NULL),
                     0);
}

static inline int put_blob(struct endpoint *to, const img_descriptor *blob, const char *text,
                           img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    int rc = to->ops->open_sink(to, blob, &sink, err);
    if (rc || !sink)
        return rc;
    rc = img__sink_write(sink, text, strlen(text), err);
    return rc ? rc : img__sink_close(sink, err);
}

/* All that a copy does. */
static inline int image_put(struct endpoint *to, const struct image *image, img_error *err)
{
    int rc = put_blob(to, &image->layer_blob, image->layer, err);
    if (rc == 0)
        rc = put_blob(to, &image->config_blob, image->config, err);
    return rc ? rc : to->ops->set_name(to, &image->manifest, err);
}

static inline char *read_blob(struct endpoint *from, const img_descriptor *blob, img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_free char *text = calloc(1, (size_t)blob->size_bytes + 2);
    assert_non_null(text);
    int rc = from->ops->open_source(from, blob, &source, err);
    if (rc || img__source_read_full(source, text, (size_t)blob->size_bytes + 1, err) < 0)
        return NULL;
    return steal(text);
}

#endif
