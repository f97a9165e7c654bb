/* SPDX-License-Identifier: Apache-2.0
 *
 * Blocks go round a ring of slots. The caller fills the open one; cut, it is given to two jobs: one
 * that hashes blocks in order, and one of its own that compresses it. Who finishes the block that
 * is to be written next writes it, and those behind it that are ready. A slot that was hashed and
 * written is free again. A caller who finds none free works along until one is: that is the only
 * brake, and it bounds the memory.
 *
 * With an index blocks may be tiny, one for each small file. A slot then holds a batch of them, or
 * the threads would spend their time on waking each other.
 *
 * Blocks are cut before they are given out, so threads and time can't show in the bytes (layers.md
 * Z2-Z5).
 */
#include "layer/blocks.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/pool.h"
#include "layer/block.h"

/* Of all slots of a layer together, however many threads there are. */
#define MEMORY_MAX ((size_t)64 * 1024 * 1024)

/* A slot that came to so many bytes is given out when its last block ends. */
#define BATCH ((size_t)256 * 1024)
#define BATCH_BLOCKS 512u

/* Where blocks of a slot end, in what came in and in what comes out. */
struct ends {
    size_t in;
    size_t out;
};

struct slot {
    struct job job; /* compresses it */
    struct blocks *blocks;
    char *in;
    size_t in_len;
    char *out;
    size_t out_len;
    uint64_t first; /* the number of its first block */
    struct ends *ends;
    size_t count; /* of blocks that were cut */
    bool ready;   /* to be written; guarded */
};

struct blocks {
    struct job hash_job; /* first, so that it leads here */
    const struct block_codec *codec;
    size_t largest;
    size_t in_cap; /* of a slot */
    size_t out_cap;
    size_t batch_blocks; /* in a slot, at most */
    int level;
    bool index;
    unsigned threads;
    size_t slot_count;
    struct slot *slots;
    struct slot *open;  /* NULL: none has been taken yet */
    struct pool *pool;  /* NULL until the first block is cut */
    struct hash *hash;  /* of the tar; the hash job's */
    struct sink *blob;  /* whoever has set writing */
    uint64_t count;     /* of blocks that were cut; the caller's */
    atomic_bool failed; /* error is set */

    pthread_mutex_t lock; /* over all that follows */
    uint64_t cut;         /* slots that were given out */
    uint64_t hashed;
    uint64_t written;
    bool hashing;
    bool writing;
    int code;
    img_error error;
    uint64_t blob_bytes;
    uint64_t *offsets; /* of the blocks that were cut, with index */
    uint64_t offsets_cap;
    void **states; /* compressors that nobody uses; room for one a thread */
    size_t state_count;
};

static const struct block_codec plain = {.name = "none", .unit = (size_t)512 * 1024};

static size_t largest_of(const struct block_codec *codec)
{
    return codec->unit + codec->unit / 4;
}

/* ---- what runs on any thread ---- */

static void fail_all(struct blocks *blocks, int code, const img_error *error)
{
    pthread_mutex_lock(&blocks->lock);
    if (!blocks->code) {
        blocks->code = code;
        blocks->error = *error;
        atomic_store(&blocks->failed, true);
    }
    pthread_mutex_unlock(&blocks->lock);
}

static void run_hash(struct job *job)
{
    struct blocks *blocks = (struct blocks *)job;
    pthread_mutex_lock(&blocks->lock);
    while (blocks->hashed < blocks->cut) {
        const struct slot *slot = &blocks->slots[blocks->hashed % blocks->slot_count];
        pthread_mutex_unlock(&blocks->lock);
        img_error err;
        int rc = 0;
        if (!atomic_load(&blocks->failed))
            rc = img__hash_update(blocks->hash, slot->in, slot->in_len, &err);
        if (rc)
            fail_all(blocks, rc, &err);
        pthread_mutex_lock(&blocks->lock);
        blocks->hashed++;
    }
    blocks->hashing = false;
    pthread_mutex_unlock(&blocks->lock);
}

