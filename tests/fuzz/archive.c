/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives of images: whole ones, and those of which one table is what comes. Whatever can be
 * opened is read to its end, and what was read has the digest that was promised.
 */
#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/docker.h"
#include "core/digest.h"
#include "core/index.h"
#include "core/manifest.h"

#define IMAGES_LOOKED_AT 8u
#define BLOBS_LOOKED_AT 16u

static void read_blob(struct endpoint *from, const img_descriptor *blob)
{
    auto_(source) struct source *source = NULL;
    auto_(hash) struct hash *hash = NULL;
    char chunk[4096], algorithm[16];
    img_digest digest;
    ssize_t got;

    if (from->ops->open_source(from, blob, &source, NULL) != 0)
        return;
    img__digest_algorithm(&blob->digest, algorithm, sizeof(algorithm));
    must(img__hash_new(algorithm, &hash, NULL) == 0);
    while ((got = img__source_read(source, chunk, sizeof(chunk), NULL)) > 0)
        must(img__hash_update(hash, chunk, (size_t)got, NULL) == 0);
    if (got < 0)
        return;
    must(img__hash_final(hash, &digest, NULL) == 0);
    must(strcmp(digest.text, blob->digest.text) == 0);
}

static void read_document(struct endpoint *from, const struct document *document)
{
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    auto_(index) struct index index = INDEX_INIT;

    must(document->len == document->descriptor.size_bytes);
    if (img__manifest_parse(document, &manifest, NULL) == 0) {
        read_blob(from, &manifest.config);
        for (size_t i = 0; i < manifest.layer_count && i < BLOBS_LOOKED_AT; i++)
            read_blob(from, &manifest.layers[i]);
    }
    if (img__index_parse(document, &index, NULL) != 0)
        return;
    for (size_t i = 0; i < index.entry_count && i < BLOBS_LOOKED_AT; i++) {
        auto_(document) struct document child = DOCUMENT_INIT;
        from->ops->get_document(from, &index.entries[i], &child, NULL);
    }
}

static void read_image(struct archive_reader *reader, size_t at)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(document) struct document top = DOCUMENT_INIT;
    const struct strv *names = img__archive_reader_names(reader, at);
    size_t found;
    img_error err = {0};

    for (size_t i = 0; i < names->count && i < BLOBS_LOOKED_AT; i++) {
        int rc = img__archive_reader_find(reader, names->items[i], &found, &err);
        must(rc == 0 || strstr(err.message, "more than one") || names->items[i][0] == '@');
    }
    if (img__archive_reader_endpoint(reader, at, &from, NULL) == 0 &&
        from->ops->resolve(from, &top, NULL) == 0)
        read_document(from, &top);
}

static void read_archive(int fd)
{
    const struct archive_file file = {.fd = fd, .max_bytes = 1 << 20, .spool = "/dev/shm"};
    auto_(archive_reader) struct archive_reader *reader = NULL;
    size_t found;

    if (img__archive_reader_open(&file, &reader, NULL) != 0)
        return;
    img__archive_reader_find(reader, NULL, &found, NULL);
    for (size_t i = 0; i < img__archive_reader_count(reader) && i < IMAGES_LOOKED_AT; i++)
        read_image(reader, i);
}

static void put_entry(int fd, const char *path, const void *data, size_t len)
{
    uint8_t header[FUZZ_BLOCK] = {0};
    static const uint8_t zeros[FUZZ_BLOCK];

    snprintf((char *)header, 100, "%s", path);
    snprintf((char *)header + 124, 12, "%011o", (unsigned)len & 077777777);
    header[156] = '0';
    memcpy(header + 257, "ustar\00000", 8);
    fuzz_sum_headers(header, sizeof(header));
    must(write(fd, header, sizeof(header)) == (ssize_t)sizeof(header));
    must(write(fd, data, len) == (ssize_t)len);
    must(write(fd, zeros, -len % FUZZ_BLOCK) >= 0);
}

/* What tables may lead to. */
static void put_rest(int fd)
{
    static const char config[] =
        "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:"
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"]}}";
    static const char lower[] = "{\"id\":\"b\"}", upper[] = "{\"id\":\"a\",\"parent\":\"b\"}";

    put_entry(fd, "c.json", config, sizeof(config) - 1);
    put_entry(fd, "a/json", upper, sizeof(upper) - 1);
    put_entry(fd, "b/json", lower, sizeof(lower) - 1);
    put_entry(fd, "a/layer.tar", "hello", 5);
    put_entry(fd, "b/layer.tar", "hello", 5);
}

/* The first byte says what the others are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    static const char *const tables[] = {"manifest.json", "repositories", "index.json"};
    uint8_t zeros[2 * FUZZ_BLOCK] = {0};

    if (len < 1 || len > 1 << 20)
        return 0;
    unsigned kind = data[0] & 3;
    auto_free uint8_t *bytes = malloc(len);
    int fd = memfd_create("archive", MFD_CLOEXEC);
    must(bytes && fd >= 0);
    memcpy(bytes, data + 1, --len);
    if (kind == 3) {
        fuzz_sum_headers(bytes, len);
        must(write(fd, bytes, len) == (ssize_t)len);
    } else {
        put_entry(fd, tables[kind], bytes, len);
        if (kind == 2)
            put_entry(fd, "oci-layout", version, sizeof(version) - 1);
        put_rest(fd);
        must(write(fd, zeros, sizeof(zeros)) == (ssize_t)sizeof(zeros));
    }
    must(lseek(fd, 0, SEEK_SET) == 0);
    read_archive(fd);
    close(fd);
    return 0;
}
