/* SPDX-License-Identifier: Apache-2.0
 *
 * A layer as a plain stream: what it gives when all agrees, and what it says when something does
 * not: blob, compression, media type, diffID.
 */
#include "ops/layer_source.h"

#include <libdeflate.h>
#include <zstd.h>

#include "layer/streams.h"
#include "ops/fixture.h"

#define LIMIT ((size_t)16 << 20)

static void append_packed(struct buf *out, enum compression compression, const struct buf *plain)
{
    char *at = img__buf_reserve(out, plain->len + 1024);
    assert_non_null(at);
    if (compression == COMPRESSION_GZIP) {
        struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(1);
        out->len +=
            libdeflate_gzip_compress(compressor, plain->data, plain->len, at, plain->len + 1024);
        libdeflate_free_compressor(compressor);
    } else if (compression == COMPRESSION_ZSTD) {
        out->len += ZSTD_compress(at, plain->len + 1024, plain->data, plain->len, 1);
    } else {
        img__buf_append(out, plain->data, plain->len);
    }
}

static img_descriptor put_bytes(struct fixture *f, const char *type, const struct buf *bytes)
{
    img_descriptor layer = {.media_type = ""};
    auto_(sink) struct sink *sink = NULL;
    img_error err = {0};
    snprintf(layer.media_type, sizeof(layer.media_type), "%s", type);
    assert_ok(img__store_ingest(f->store, &layer.digest, &layer.size_bytes, &sink, &err));
    assert_ok(img__sink_write(sink, bytes->data, bytes->len, &err));
    assert_ok(img__sink_close(sink, &err));
    return layer;
}

/* A tar of some size, its digest and the layer of it. */
struct sample {
    struct buf tar;
    img_digest diff_id;
    img_descriptor layer;
};

static void sample_new(struct fixture *f, struct sample *sample, enum compression compression,
                       const char *type)
{
    auto_(buf) struct buf packed = BUF_INIT(LIMIT);
    img_error err = {0};
    sample->tar = (struct buf)TARBALL_INIT;
    tarball_header(&sample->tar, '0', "file", "", (uint64_t)3 << 20);
    for (uint64_t random = 1; sample->tar.len < 512 + ((size_t)3 << 20);)
        img__buf_putc(&sample->tar, (char)(next_random(&random) % 16));
    tarball_end(&sample->tar);
    assert_ok(img__digest_of(sample->tar.data, sample->tar.len, &sample->diff_id, &err));
    append_packed(&packed, compression, &sample->tar);
    sample->layer = put_bytes(f, type, &packed);
}

static void sample_free(struct sample *sample)
{
    img__buf_free(&sample->tar);
}

static int try_read(struct fixture *f, const struct sample *sample,
                    const struct layer_opening *opening, struct buf *out, img_error *err)
{
    auto_(source) struct source *source = NULL;
    int rc =
        img__layer_open_with(f->store, &sample->layer, &sample->diff_id, opening, &source, err);
    return rc ? rc : read_all(source, 100000, out, err);
}

static void assert_refused(struct fixture *f, const struct sample *sample, int code,
                           const char *message)
{
    for (unsigned threads = 1; threads < 3; threads++) {
        struct layer_opening opening = {.threads = threads};
        auto_(buf) struct buf out = BUF_INIT(LIMIT);
        img_error err = {0};
        assert_fails(try_read(f, sample, &opening, &out, &err), code, message);
    }
}

static const struct {
    enum compression compression;
    const char *type;
} kinds[] = {
    {COMPRESSION_GZIP, MEDIA_OCI_LAYER_GZIP},
    {COMPRESSION_ZSTD, MEDIA_OCI_LAYER_ZSTD},
    {COMPRESSION_NONE, MEDIA_OCI_LAYER},
};

static void reads(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < 6; i++) {
        struct sample sample;
        auto_(buf) struct buf out = BUF_INIT(LIMIT);
        _Atomic uint64_t read_bytes = 0;
        img_error err = {0};
        sample_new(f, &sample, kinds[i / 2].compression, kinds[i / 2].type);
        struct layer_opening opening = {.threads = i % 2 + 1, .read_bytes = &read_bytes};
        assert_ok(try_read(f, &sample, &opening, &out, &err));
        assert_int_equal(out.len, sample.tar.len);
        assert_memory_equal(out.data, sample.tar.data, out.len);
        assert_int_equal(read_bytes, sample.layer.size_bytes);
        sample_free(&sample);
    }
}