/* Called with the lock. */
static void note_offsets(struct blocks *blocks, const struct slot *slot)
{
    uint64_t offset = blocks->blob_bytes;
    for (size_t i = 0; i < slot->count; i++) {
        blocks->offsets[slot->first + i] = offset;
        offset = blocks->blob_bytes + slot->ends[i].out;
    }
}

/* Called with the lock, and by one thread at a time: it alone changes written. */
static void write_slot(struct blocks *blocks, struct slot *slot)
{
    const char *data = blocks->codec->compress ? slot->out : slot->in;
    size_t len = blocks->codec->compress ? slot->out_len : slot->in_len;
    if (blocks->index)
        note_offsets(blocks, slot);
    pthread_mutex_unlock(&blocks->lock);
    img_error err;
    int rc = 0;
    if (!atomic_load(&blocks->failed))
        rc = img__sink_write(blocks->blob, data, len, &err);
    if (rc)
        fail_all(blocks, rc, &err);
    pthread_mutex_lock(&blocks->lock);
    blocks->blob_bytes += len;
    slot->ready = false;
    blocks->written++;
}

static struct slot *next_to_write(struct blocks *blocks)
{
    return &blocks->slots[blocks->written % blocks->slot_count];
}

static void write_ready(struct blocks *blocks, struct slot *slot)
{
    pthread_mutex_lock(&blocks->lock);
    slot->ready = true;
    if (!blocks->writing) {
        blocks->writing = true;
        for (struct slot *next = next_to_write(blocks); next->ready; next = next_to_write(blocks))
            write_slot(blocks, next);
        blocks->writing = false;
    }
    pthread_mutex_unlock(&blocks->lock);
}

static void *take_state(struct blocks *blocks)
{
    pthread_mutex_lock(&blocks->lock);
    void *state = blocks->state_count ? blocks->states[--blocks->state_count] : NULL;
    pthread_mutex_unlock(&blocks->lock);
    return state ? state : blocks->codec->open(blocks->level);
}

/* Each block of a slot, one behind the other. */
static int compress_blocks(struct blocks *blocks, struct slot *slot, void *state, img_error *err)
{
    size_t begin = 0;
    slot->out_len = 0;
    for (size_t i = 0; i < slot->count; i++) {
        size_t len = slot->ends[i].in - begin;
        ssize_t n = blocks->codec->compress(state, slot->in + begin, len, slot->out + slot->out_len,
                                            blocks->out_cap - slot->out_len, err);
        if (n < 0)
            return (int)n;
        slot->out_len += (size_t)n;
        slot->ends[i].out = slot->out_len;
        begin += len;
    }
    return 0;
}

static int compress_slot(struct blocks *blocks, struct slot *slot, img_error *err)
{
    void *state = take_state(blocks);
    if (!state)
        return img__fail_memory(err);
    int rc = compress_blocks(blocks, slot, state, err);
    pthread_mutex_lock(&blocks->lock);
    blocks->states[blocks->state_count++] = state;
    pthread_mutex_unlock(&blocks->lock);
    return rc;
}

static void copy_ends(struct slot *slot)
{
    for (size_t i = 0; i < slot->count; i++)
        slot->ends[i].out = slot->ends[i].in;
}

static void run_compress(struct job *job)
{
    struct slot *slot = (struct slot *)job;
    struct blocks *blocks = slot->blocks;
    img_error err;
    int rc = 0;
    if (!blocks->codec->compress)
        copy_ends(slot);
    else if (!atomic_load(&blocks->failed))
        rc = compress_slot(blocks, slot, &err);
    if (rc)
        fail_all(blocks, rc, &err);
    write_ready(blocks, slot);
}

/* ---- what runs on the caller's ---- */

static const struct block_codec *codec_of(enum compression compression)
{
    static const struct block_codec *const codecs[] = {
        [COMPRESSION_GZIP] = &img__block_gzip,
        [COMPRESSION_ZSTD] = &img__block_zstd,
        [COMPRESSION_NONE] = &plain,
    };
    return codecs[compression];
}

