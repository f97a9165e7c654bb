/* SPDX-License-Identifier: Apache-2.0
 *
 * The cut rule, at its edges: where blocks end is a part of the format, so the numbers are written
 * out here. Without compression the offsets in the blob are those in the tar.
 */
#include "layer/cut.h"

#include "judge.h"

#define UNIT ((uint64_t)512 * 1024)
#define QUARTER (UNIT / 4)
#define LARGEST (UNIT + QUARTER)
#define BLOB_MAX ((size_t)32 << 20)

struct work {
    struct buf blob;
    struct blocks *blocks;
    struct cut cut;
    size_t piece; /* what is written at once */
};

static void begin(struct work *work, size_t piece)
{
    static const struct blocks_options options = {COMPRESSION_NONE, 0, 1, true};
    img_error err;
    struct sink *memory = NULL;
    *work = (struct work){.blob = BUF_INIT(BLOB_MAX), .piece = piece};
    assert_ok(img__sink_buf(&work->blob, "a blob", &memory, &err));
    assert_ok(img__blocks_new(&options, memory, &work->blocks, &err));
    img__cut_init(&work->cut, work->blocks, COMPRESSION_NONE);
    assert_int_equal(work->cut.unit, UNIT);
}

static void write_zeros(struct work *work, uint64_t len)
{
    static const char zeros[4096];
    img_error err;
    while (len > 0) {
        size_t part = work->piece < len ? work->piece : (size_t)len;
        assert_ok(work->cut.sink.ops->write(&work->cut.sink, zeros, part, &err));
        len -= part;
    }
}

/* Header, data, padding. The data go straight into the blocks as they do from a file. */
static void entry(struct work *work, const char *path, uint64_t size)
{
    img_error err;
    img__cut_entry(&work->cut, path);
    write_zeros(work, 512);
    img__cut_entry(&work->cut, NULL);
    assert_ok(img__cut_data(&work->cut, size, &err));
    for (uint64_t left = size; left > 0;) {
        char *at;
        size_t len;
        assert_ok(img__cut_room(&work->cut, &at, &len, &err));
        assert_true(len > 0);
        len = len < left ? len : (size_t)left;
        len = len < work->piece ? len : work->piece;
        memset(at, 1, len);
        assert_ok(img__cut_filled(&work->cut, len, &err));
        left -= len;
    }
    write_zeros(work, -size % 512);
}

/* The blocks must begin at these places, the first but 0 and the end of the last included. */
static void ends(struct work *work, const uint64_t *places, size_t count)
{
    img_error err;
    img_digest diff_id;
    assert_ok(img__blocks_drain(work->blocks, &err));
    assert_int_equal(img__blocks_count(work->blocks), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(img__blocks_offset(work->blocks, i + 1), places[i]);
    assert_int_equal(work->cut.tar_bytes, places[count - 1]);
    assert_ok(img__blocks_end(work->blocks, &diff_id, &err));
    img__blocks_free(work->blocks);
    img__buf_free(&work->blob);
}
#define ENDS(work, ...)                                                                            \
    do {                                                                                           \
        const uint64_t places[] = {__VA_ARGS__};                                                   \
        ends((work), places, sizeof(places) / sizeof(places[0]));                                  \
    } while (0)

static const size_t pieces[] = {4096, 512, 100, 1};
#define EACH_PIECE(work)                                                                           \
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]) && (begin((work), pieces[i]), true); \
         i++)

/* FNV-1a of "a" is af63dc4c8601ec8c, which ends a block; of "b" af63df4c8601f1a5 and of "foobar"
 * 85944171f73967e8, which do not. */
static void packed(void **state)
{
    struct work work;
    (void)state;
    EACH_PIECE(&work)
    {
        entry(&work, "a", 2 * QUARTER - 512);     /* to 1/2 */
        entry(&work, "a", 2 * QUARTER - 512 - 1); /* to 1 */
        entry(&work, "b", 1);                     /* has a unit, wrong hash */
        entry(&work, "foobar", 512);              /* the same */
        entry(&work, "a", 0);                     /* here it ends */
        ENDS(&work, UNIT + 2048, UNIT + 2048 + 512);
    }
    EACH_PIECE(&work)
    {
        entry(&work, "a", 2 * QUARTER - 1024);
        entry(&work, "a", 2 * QUARTER - 1024); /* two headers less than a unit */
        entry(&work, "a", 512 - 1);
        entry(&work, "a", 0);
        ENDS(&work, UNIT, UNIT + 512);
    }
}

static void hard_limit(void **state)
{
    struct work work;
    (void)state;
    EACH_PIECE(&work)
    {
        for (int n = 0; n < 10; n++)
            entry(&work, "b", QUARTER - 512);
        entry(&work, "b", 0);
        ENDS(&work, LARGEST, 2 * LARGEST, 2 * LARGEST + 512);
    }
    /* Also in the middle of data, and of a header. */
    EACH_PIECE(&work)
    {
        for (int n = 0; n < 3; n++)
            entry(&work, "b", 2 * QUARTER - 1);
        ENDS(&work, LARGEST, 6 * QUARTER + 3 * 512);
    }
    EACH_PIECE(&work)
    {
        write_zeros(&work, LARGEST - 256);
        entry(&work, "b", 0);
        ENDS(&work, LARGEST, LARGEST + 256);
    }
}

static void large(void **state)
{
    struct work work;
    (void)state;
    EACH_PIECE(&work)
    {
        entry(&work, "b", 2 * QUARTER - 1);
        entry(&work, "b", 2 * QUARTER);
        entry(&work, "b", LARGEST);
        uint64_t first = 2 * QUARTER + 1024, second = first + 2 * QUARTER + 512;
        ENDS(&work, first, first + 2 * QUARTER, second, second + LARGEST);
    }
    EACH_PIECE(&work)
    {
        entry(&work, "x", LARGEST - 511);
        entry(&work, "x", LARGEST + 1); /* with its padding it is more than one and a quarter */
        uint64_t first = 512, second = first + LARGEST + 512;
        ENDS(&work, first, first + LARGEST, second, second + UNIT, second + LARGEST + 512);
    }
    EACH_PIECE(&work)
    {
        entry(&work, "x", 3 * UNIT);
        entry(&work, "x", 3 * UNIT + QUARTER);
        uint64_t first = 512, second = first + 3 * UNIT + 512;
        ENDS(&work, first, first + UNIT, first + 2 * UNIT, first + 3 * UNIT, second, second + UNIT,
             second + 2 * UNIT, second + 3 * UNIT + QUARTER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packed),
        cmocka_unit_test(hard_limit),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests(tests, judge_setup, judge_teardown);
}
