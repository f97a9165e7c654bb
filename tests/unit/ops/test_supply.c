/* SPDX-License-Identifier: Apache-2.0
 *
 * A caller that may have blobs: it is asked before the registry, and never believed.
 */
#include "places.h"
#include "store/fixture.h"

#include "ops/copy.h"

/* What the callback does with each blob, in the order in which it is asked. */
enum way {
    HAS,
    HAS_NOT,
    PART,       /* of the bytes, and says that it has it */
    PART_GIVEN, /* of the bytes, and says that it has not */
    WRONG,
    LONG, /* and returns what the writer says */
    CANCELS,
    COMMITS, /* which is not its to do */
};

struct peer {
    struct world *world;
    const enum way *ways;
    struct buf asked; /* "L1 CA " */
    int kinds[IMG_EVENT_CACHED + 1];
    int cancel_at; /* this event; 0: none */
    int events;
};

static int give_blob(const img_descriptor *descriptor, img_blob_writer *writer, void *arg)
{
    struct peer *peer = arg;
    size_t at = find_content(peer->world, &descriptor->digest);
    assert_int_not_equal(at, CONTENTS_MAX);
    const char *bytes = peer->world->contents[at].bytes;
    size_t len = strlen(bytes);
    img_error err;
    img__buf_printf(&peer->asked, "%s ", peer->world->contents[at].label);
    switch (*peer->ways++) {
    case HAS:
        assert_int_equal(img_blob_writer_write(writer, bytes, len, NULL), 0);
        return 0;
    case HAS_NOT:
        return 1;
    case PART:
        return img_blob_writer_write(writer, bytes, 1, NULL);
    case PART_GIVEN:
        return img_blob_writer_write(writer, bytes, 1, NULL) + 1;
    case WRONG:
        return img_blob_writer_write(writer, "????????????????", len, NULL);
    case LONG:
        img_blob_writer_write(writer, bytes, len, NULL);
        return img_blob_writer_write(writer, bytes, 1, NULL);
    case CANCELS:
        return -1;
    case COMMITS:
        assert_int_equal(img_blob_writer_write(writer, bytes, len, NULL), 0);
        assert_fails(img_blob_writer_commit(writer, NULL, &err), IMG_EINVAL, "whom it belongs to");
        img_blob_writer_free(writer);
        return 0;
    }
    return 1;
}

static int on_event(const img_event *event, void *arg)
{
    struct peer *peer = arg;
    peer->kinds[event->kind]++;
    return ++peer->events == peer->cancel_at;
}

static void on_log(int level, const char *line, void *arg)
{
    struct peer *peer = arg;
    assert_int_equal(level, IMG_LOG_WARNING);
    img__buf_printf(&peer->world->warnings, "%s\n", line);
}

static int copy(struct place *from, img_store *store, struct peer *peer, img_error *err)
{
    auto_(endpoint) struct endpoint *to = NULL;
    struct observer observer = {on_event, peer, on_log, peer, 0};
    struct supply supply = {give_blob, peer};
    img_descriptor top;
    assert_int_equal(img__store_endpoint(store, APP ":1", &to, err), 0);
    struct copy copy = {.from = &from->base,
                        .to = to,
                        .config_limit_bytes = 1000,
                        .observer = &observer,
                        .supply = &supply};
    return img__copy(&copy, &top, err);
}

static size_t add_image(struct world *world)
{
    size_t config = add_content(world, "C", MEDIA_OCI_CONFIG, "{\"a\":1}");
    size_t one = add_layer(world, "L1"), two = add_layer(world, "L2");
    return add_manifest(world, "M", config, (size_t[]){one, two, CONTENTS_MAX});
}

struct row {
    enum way ways[3]; /* of L1, L2, C */
    const char *asked, *fetched, *warning;
    int code;
};

static void assert_gave(const struct place *from, const char *expected)
{
    auto_(buf) struct buf gave = BUF_INIT(1000);
    for (size_t i = 0; i < from->world->count; i++)
        if (from->gave[i])
            img__buf_printf(&gave, "%s ", from->world->contents[i].label);
    assert_string_equal(img__buf_text(&gave), expected);
}

static void assert_warned(const struct world *world, const char *text)
{
    const char *warnings = img__buf_text(&world->warnings);
    if (text)
        assert_non_null(strstr(warnings, text));
    else
        assert_string_equal(warnings, "");
}