size_t img__blocks_unit(enum compression compression)
{
    return codec_of(compression)->unit;
}

size_t img__blocks_largest(enum compression compression)
{
    return largest_of(codec_of(compression));
}

static int check_level(const struct block_codec *codec, int level, img_error *err)
{
    if (level >= 0 && level <= codec->highest_level)
        return 0;
    if (!codec->compress)
        return img__fail(err, IMG_EINVAL, "no compression has no level %d", level);
    return img__fail(err, IMG_EINVAL, "%s has no level %d: 1 to %d, or 0 for the default of %d",
                     codec->name, level, codec->highest_level, codec->default_level);
}

/* Of a slot. Each block of a batch may need a little more than its share. */
static size_t out_cap_of(const struct blocks *blocks)
{
    const struct block_codec *codec = blocks->codec;
    if (!codec->compress)
        return 0;
    return codec->bound(blocks->in_cap) + (blocks->batch_blocks - 1) * codec->bound(0);
}

static void set_sizes(struct blocks *blocks)
{
    blocks->largest = largest_of(blocks->codec);
    blocks->in_cap = blocks->largest + (blocks->index ? BATCH : 0);
    blocks->batch_blocks = blocks->index ? BATCH_BLOCKS : 1;
    blocks->out_cap = out_cap_of(blocks);
    /* Enough that the workers have something to do while the caller works along. */
    size_t most = MEMORY_MAX / (blocks->in_cap + blocks->out_cap);
    size_t wanted = 2 * (size_t)blocks->threads - 1;
    blocks->slot_count = wanted < most ? wanted : most;
}

int img__blocks_new(const struct blocks_options *options, struct sink *blob, struct blocks **out,
                    img_error *err)
{
    auto_(sink) struct sink *owned = blob;
    const struct block_codec *codec = codec_of(options->compression);
    int rc = check_level(codec, options->level, err);
    if (rc)
        return rc;
    struct blocks *fresh = calloc(1, sizeof(*fresh));
    if (!fresh)
        return img__fail_memory(err);
    pthread_mutex_init(&fresh->lock, NULL);
    auto_(blocks) struct blocks *blocks = fresh;
    blocks->blob = steal(owned);
    blocks->codec = codec;
    blocks->level = options->level ? options->level : codec->default_level;
    blocks->index = options->index;
    blocks->threads = img__pool_threads(options->threads);
    set_sizes(blocks);
    blocks->hash_job.run = run_hash;
    blocks->slots = calloc(blocks->slot_count, sizeof(*blocks->slots));
    blocks->states = calloc(blocks->threads, sizeof(*blocks->states));
    if (!blocks->slots || !blocks->states)
        return img__fail_memory(err);
    rc = img__hash_new(IMG_DIGEST_CANONICAL, &blocks->hash, err);
    if (rc)
        return rc;
    *out = steal(blocks);
    return 0;
}

void img__blocks_free(struct blocks *blocks)
{
    if (!blocks)
        return;
    /* What is left to do is not worth doing. */
    atomic_store(&blocks->failed, true);
    img__pool_free(blocks->pool);
    for (size_t i = 0; i < blocks->state_count; i++)
        blocks->codec->close(blocks->states[i]);
    for (size_t i = 0; blocks->slots && i < blocks->slot_count; i++) {
        free(blocks->slots[i].in);
        free(blocks->slots[i].out);
        free(blocks->slots[i].ends);
    }
    img__sink_free(blocks->blob);
    img__hash_free(blocks->hash);
    pthread_mutex_destroy(&blocks->lock);
    free(blocks->slots);
    free(blocks->states);
    free(blocks->offsets);
    free(blocks);
}

