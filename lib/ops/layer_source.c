/* SPDX-License-Identifier: Apache-2.0
 *
 * The streams that a layer comes through: blob, decompression, diffID. The blob is hashed and
 * decompressed beside what reads the tar where there are threads for that.
 *
 * The config promises what the layers are uncompressed, and a layer that came in under its own
 * digest may still break that promise (layers.md H1, H6). A media type that the bytes belie is
 * refused, since peers disagree about which of the two counts (Z11).
 */
#include "ops/layer_source.h"

#include <libimg/values.h>

#include "core/digest.h"
#include "core/media.h"
#include "layer/ahead.h"
#include "layer/decompress.h"

/* ---- how much was read ---- */

struct counted {
    struct source base;
    struct source *next;
    _Atomic uint64_t *bytes;
};

static ssize_t counted_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct counted *self = (struct counted *)source;
    ssize_t got = img__source_read(self->next, data, len, err);
    if (got > 0)
        atomic_fetch_add_explicit(self->bytes, (uint64_t)got, memory_order_relaxed);
    return got;
}

static void counted_free(struct source *source)
{
    struct counted *self = (struct counted *)source;
    img__source_free(self->next);
    free(self);
}

static const struct source_ops counted_ops = {.read = counted_read, .free = counted_free};

static int count(_Atomic uint64_t *bytes, struct source **source, img_error *err)
{
    if (!bytes)
        return 0;
    struct counted *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self = (struct counted){{&counted_ops}, *source, bytes};
    *source = &self->base;
    return 0;
}

/* ---- the diffID ---- */

struct checked {
    struct source base;
    struct source *next;
    struct hash *hash; /* NULL once the end was checked */
    img_digest promised;
    char name[64];
    int failed;
};

static int check_end(struct checked *self, img_error *err)
{
    img_digest found;
    if (!self->hash)
        return 0;
    int rc = img__hash_final(self->hash, &found, err);
    img__hash_free(steal(self->hash));
    if (rc || img__digest_equal(&self->promised, &found))
        return rc;
    return img__fail(err, IMG_EDIGEST,
                     "%s has the diffID %s, but the config says %s: the image is broken",
                     self->name, found.text, self->promised.text);
}

static ssize_t checked_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct checked *self = (struct checked *)source;
    if (self->failed)
        return img__fail(err, self->failed, "%s: an earlier read failed", self->name);
    ssize_t got = img__source_read(self->next, data, len, err);
    int rc = 0;
    if (got > 0)
        rc = img__hash_update(self->hash, data, (size_t)got, err);
    else if (got == 0)
        rc = check_end(self, err);
    self->failed = got < 0 ? (int)got : rc;
    return rc ? rc : got;
}

static void checked_free(struct source *source)
{
    struct checked *self = (struct checked *)source;
    img__source_free(self->next);
    img__hash_free(self->hash);
    free(self);
}

static const struct source_ops checked_ops = {.read = checked_read, .free = checked_free};

static int check(const char *name, const img_digest *diff_id, struct source **source,
                 img_error *err)
{
    char algorithm[16];
    auto_(hash) struct hash *hash = NULL;
    img__digest_algorithm(diff_id, algorithm, sizeof(algorithm));
    int rc = img__hash_new(algorithm, &hash, err);
    if (rc)
        return rc;
    struct checked *self = calloc(1, sizeof(*self));
    if (!self)
        return img__fail_memory(err);
    *self = (struct checked){{&checked_ops}, *source, steal(hash), *diff_id, "", 0};
    __builtin_strcpy(self->name, name);
    *source = &self->base;
    return 0;
}

/* ---- the compression ---- */

static const char *const compression_names[] = {
    [COMPRESSION_GZIP] = "gzip",
    [COMPRESSION_ZSTD] = "zstd",
    [COMPRESSION_NONE] = "neither gzip nor zstd",
};

/* What the bytes are; the blob is at its beginning again. */
static int detect(struct source *blob, enum compression *out, img_error *err)
{
    char magic[4];
    ssize_t got = img__source_read_full(blob, magic, sizeof(magic), err);
    if (got < 0)
        return (int)got;
    *out = img__decompress_detect(magic, (size_t)got);
    return img__source_rewind(blob, err);
}

static int choose(const img_descriptor *layer, const char *name, struct source *blob,
                  uint32_t compat, enum compression *out, img_error *err)
{
    static const enum compression declared[] = {
        [MEDIA_NONE] = COMPRESSION_NONE,
        [MEDIA_GZIP] = COMPRESSION_GZIP,
        [MEDIA_ZSTD] = COMPRESSION_ZSTD,
    };
    bool sniff = compat & IMG_COMPAT_SNIFF;
    enum media_compression media = img__media_compression(layer->media_type);
    if (media == MEDIA_OTHER && !sniff)
        return img__fail(err, IMG_EUNSUPPORTED, "%s is a %s, which libimg can't read", name,
                         layer->media_type);
    int rc = detect(blob, out, err);
    if (rc || sniff || *out == declared[media])
        return rc;
    return img__fail(
        err, IMG_EFORMAT,
        "%s is said to be of type %s, but its bytes are %s; compat \"sniff\" takes them as "
        "what they are",
        name, layer->media_type, compression_names[*out]);
}

/* ---- all of it ---- */

int img__layer_open_with(img_store *store, const img_descriptor *layer, const img_digest *diff_id,
                         const struct layer_opening *opening, struct source **out, img_error *err)
{
    char name[64];
    enum compression compression = COMPRESSION_NONE;
    auto_(source) struct source *source = NULL;
    struct source *plain = NULL;
    img__descriptor_name(layer, name, sizeof(name));
    int rc = img__store_source(store, layer, &source, err);
    if (rc == 0)
        rc = choose(layer, name, source, opening->compat, &compression, err);
    if (rc == 0)
        rc = count(opening->read_bytes, &source, err);
    if (rc)
        return rc;
    rc = img__source_decompress_compat(compression, opening->compat, name, steal(source), &plain,
                                       err);
    if (rc)
        return rc;
    /* The digest of the tar is left to the reader's thread: so both have about as much to do. */
    if (opening->threads > 1)
        rc = img__source_ahead(plain, &plain, err);
    if (rc)
        return rc;
    source = plain;
    rc = check(name, diff_id, &source, err);
    if (rc == 0)
        *out = steal(source);
    return rc;
}

int img__layer_open(img_store *store, const img_descriptor *layer, const img_digest *diff_id,
                    unsigned threads, struct source **out, img_error *err)
{
    struct layer_opening opening = {.threads = threads};
    return img__layer_open_with(store, layer, diff_id, &opening, out, err);
}
