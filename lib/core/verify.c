/* SPDX-License-Identifier: Apache-2.0
 *
 * The streams that verify (layers.md H5, H7). What was promised, digest and size, is held against
 * what comes:
 *
 * - the sink never passes on a byte more than promised, and closes the next one, which makes the
 *   bytes visible, only after all agreed;
 * - the source does not give away the last bytes before the digest agreed, so a reader that takes
 *   exactly the promised size can't miss the check, and looks whether more follows at the end;
 * - a stream that failed stays failed;
 * - a source that is put at a byte is read from a place before it whose digest so far is known, so
 *   that the digest of the whole is checked all the same.
 */
#include "core/verify.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

struct promise {
    img_digest digest;
    uint64_t size_bytes;
    uint64_t seen_bytes;
    struct hash *hash; /* NULL once the end was checked */
    char *name;
    const char *remedy; /* ends the messages; static */
    int failed;
};

struct verify_sink {
    struct sink base;
    struct sink *next;
    struct promise promise;
};

struct digest_sink {
    struct sink base;
    struct sink *next; /* may be NULL */
    struct hash *hash;
    uint64_t seen_bytes;
    img_digest *digest;
    uint64_t *size_bytes;
    int failed;
};

/* A place in a source, and the digest up to it. */
struct mark {
    uint64_t at;
    struct hash *hash;
};

#define MARKS 32
#define MARK_BYTES ((uint64_t)2 << 20)

struct verify_source {
    struct source base;
    struct source *next;
    struct promise promise;
    uint64_t from; /* the byte that is given away first: those before it are only checked */
    struct mark marks[MARKS]; /* the last ones, in their order */
    size_t mark_count;
};

static int promise_restart(struct promise *promise, img_error *err)
{
    char algorithm[16];
    struct hash *hash = NULL;

    img__digest_algorithm(&promise->digest, algorithm, sizeof(algorithm));
    int r = img__hash_new(algorithm, &hash, err);
    if (r)
        return r;
    img__hash_free(promise->hash);
    promise->hash = hash;
    promise->seen_bytes = 0;
    promise->failed = 0;
    return 0;
}

static int promise_init(struct promise *promise, const img_digest *digest, uint64_t size_bytes,
                        const char *name, const char *remedy, img_error *err)
{
    promise->digest = *digest;
    promise->size_bytes = size_bytes;
    promise->remedy = remedy;
    promise->name = strdup(name);
    if (!promise->name)
        return img__fail_memory(err);
    return promise_restart(promise, err);
}

static void promise_free(struct promise *promise)
{
    img__hash_free(promise->hash);
    free(promise->name);
}

static int promise_exceeded(const struct promise *promise, img_error *err)
{
    return img__fail(err, IMG_EDIGEST, "%s: is larger than the promised %" PRIu64 " bytes%s",
                     promise->name, promise->size_bytes, promise->remedy);
}

static int promise_take(struct promise *promise, const void *data, size_t len, img_error *err)
{
    if (len > promise->size_bytes - promise->seen_bytes)
        return promise_exceeded(promise, err);
    promise->seen_bytes += len;
    return img__hash_update(promise->hash, data, len, err);
}

/* All bytes were taken: were they the promised ones? */
static int promise_end(struct promise *promise, img_error *err)
{
    img_digest digest;

    if (promise->seen_bytes != promise->size_bytes)
        return img__fail(err, IMG_EDIGEST, "%s: ends after %" PRIu64 " of %" PRIu64 " bytes%s",
                         promise->name, promise->seen_bytes, promise->size_bytes, promise->remedy);
    int r = img__hash_final(promise->hash, &digest, err);
    if (r)
        return r;
    if (!img__digest_equal(&digest, &promise->digest))
        return img__fail(err, IMG_EDIGEST, "%s: the bytes have the digest %s instead of %s%s",
                         promise->name, digest.text, promise->digest.text, promise->remedy);
    img__hash_free(steal(promise->hash));
    return 0;
}

static int verify_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct verify_sink *verify = (struct verify_sink *)sink;
    struct promise *promise = &verify->promise;

    if (promise->failed)
        return img__fail(err, promise->failed, "%s: an earlier write failed", promise->name);
    int r = promise_take(promise, data, len, err);
    if (!r)
        r = img__sink_write(verify->next, data, len, err);
    promise->failed = r;
    return r;
}

static int verify_sink_close(struct sink *sink, img_error *err)
{
    struct verify_sink *verify = (struct verify_sink *)sink;
    struct promise *promise = &verify->promise;

    if (promise->failed)
        return img__fail(err, promise->failed, "%s: an earlier write failed", promise->name);
    assert(promise->hash);
    int r = promise_end(promise, err);
    if (!r)
        r = img__sink_close(verify->next, err);
    promise->failed = r;
    return r;
}