static int check(struct blocks *blocks, img_error *err)
{
    if (!atomic_load_explicit(&blocks->failed, memory_order_relaxed))
        return 0;
    pthread_mutex_lock(&blocks->lock);
    int code = blocks->code;
    if (err)
        *err = blocks->error;
    pthread_mutex_unlock(&blocks->lock);
    return code;
}

/* The slot that comes next is free once its block of the round before was hashed and written. */
static bool is_free(struct blocks *blocks)
{
    pthread_mutex_lock(&blocks->lock);
    uint64_t done = blocks->hashed < blocks->written ? blocks->hashed : blocks->written;
    bool yes = blocks->cut - done < blocks->slot_count;
    pthread_mutex_unlock(&blocks->lock);
    return yes;
}

static int take_slot(struct blocks *blocks, img_error *err)
{
    while (!is_free(blocks))
        img__pool_step(blocks->pool);
    int rc = check(blocks, err);
    if (rc)
        return rc;
    struct slot *slot = &blocks->slots[blocks->cut % blocks->slot_count];
    if (!slot->in)
        slot->in = malloc(blocks->in_cap);
    if (!slot->ends)
        slot->ends = calloc(blocks->batch_blocks, sizeof(*slot->ends));
    if (!slot->out && blocks->out_cap)
        slot->out = malloc(blocks->out_cap);
    if (!slot->in || !slot->ends || (!slot->out && blocks->out_cap))
        return img__fail_memory(err);
    slot->blocks = blocks;
    slot->job.run = run_compress;
    slot->in_len = 0;
    slot->count = 0;
    slot->first = blocks->count;
    blocks->open = slot;
    return 0;
}

/* Bytes of the open block. */
static size_t open_len(const struct blocks *blocks)
{
    const struct slot *slot = blocks->open;
    if (!slot)
        return 0;
    return slot->in_len - (slot->count ? slot->ends[slot->count - 1].in : 0);
}

int img__blocks_room(struct blocks *blocks, char **at, size_t *len, img_error *err)
{
    int rc = blocks->open ? 0 : take_slot(blocks, err);
    if (rc)
        return rc;
    *at = blocks->open->in + blocks->open->in_len;
    *len = blocks->largest - open_len(blocks);
    return 0;
}

int img__blocks_filled(struct blocks *blocks, size_t len, img_error *err)
{
    assert(len <= blocks->largest - open_len(blocks));
    blocks->open->in_len += len;
    if (open_len(blocks) == blocks->largest)
        return img__blocks_cut(blocks, err);
    return check(blocks, err);
}

int img__blocks_write(struct blocks *blocks, const void *data, size_t len, img_error *err)
{
    const char *from = data;
    while (len > 0) {
        char *at;
        size_t part;
        int rc = img__blocks_room(blocks, &at, &part, err);
        if (rc)
            return rc;
        if (part > len)
            part = len;
        memcpy(at, from, part);
        rc = img__blocks_filled(blocks, part, err);
        if (rc)
            return rc;
        from += part;
        len -= part;
    }
    return 0;
}

static int reserve_offset(struct blocks *blocks, img_error *err)
{
    if (!blocks->index || blocks->count < blocks->offsets_cap)
        return 0;
    uint64_t cap = blocks->offsets_cap ? blocks->offsets_cap * 2 : 64;
    pthread_mutex_lock(&blocks->lock);
    uint64_t *grown = reallocarray(blocks->offsets, cap, sizeof(*grown));
    if (grown) {
        blocks->offsets = grown;
        blocks->offsets_cap = cap;
    }
    pthread_mutex_unlock(&blocks->lock);
    return grown ? 0 : img__fail_memory(err);
}

/* Ends the open block, which may be empty. */
static int cut_open(struct blocks *blocks, img_error *err)
{
    struct slot *slot = blocks->open;
    int rc = reserve_offset(blocks, err);
    if (rc)
        return rc;
    slot->ends[slot->count++].in = slot->in_len;
    blocks->count++;
    return 0;
}

