/* SPDX-License-Identifier: Apache-2.0
 *
 * An image that manifest.json names, as docker reads it (moby, image/tarexport/load.go): the config
 * decides, and its diffIDs say what the layers must be. The names of the files say nothing: docker,
 * podman, crane, kaniko, bazel and nix each have their own, and some that look like digests are
 * none.
 */
#include <string.h>

#include "archive/reader_internal.h"
#include "core/config.h"

void img__docker_image_free(struct docker_image *image)
{
    img__document_free(&image->config);
    for (size_t i = 0; i < image->layer_count; i++)
        free(image->layers[i].path);
    free(image->layers);
    *image = (struct docker_image)DOCKER_IMAGE_INIT;
}

int img__docker_layer_source(struct archive_reader *reader, const struct docker_layer *layer,
                             struct source **out, img_error *err)
{
    uint64_t size;
    return img__archive_source(reader, layer->path, out, &size, err);
}

/* ---- a layer ---- */

static enum docker_compression detect(const char *start, size_t len)
{
    static const struct {
        const char *magic;
        size_t len;
        enum docker_compression is;
    } rows[] = {
        {"\x1f\x8b", 2, DOCKER_GZIP},
        {"\x28\xb5\x2f\xfd", 4, DOCKER_ZSTD},
        {"BZh", 3, DOCKER_BZIP2},
        {"\xfd"
         "7zXZ",
         6, DOCKER_XZ},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (len >= rows[i].len && memcmp(start, rows[i].magic, rows[i].len) == 0)
            return rows[i].is;
    return DOCKER_PLAIN;
}

int img__docker_layer_look(const struct archive_reader *reader, const char *path,
                           struct docker_layer *layer, img_error *err)
{
    auto_(source) struct source *source = NULL;
    char start[8];
    int rc = img__archive_source(reader, path, &source, &layer->size_bytes, err);
    if (rc)
        return rc;
    ssize_t got = img__source_read_full(source, start, sizeof(start), err);
    if (got < 0)
        return (int)got;
    layer->compression = detect(start, (size_t)got);
    layer->path = strdup(path);
    return layer->path ? 0 : img__fail_memory(err);
}

/* ---- the image ---- */

static int load_config(const struct archive_reader *reader, const char *path, struct document *out,
                       img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(CONFIG_BYTES_MAX);
    int rc = img__archive_load(reader, path, CONFIG_BYTES_MAX, &text, err);
    if (rc)
        return rc;
    size_t len = text.len;
    char *bytes = img__buf_steal(&text);
    return bytes ? img__document_make(MEDIA_OCI_CONFIG, bytes, len, out, err)
                 : img__fail_memory(err);
}

static int take_layers(const struct archive_reader *reader, const struct archived *image,
                       const struct config *config, struct docker_image *out, img_error *err)
{
    size_t count = image->layers.count;
    if (count != config->diff_id_count)
        return img__fail(err, IMG_EFORMAT, "%s: %.200s has %zu layers, and its config says %zu",
                         reader->spool.name, image->config, count, config->diff_id_count);
    out->layers = count ? calloc(count, sizeof(*out->layers)) : NULL;
    if (count && !out->layers)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        struct docker_layer *layer = &out->layers[out->layer_count++];
        int rc = img__docker_layer_look(reader, image->layers.items[i], layer, err);
        if (rc)
            return rc;
        layer->diff_id = config->diff_ids[i];
    }
    return 0;
}

static int open_image(const struct archive_reader *reader, const struct archived *image,
                      struct docker_image *out, img_error *err)
{
    auto_(config) struct config config = CONFIG_INIT;
    int rc = load_config(reader, image->config, &out->config, err);
    if (rc)
        return rc;
    rc = img__config_parse(image->config, out->config.bytes, out->config.len, &config, err);
    if (rc)
        return img__prefix(err, rc, "%s", reader->spool.name);
    return take_layers(reader, image, &config, out, err);
}

int img__docker_image_open(struct archive_reader *reader, size_t index, struct docker_image *out,
                           img_error *err)
{
    auto_(docker_image) struct docker_image image = DOCKER_IMAGE_INIT;
    const struct archived *archived = &reader->images[index];
    int rc = reader->legacy ? img__archive_legacy_image(reader, archived, &image, err)
                            : open_image(reader, archived, &image, err);
    if (rc)
        return rc;
    *out = image;
    image = (struct docker_image)DOCKER_IMAGE_INIT;
    return 0;
}