static void verify_sink_free(struct sink *sink)
{
    struct verify_sink *verify = (struct verify_sink *)sink;

    img__sink_free(verify->next);
    promise_free(&verify->promise);
    free(verify);
}

static const struct sink_ops verify_sink_ops = {
    .write = verify_sink_write,
    .close = verify_sink_close,
    .free = verify_sink_free,
};

int img__sink_verify(const img_digest *digest, uint64_t size_bytes, const char *name,
                     struct sink *next, struct sink **out, img_error *err)
{
    struct verify_sink *verify = calloc(1, sizeof(*verify));
    if (!verify) {
        img__sink_free(next);
        return img__fail_memory(err);
    }
    verify->base.ops = &verify_sink_ops;
    verify->next = next;

    auto_(sink) struct sink *sink = &verify->base;
    int r = promise_init(&verify->promise, digest, size_bytes, name, "", err);
    if (r)
        return r;
    *out = steal(sink);
    return 0;
}

static int digest_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    uint64_t sum;

    if (self->failed)
        return img__fail(err, self->failed, "an earlier write failed");
    int r = 0;
    if (__builtin_add_overflow(self->seen_bytes, len, &sum))
        r = img__fail(err, IMG_ELIMIT, "a stream is larger than 2^64 bytes");
    else
        self->seen_bytes = sum;
    if (!r)
        r = img__hash_update(self->hash, data, len, err);
    if (!r && self->next)
        r = img__sink_write(self->next, data, len, err);
    self->failed = r;
    return r;
}

static int digest_sink_close(struct sink *sink, img_error *err)
{
    struct digest_sink *self = (struct digest_sink *)sink;
    img_digest digest;

    if (self->failed)
        return img__fail(err, self->failed, "an earlier write failed");
    int r = img__hash_final(self->hash, &digest, err);
    if (!r) {
        *self->digest = digest;
        *self->size_bytes = self->seen_bytes;
        if (self->next)
            r = img__sink_close(self->next, err);
    }
    self->failed = r;
    return r;
}

static void digest_sink_free(struct sink *sink)
{
    struct digest_sink *self = (struct digest_sink *)sink;

    img__sink_free(self->next);
    img__hash_free(self->hash);
    free(self);
}

static const struct sink_ops digest_sink_ops = {
    .write = digest_sink_write,
    .close = digest_sink_close,
    .free = digest_sink_free,
};

int img__sink_digest(img_digest *digest, uint64_t *size_bytes, struct sink *next, struct sink **out,
                     img_error *err)
{
    struct digest_sink *self = calloc(1, sizeof(*self));
    if (!self) {
        img__sink_free(next);
        return img__fail_memory(err);
    }
    self->base.ops = &digest_sink_ops;
    self->next = next;
    self->digest = digest;
    self->size_bytes = size_bytes;

    auto_(sink) struct sink *sink = &self->base;
    int r = img__hash_new(IMG_DIGEST_CANONICAL, &self->hash, err);
    if (r)
        return r;
    *out = steal(sink);
    return 0;
}

/* What a source reads is on the disk already: reading it again would not help. */
static const char source_remedy[] =
    ": pull the image with --verify, or remove the file and build it again";

/* At the promised size the source must end. */
static ssize_t read_end(struct verify_source *verify, img_error *err)
{
    char extra;
    ssize_t n = img__source_read(verify->next, &extra, 1, err);

    return n > 0 ? promise_exceeded(&verify->promise, err) : n;
}

static ssize_t read_part(struct verify_source *verify, void *data, size_t len, img_error *err)
{
    struct promise *promise = &verify->promise;
    uint64_t left = promise->size_bytes - promise->seen_bytes;
    ssize_t n = 0;
    int r = 0;

    if (left > 0) {
        n = img__source_read(verify->next, data, left < len ? (size_t)left : len, err);
        if (n < 0)
            return n;
        r = promise_take(promise, data, (size_t)n, err);
    }
    if (!r && (n == 0 || promise->seen_bytes == promise->size_bytes))
        r = promise_end(promise, err);
    return r ? r : n > 0 ? n : read_end(verify, err);
}

static void drop_marks(struct verify_source *verify, size_t keep)
{
    while (verify->mark_count > keep)
        img__hash_free(verify->marks[--verify->mark_count].hash);
}