/* Gives the open slot out. last: nothing follows, and a stream of one slot needs no thread. */
static int give_open(struct blocks *blocks, bool last, img_error *err)
{
    int rc = blocks->pool ? 0 : img__pool_new(last ? 1 : blocks->threads, &blocks->pool, err);
    if (rc)
        return rc;
    struct slot *slot = steal(blocks->open);
    pthread_mutex_lock(&blocks->lock);
    blocks->cut++;
    bool hash = !blocks->hashing;
    blocks->hashing = true;
    pthread_mutex_unlock(&blocks->lock);
    if (hash)
        img__pool_submit(blocks->pool, &blocks->hash_job);
    img__pool_submit(blocks->pool, &slot->job);
    return check(blocks, err);
}

int img__blocks_cut(struct blocks *blocks, img_error *err)
{
    if (open_len(blocks) == 0)
        return check(blocks, err);
    int rc = cut_open(blocks, err);
    if (rc)
        return rc;
    const struct slot *slot = blocks->open;
    bool whole = slot->count == blocks->batch_blocks || slot->in_len >= BATCH;
    return whole ? give_open(blocks, false, err) : check(blocks, err);
}

uint64_t img__blocks_count(const struct blocks *blocks)
{
    return blocks->count;
}

static int drain(struct blocks *blocks, bool last, img_error *err)
{
    int rc = open_len(blocks) > 0 ? cut_open(blocks, err) : 0;
    if (!rc && blocks->open && blocks->open->count > 0)
        rc = give_open(blocks, last, err);
    if (rc)
        return rc;
    if (blocks->pool)
        img__pool_drain(blocks->pool);
    return check(blocks, err);
}

int img__blocks_drain(struct blocks *blocks, img_error *err)
{
    return drain(blocks, false, err);
}

uint64_t img__blocks_offset(const struct blocks *blocks, uint64_t number)
{
    assert(blocks->index && blocks->written == blocks->cut && number <= blocks->count);
    return number == blocks->count ? blocks->blob_bytes : blocks->offsets[number];
}

int img__blocks_raw(struct blocks *blocks, const void *data, size_t len, img_error *err)
{
    assert(blocks->written == blocks->cut);
    int rc = img__sink_write(blocks->blob, data, len, err);
    if (rc)
        return rc;
    blocks->blob_bytes += len;
    return 0;
}

static int compress_whole(struct blocks *blocks, const void *data, size_t len, img_error *err)
{
    size_t bound = blocks->codec->bound(len);
    auto_free char *out = malloc(bound);
    void *state = out ? take_state(blocks) : NULL;
    if (!state)
        return img__fail_memory(err);
    ssize_t n = blocks->codec->compress(state, data, len, out, bound, err);
    blocks->states[blocks->state_count++] = state;
    return n < 0 ? (int)n : img__blocks_raw(blocks, out, (size_t)n, err);
}

int img__blocks_whole(struct blocks *blocks, const void *data, size_t len, img_error *err)
{
    assert(blocks->written == blocks->cut && blocks->codec->compress);
    blocks->open = NULL; /* it is empty, and begins with another block then */
    int rc = reserve_offset(blocks, err);
    if (!rc && blocks->index)
        blocks->offsets[blocks->count] = blocks->blob_bytes;
    if (!rc)
        rc = img__hash_update(blocks->hash, data, len, err);
    if (!rc)
        rc = compress_whole(blocks, data, len, err);
    if (rc)
        return rc;
    blocks->count++;
    return 0;
}

int img__blocks_end(struct blocks *blocks, img_digest *diff_id, img_error *err)
{
    int rc = 0;
    bool nothing = blocks->count == 0 && open_len(blocks) == 0;
    if (nothing && blocks->codec->compress) {
        rc = blocks->open ? 0 : take_slot(blocks, err);
        if (!rc)
            rc = cut_open(blocks, err);
    }
    if (!rc)
        rc = drain(blocks, true, err);
    if (!rc)
        rc = img__hash_final(blocks->hash, diff_id, err);
    return rc ? rc : img__sink_close(blocks->blob, err);
}