static void wrong_diff_id(void **state)
{
    struct fixture *f = *state;
    struct sample sample;
    img_error err = {0};
    sample_new(f, &sample, COMPRESSION_GZIP, MEDIA_OCI_LAYER_GZIP);
    auto_free char *own = strdup(sample.diff_id.text);
    assert_ok(img__digest_of("x", 1, &sample.diff_id, &err));
    assert_refused(f, &sample, IMG_EDIGEST, own);
    assert_refused(f, &sample, IMG_EDIGEST, sample.diff_id.text);

    /* An algorithm that libimg knows is checked; there is none that passes unchecked. */
    struct hash *hash;
    assert_ok(img__hash_new("sha512", &hash, &err));
    assert_ok(img__hash_update(hash, sample.tar.data, sample.tar.len, &err));
    assert_ok(img__hash_final(hash, &sample.diff_id, &err));
    img__hash_free(hash);
    auto_(buf) struct buf out = BUF_INIT(LIMIT);
    struct layer_opening opening = {.threads = 1};
    assert_ok(try_read(f, &sample, &opening, &out, &err));
    sample.diff_id.text[20] = sample.diff_id.text[20] == '0' ? '1' : '0';
    assert_refused(f, &sample, IMG_EDIGEST, "but the config says sha512:");
    sample_free(&sample);
}

static void media_types(void **state)
{
    struct fixture *f = *state;
    for (size_t is = 0; is < 3; is++)
        for (size_t said = 0; said < 3; said++) {
            struct sample sample;
            auto_(buf) struct buf out = BUF_INIT(LIMIT);
            struct layer_opening opening = {.threads = 1, .compat = IMG_COMPAT_SNIFF};
            img_error err = {0};
            sample_new(f, &sample, kinds[is].compression, kinds[said].type);
            if (is != said)
                assert_refused(f, &sample, IMG_EFORMAT, "compat \"sniff\"");
            assert_ok(try_read(f, &sample, &opening, &out, &err));
            assert_int_equal(out.len, sample.tar.len);
            sample_free(&sample);
        }
    struct sample sample;
    sample_new(f, &sample, COMPRESSION_NONE, MEDIA_OCI_LAYER "+xz");
    assert_refused(f, &sample, IMG_EUNSUPPORTED, "+xz, which libimg can't read");
    sample_free(&sample);
}

static void damaged_blob(void **state)
{
    struct fixture *f = *state;
    struct sample sample;
    struct blob_path blob;
    img_error err = {0};
    sample_new(f, &sample, COMPRESSION_NONE, MEDIA_OCI_LAYER);
    assert_ok(img__store_blob_path(&sample.layer.digest, &blob, &err));
    auto_free char *path = img__store_join(f->path, blob.text);
    assert_int_equal(chmod(path, 0600), 0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "!", 1, 1 << 20), 1);
    assert_refused(f, &sample, IMG_EDIGEST, "the bytes have the digest");
    assert_int_equal(ftruncate(fd, 1 << 20), 0);
    close(fd);
    assert_refused(f, &sample, IMG_EDIGEST, "has 1048576 bytes instead of");
    assert_int_equal(unlink(path), 0);
    assert_refused(f, &sample, IMG_ENOTFOUND, "does not have the blob");
    sample_free(&sample);
}

static void empty_blob(void **state)
{
    struct fixture *f = *state;
    struct sample sample = {.tar = TARBALL_INIT};
    img_error err = {0};
    sample.layer = put_blob(f->store, MEDIA_OCI_LAYER_GZIP, "");
    assert_ok(img__digest_of("", 0, &sample.diff_id, &err));
    assert_refused(f, &sample, IMG_EFORMAT, "neither gzip nor zstd");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reads), CASE(wrong_diff_id), CASE(media_types), CASE(damaged_blob), CASE(empty_blob),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