static void run_row(struct fixture *f, const struct row *row)
{
    auto_(world) struct world world = WORLD_INIT;
    size_t image = add_image(&world);
    struct peer peer = {&world, row->ways, BUF_INIT(1000), {0}, 0, 0};
    struct place from = place_full(&world, true, image);
    img_error err = {0};
    int rc = copy(&from, f->store, &peer, &err);
    assert_string_equal(img__buf_text(&peer.asked), row->asked);
    assert_gave(&from, row->fetched);
    assert_warned(&world, row->warning);
    assert_no_temporaries(f);
    img__buf_free(&peer.asked);
    if (row->code) {
        assert_fails(rc, row->code, "interrupted");
        assert_unknown(f->store, APP ":1");
        return;
    }
    assert_ok(rc);
    assert_names(f->store, APP ":1", &world.contents[image].descriptor);
    assert_int_equal(peer.kinds[IMG_EVENT_STARTED], 4);
    assert_int_equal(peer.kinds[IMG_EVENT_DONE], 4);
    assert_int_equal(count_blobs(f), 4);
}

static void ways(void **state)
{
    static const struct row rows[] = {
        {{HAS, HAS, HAS}, "L1 L2 C ", "", NULL, 0},
        {{HAS_NOT, HAS_NOT, HAS_NOT}, "L1 L2 C ", "C L1 L2 ", NULL, 0},
        {{HAS, HAS_NOT, HAS}, "L1 L2 C ", "L2 ", NULL, 0},
        {{PART_GIVEN, HAS, HAS}, "L1 L2 C ", "L1 ", NULL, 0},
        {{PART, HAS, HAS}, "L1 L2 C ", "L1 ", "layer 1/2: what the caller has is something", 0},
        {{HAS, WRONG, HAS}, "L1 L2 C ", "L2 ", "have the digest", 0},
        {{HAS, HAS, LONG}, "L1 L2 C ", "C ", "config: what the caller has is something", 0},
        {{HAS, CANCELS, HAS}, "L1 L2 ", "", NULL, IMG_ECANCELED},
        {{COMMITS, HAS, COMMITS}, "L1 L2 C ", "", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        void *f = NULL;
        fixture_new(&f);
        run_row(f, &rows[i]);
        fixture_free(&f);
    }
}

/* Whatever event ends the call, it is over there and then, and the name is not set. */
static void canceled(void **state)
{
    static const enum way ways[] = {HAS, HAS, HAS};
    struct fixture *f = *state;
    int at = 1;
    for (int rc = IMG_ECANCELED; rc; at++) {
        auto_(world) struct world world = WORLD_INIT;
        size_t image = add_image(&world);
        struct peer peer = {&world, ways, BUF_INIT(1000), {0}, at, 0};
        struct place from = place_full(&world, true, image);
        img_error err = {0};
        rc = copy(&from, f->store, &peer, &err);
        if (rc)
            assert_fails(rc, IMG_ECANCELED, "interrupted");
        assert_true(peer.events <= at);
        peer.ways = ways;
        assert_no_temporaries(f);
        img__buf_free(&peer.asked);
        if (rc && at < 6) /* before the last blob the name can't be there */
            assert_unknown(f->store, APP ":1");
    }
    assert_true(at > 4);
}

/* What the store has nobody is asked for. */
static void there_already(void **state)
{
    static const enum way ways[] = {HAS_NOT};
    struct fixture *f = *state;
    auto_(world) struct world world = WORLD_INIT;
    size_t config = add_content(&world, "C", MEDIA_OCI_CONFIG, "{}"),
           layer = add_layer(&world, "L");
    size_t image = add_manifest(&world, "M", config, (size_t[]){layer, CONTENTS_MAX});
    struct peer peer = {&world, ways, BUF_INIT(1000), {0}, 0, 0};
    struct place from = place_full(&world, true, image);
    img_error err = {0};
    put_blob(f->store, MEDIA_OCI_LAYER, "L");
    assert_ok(copy(&from, f->store, &peer, &err));
    assert_string_equal(img__buf_text(&peer.asked), "C ");
    assert_int_equal(peer.kinds[IMG_EVENT_CACHED], 1);
    img__buf_free(&peer.asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways),
        cmocka_unit_test_setup_teardown(canceled, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(there_already, fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