static int set_mark(struct verify_source *verify, img_error *err)
{
    struct promise *promise = &verify->promise;
    size_t count = verify->mark_count;
    uint64_t last = count ? verify->marks[count - 1].at : 0;
    if (!promise->hash || promise->seen_bytes - last < MARK_BYTES)
        return 0;
    struct hash *copy;
    int r = img__hash_copy(promise->hash, &copy, err);
    if (r)
        return r;
    if (count == MARKS) {
        img__hash_free(verify->marks[0].hash);
        memmove(verify->marks, verify->marks + 1, (MARKS - 1) * sizeof(verify->marks[0]));
        count--;
    }
    verify->marks[count] = (struct mark){promise->seen_bytes, copy};
    verify->mark_count = count + 1;
    return 0;
}

/* One piece, which counts from where the source was put. */
static ssize_t read_piece(struct verify_source *verify, void *data, size_t len, img_error *err)
{
    const struct promise *promise = &verify->promise;
    uint64_t ahead = promise->seen_bytes < verify->from ? verify->from - promise->seen_bytes : 0;
    if (ahead)
        len = ahead < len ? (size_t)ahead : len;
    ssize_t n = promise->hash ? read_part(verify, data, len, err) : read_end(verify, err);
    int r = n > 0 ? set_mark(verify, err) : 0;
    return r ? r : n;
}

static ssize_t verify_source_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct verify_source *verify = (struct verify_source *)source;
    struct promise *promise = &verify->promise;
    assert(len > 0);

    if (promise->failed)
        return img__fail(err, promise->failed, "%s: an earlier read failed", promise->name);
    bool skips;
    ssize_t n;
    do {
        skips = promise->seen_bytes < verify->from;
        n = read_piece(verify, data, len, err);
    } while (skips && n > 0);
    if (n < 0 && n != IMG__EAGAIN)
        promise->failed = (int)n;
    return n;
}

static int verify_source_rewind(struct source *source, img_error *err)
{
    struct verify_source *verify = (struct verify_source *)source;

    int r = img__source_rewind(verify->next, err);
    if (!r)
        r = promise_restart(&verify->promise, err);
    if (r)
        return r;
    verify->from = 0;
    drop_marks(verify, 0);
    return 0;
}

/* To the last mark that is not behind offset; the marks behind it are those of bytes that are read
 * again, and may be others this time. */
static int go_to_mark(struct verify_source *verify, uint64_t offset, img_error *err)
{
    struct promise *promise = &verify->promise;
    size_t count = verify->mark_count;
    while (count && verify->marks[count - 1].at > offset)
        count--;
    drop_marks(verify, count);
    if (!count)
        return verify_source_rewind(&verify->base, err);
    const struct mark *mark = &verify->marks[count - 1];
    struct hash *copy;
    int r = img__hash_copy(mark->hash, &copy, err);
    if (r)
        return r;
    img__hash_free(promise->hash);
    promise->hash = copy;
    promise->seen_bytes = mark->at;
    promise->failed = 0;
    return img__source_seek(verify->next, mark->at, err);
}

static int verify_source_seek(struct source *source, uint64_t offset, img_error *err)
{
    struct verify_source *verify = (struct verify_source *)source;
    struct promise *promise = &verify->promise;
    if (offset > promise->size_bytes)
        return img__fail(err, IMG_EFORMAT, "%s: ends before byte %" PRIu64, promise->name, offset);
    int r = go_to_mark(verify, offset, err);
    verify->from = offset;
    promise->failed = r;
    return r;
}

static void verify_source_free(struct source *source)
{
    struct verify_source *verify = (struct verify_source *)source;

    img__source_free(verify->next);
    drop_marks(verify, 0);
    promise_free(&verify->promise);
    free(verify);
}

static const struct source_ops verify_source_ops = {
    .read = verify_source_read,
    .rewind = verify_source_rewind,
    .free = verify_source_free,
    .seek = verify_source_seek,
};

int img__source_verify(const img_digest *digest, uint64_t size_bytes, const char *name,
                       struct source *next, struct source **out, img_error *err)
{
    return img__source_verify_else(source_remedy, digest, size_bytes, name, next, out, err);
}

int img__source_verify_else(const char *remedy, const img_digest *digest, uint64_t size_bytes,
                            const char *name, struct source *next, struct source **out,
                            img_error *err)
{
    struct verify_source *verify = calloc(1, sizeof(*verify));
    if (!verify) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    verify->base.ops = &verify_source_ops;
    verify->next = next;

    auto_(source) struct source *source = &verify->base;
    int r = promise_init(&verify->promise, digest, size_bytes, name, remedy, err);
    if (r)
        return r;
    *out = steal(source);
    return 0;
}
