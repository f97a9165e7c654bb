/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk from place to place: what moves, in which order, and what never does.
 */
#include "places.h"

#include "core/index.h"
#include "ops/copy.h"

#define END CONTENTS_MAX

/* Checks that each item ends once, and cancels where the world says so. */
static int on_event(const img_event *event, void *arg)
{
    struct world *world = arg;
    assert_true(event->id > 0);
    assert_true(*event->what);
    if (event->kind == IMG_EVENT_STARTED)
        world->started++;
    else if (event->kind != IMG_EVENT_PROGRESS)
        world->ended++;
    return ++world->events == world->cancel_at;
}

static void on_log(int level, const char *line, void *arg)
{
    struct world *world = arg;
    assert_int_equal(level, IMG_LOG_WARNING);
    img__buf_printf(&world->warnings, "%s\n", line);
}

static int copy_with(struct place *from, struct place *to, const img_platform *platform,
                     bool keep_index, img_descriptor *top, img_error *err)
{
    struct world *world = from->world;
    struct observer observer = {on_event, world, on_log, world, 0};
    struct copy copy = {
        .from = &from->base,
        .to = &to->base,
        .platforms = platform,
        .platform_count = platform ? 1 : 0,
        .keep_index = keep_index,
        .config_limit_bytes = 1000,
        .observer = &observer,
    };
    return img__copy(&copy, top, err);
}

static int copy(struct place *from, struct place *to, img_error *err)
{
    img_descriptor top;
    return copy_with(from, to, NULL, false, &top, err);
}

/* Two platforms with a layer in common. */
struct image {
    size_t config_a, config_b, shared, own, manifest_a, manifest_b, index;
};

static struct image add_image(struct world *world)
{
    struct image i;
    i.config_a = add_content(world, "CA", MEDIA_OCI_CONFIG, "{\"a\":1}");
    i.config_b = add_content(world, "CB", MEDIA_OCI_CONFIG, "{\"b\":1}");
    i.shared = add_layer(world, "L1");
    i.own = add_layer(world, "L2");
    i.manifest_a = add_manifest(world, "MA", i.config_a, (size_t[]){i.shared, END});
    i.manifest_b = add_manifest(world, "MB", i.config_b, (size_t[]){i.shared, i.own, END});
    i.index =
        add_index(world, "I",
                  (struct child[]){{i.manifest_a, "amd64"}, {i.manifest_b, "arm64"}, {END, NULL}});
    return i;
}

static void order(void **state)
{
    (void)state;
    static const struct {
        bool from_remote, to_remote;
    } rows[] = {{false, false}, {true, false}, {false, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        auto_(world) struct world world = WORLD_INIT;
        struct image image = add_image(&world);
        struct place from = place_full(&world, rows[i].from_remote, image.index);
        struct place to = place_new(&world, rows[i].to_remote);
        img_descriptor top;
        assert_ok(copy_with(&from, &to, NULL, false, &top, &err));
        assert_string_equal(world.trace.data, "blob L1;blob CA;blob L2;blob CB;"
                                              "put MA;put MB;name I;");
        assert_string_equal(top.digest.text, world.contents[image.index].descriptor.digest.text);
        assert_int_equal(to.name, image.index);
        assert_int_equal(world.started, 7);
        assert_int_equal(world.ended, 7);
    }
}

/* B is reached by A's index beside I2, which reaches it too: whoever comes first, it moves once and
 * before both. */
static void shared_child(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t inner = add_index(&world, "I2", (struct child[]){{image.manifest_b, NULL}, {END, NULL}});
    size_t outer = add_index(&world, "I3",
                             (struct child[]){{image.manifest_b, NULL},
                                              {inner, NULL},
                                              {image.manifest_b, NULL},
                                              {inner, NULL},
                                              {END, NULL}});
    struct place from = place_full(&world, false, outer);
    struct place to = place_new(&world, true);
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob L1;blob L2;blob CB;put MB;put I2;name I3;");
    assert_int_equal(from.gets, 3);
}

static void nothing_twice(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t twice = add_manifest(&world, "M", image.config_a,
                                (size_t[]){image.own, image.own, image.config_a, END});
    struct place from = place_full(&world, true, twice);
    struct place to = place_new(&world, false);
    to.has[image.own] = true;
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob CA;name M;");
    assert_int_equal(world.started, 3);
    assert_int_equal(world.ended, 3);
}

/* What a registry has, it has with all that it reaches. */
static void there_already(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, false, image.index);
    struct place to = place_full(&world, true, END);
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "name I;");
    assert_int_equal(from.gets, 1);

    img__buf_clear(&world.trace);
    to = place_new(&world, true);
    to.has[image.config_b] = to.has[image.shared] = to.has[image.own] = true;
    to.has[image.manifest_b] = true;
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob CA;put MA;name I;");
}

/* A store may have a document and lack what it reaches: that moves. */
static void store_with_holes(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, true, image.index);
    struct place to = place_new(&world, false);
    to.has[image.index] = to.has[image.manifest_b] = to.has[image.shared] = true;
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob CA;blob L2;blob CB;put MA;put MB;name I;");
    assert_int_equal(from.gets, 2); /* the index, which was asked for, and MA */
}

static void unknown_children(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t other = add_content(&world, "X", "application/vnd.example+json", "{\"x\":1}");
    size_t index = add_index(
        &world, "I2", (struct child[]){{other, NULL}, {image.manifest_a, NULL}, {END, NULL}});
    struct place from = place_full(&world, true, index);
    struct place to = place_new(&world, false);
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob L1;blob CA;put MA;name I2;");
    assert_non_null(strstr(img__buf_text(&world.warnings), "application/vnd.example+json"));
    assert_non_null(strstr(img__buf_text(&world.warnings), "left out"));
}

static void no_image(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    size_t other = add_content(&world, "X", "application/vnd.example+json", "{\"x\":1}");
    struct place from = place_full(&world, true, other);
    struct place to = place_new(&world, false);
    assert_fails(copy(&from, &to, &err), IMG_EUNSUPPORTED, "vnd.example+json, which is no image");
    assert_int_equal(to.name, END);
}

static void depth(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t at = image.manifest_a;
    img_platform amd64 = {"linux", "amd64", "", ""};
    for (unsigned i = 0; i < INDEX_DEPTH_MAX + 1; i++) {
        char label[16];
        snprintf(label, sizeof(label), "N%u", i);
        at = add_index(&world, label, (struct child[]){{at, "amd64"}, {END, NULL}});
    }
    struct place from = place_full(&world, true, at);
    struct place to = place_new(&world, false);
    img_descriptor top;
    assert_fails(copy(&from, &to, &err), IMG_ELIMIT, "nested more than 8 deep");
    assert_fails(copy_with(&from, &to, &amd64, false, &top, &err), IMG_ELIMIT, "nested");
    assert_int_equal(world.trace.len, 0);
    from.name = at - 1;
    assert_ok(copy(&from, &to, &err));
    assert_ok(copy_with(&from, &to, &amd64, false, &top, &err));
    assert_int_equal(to.name, image.manifest_a);
}

static void platforms(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, true, image.index);
    struct place to = place_new(&world, false);
    img_platform platform = {"linux", "amd64", "", ""};
    img_descriptor top;
    assert_ok(copy_with(&from, &to, &platform, false, &top, &err));
    assert_string_equal(world.trace.data, "blob L1;blob CA;name MA;");
    assert_string_equal(top.platform.architecture, "amd64");
    assert_string_equal(top.digest.text, world.contents[image.manifest_a].descriptor.digest.text);

    /* For a name that stands for the index itself. */
    img__buf_clear(&world.trace);
    to = place_new(&world, false);
    world.sparse = true;
    assert_ok(copy_with(&from, &to, &platform, true, &top, &err));
    assert_string_equal(world.trace.data, "blob L1;blob CA;put MA;name I;");
}

static void no_platform(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, true, image.index);
    struct place to = place_new(&world, false);
    img_platform platform = {"linux", "s390x", "", ""};
    img_descriptor top = {"untouched", {""}, 0, {"", "", "", ""}};
    for (int keep = 0; keep < 2; keep++)
        assert_fails(copy_with(&from, &to, &platform, keep, &top, &err), IMG_ENOTFOUND,
                     "not there for linux/s390x, only for: linux/amd64, linux/arm64");
    assert_string_equal(top.media_type, "untouched");
    assert_int_equal(to.name, END);
}

/* The target drives, and reads from the other as from a local place. */
static void both_remote(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, true, image.index);
    struct place to = place_new(&world, true);
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "blob L1;blob CA;blob L2;blob CB;"
                                          "put MA;put MB;name I;");

    img__buf_clear(&world.trace);
    to = place_full(&world, true, END);
    assert_ok(copy(&from, &to, &err));
    assert_string_equal(world.trace.data, "name I;");
}

/* ---- referrers ---- */

/* Who refers to whom, as a list claims: contents, ended by END. */
struct claims {
    struct place place;
    struct {
        size_t subject, referrer;
    } rows[8];
    size_t count;
    int asked;
};

static int claims_referrers(struct endpoint *endpoint, const img_digest *subject,
                            int (*found)(const img_descriptor *descriptor, void *arg,
                                         img_error *err),
                            void *arg, img_error *err)
{
    struct claims *claims = (struct claims *)endpoint;
    const struct content *contents = claims->place.world->contents;
    int rc = 0;
    claims->asked++;
    for (size_t i = 0; rc == 0 && i < claims->count; i++)
        if (img__digest_equal(&contents[claims->rows[i].subject].descriptor.digest, subject))
            rc = found(&contents[claims->rows[i].referrer].descriptor, arg, err);
    return rc;
}

/* A refers to a manifest of the index, B to A, and A to B, which no digests could; C is not there.
 */
static void referrers(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t file = add_layer(&world, "F");
    size_t a = add_manifest(&world, "A", image.config_a, (size_t[]){file, END});
    size_t b = add_manifest(&world, "B", image.config_b, (size_t[]){file, END});
    size_t c = add_manifest(&world, "C", image.config_b, (size_t[]){END});
    struct claims from = {
        .place = place_full(&world, true, image.index),
        .rows = {{image.manifest_b, a}, {a, b}, {b, a}, {image.index, c}, {b, b}},
        .count = 5,
    };
    struct endpoint_ops ops = place_remote_ops;
    struct place to = place_new(&world, true);
    struct observer observer = {on_event, &world, on_log, &world, 0};
    struct copy walk = {.from = &from.place.base,
                        .to = &to.base,
                        .referrers = true,
                        .config_limit_bytes = 1000,
                        .observer = &observer};
    img_descriptor top;
    ops.referrers = claims_referrers;
    from.place.base.ops = &ops;
    from.place.has[c] = false;
    for (int round = 0; round < 2; round++) {
        assert_ok(img__copy(&walk, &top, &err));
        assert_string_equal(world.trace.data,
                            round ? "name I;"
                                  : "blob L1;blob CA;blob L2;blob CB;put MA;put MB;name I;"
                                    "blob F;put A;put B;");
        assert_int_equal(from.asked, 5); /* MA, MB, I, A, B */
        assert_int_equal(to.name, image.index);
        assert_non_null(strstr(img__buf_text(&world.warnings), "listed as a referrer"));
        img__buf_clear(&world.trace);
        from.asked = 0;
    }
}

/* Whatever can't be put: nothing is named, and what was put before is whole. */
static void failures(void **state)
{
    (void)state;
    static const char *const labels[] = {"L1", "CA", "L2", "CB", "MA", "MB", "I"};
    for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
        img_error err = {0};
        auto_(world) struct world world = WORLD_INIT;
        struct image image = add_image(&world);
        struct place from = place_full(&world, i % 2, image.index);
        struct place to = place_new(&world, !(i % 2));
        world.fail_at = labels[i];
        assert_fails(copy(&from, &to, &err), IMG_EREFUSED, labels[i]);
        assert_int_equal(to.name, END);
        assert_null(strstr(img__buf_text(&world.trace), "name"));
        assert_int_equal(world.started, world.ended + 1);
    }
}

static void missing_content(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    struct place from = place_full(&world, false, image.index);
    struct place to = place_new(&world, true);
    from.has[image.own] = false;
    assert_fails(copy(&from, &to, &err), IMG_ENOTFOUND, "the blob is not in this place");
    from.has[image.manifest_b] = false;
    assert_fails(copy(&from, &to, &err), IMG_ENOTFOUND, "not in this place");
    assert_int_equal(to.name, END);
}

/* Until the name is set, each event can end the copy. */
static void cancelled(void **state)
{
    (void)state;
    for (int local = 0; local < 2; local++) {
        for (int at = 1; at <= 13; at++) {
            img_error err = {0};
            auto_(world) struct world world = WORLD_INIT;
            struct image image = add_image(&world);
            struct place from = place_full(&world, true, image.index);
            struct place to = place_new(&world, false);
            from.base.ops = local ? &place_local_ops : &place_remote_ops;
            world.cancel_at = at;
            assert_fails(copy(&from, &to, &err), IMG_ECANCELED, "interrupted");
            assert_int_equal(to.name, END);
            assert_int_equal(world.events, at); /* the callback is not called again */
        }
    }
}

static void two_sizes(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    struct image image = add_image(&world);
    size_t other = add_layer(&world, "L1");
    struct content *liar = &world.contents[other];
    liar->descriptor.size_bytes++;
    size_t manifest =
        add_manifest(&world, "M", image.config_a, (size_t[]){image.shared, other, END});
    struct place from = place_full(&world, true, manifest);
    struct place to = place_new(&world, false);
    assert_fails(copy(&from, &to, &err), IMG_EFORMAT, "has 2 bytes in one place and 3 in another");
}

static void config_limit(void **state)
{
    (void)state;
    img_error err = {0};
    auto_(world) struct world world = WORLD_INIT;
    char large[1002];
    memset(large, ' ', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    size_t config = add_content(&world, "C", MEDIA_OCI_CONFIG, large);
    size_t layer = add_layer(&world, "L");
    size_t manifest = add_manifest(&world, "M", config, (size_t[]){layer, END});
    struct place from = place_full(&world, true, manifest);
    struct place to = place_new(&world, false);
    assert_fails(copy(&from, &to, &err), IMG_ELIMIT, "1001 bytes, more than the limit of 1000");
}

/* ---- a place that makes its documents up when it is asked for them ---- */

struct maker {
    struct endpoint base;
    size_t indexes;       /* beneath the top one; 0: the manifests stand there */
    size_t entries;       /* manifests in an index */
    size_t layers;        /* of each manifest */
    size_t padding_bytes; /* of each manifest */
    bool same_layers;
    size_t gets; /* of manifests */
};

enum { TOP, INDEX, MANIFEST, CONFIG, LAYER };

static img_descriptor made_up(unsigned kind, size_t number)
{
    static const char *const types[] = {MEDIA_OCI_INDEX, MEDIA_OCI_INDEX, MEDIA_OCI_MANIFEST,
                                        MEDIA_OCI_CONFIG, MEDIA_OCI_LAYER};
    img_descriptor descriptor = {.size_bytes = 1};
    snprintf(descriptor.media_type, sizeof(descriptor.media_type), "%s", types[kind]);
    snprintf(descriptor.digest.text, sizeof(descriptor.digest.text), "sha256:%08x%056zx", kind,
             number);
    return descriptor;
}

static void write_list(struct buf *text, const char *key, unsigned kind, size_t first, size_t count)
{
    img__buf_printf(text, ",\"%s\":[", key);
    for (size_t i = 0; i < count; i++) {
        img_descriptor entry = made_up(kind, first + i);
        img__buf_puts(text, i ? "," : "");
        write_descriptor(text, &entry, NULL);
    }
    img__buf_putc(text, ']');
}

static void write_manifest(struct maker *maker, struct buf *text)
{
    size_t number = maker->gets++;
    img_descriptor config = made_up(CONFIG, number);
    img__buf_puts(text, ",\"config\":");
    write_descriptor(text, &config, NULL);
    write_list(text, "layers", LAYER, maker->same_layers ? 0 : number * maker->layers,
               maker->layers);
    img__buf_printf(text, "%*s", (int)maker->padding_bytes, "");
}

static int maker_get(struct endpoint *endpoint, const img_descriptor *descriptor,
                     struct document *out, img_error *err)
{
    struct maker *maker = (struct maker *)endpoint;
    auto_(buf) struct buf text = BUF_INIT((size_t)64 << 20);
    unsigned kind = (unsigned)(descriptor->digest.text[14] - '0');
    size_t number = strtoul(descriptor->digest.text + 60, NULL, 16);
    (void)err;
    img__buf_puts(&text, "{\"schemaVersion\":2");
    if (kind == MANIFEST)
        write_manifest(maker, &text);
    else if (kind == TOP && maker->indexes)
        write_list(&text, "manifests", INDEX, 0, maker->indexes);
    else
        write_list(&text, "manifests", MANIFEST, number * maker->entries, maker->entries);
    img__buf_putc(&text, '}');
    *out = (struct document){.descriptor = *descriptor, .len = text.len};
    out->bytes = img__buf_steal(&text);
    assert_non_null(out->bytes);
    return 0;
}

static int maker_resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    img_descriptor top = made_up(TOP, 0);
    return maker_get(endpoint, &top, out, err);
}

static const struct endpoint_ops maker_ops = {.resolve = maker_resolve, .get_document = maker_get};

static int copy_made(struct maker *maker, img_error *err)
{
    auto_(world) struct world world = WORLD_INIT;
    struct place to = place_new(&world, false);
    struct observer observer = {on_event, &world, on_log, &world, 0};
    struct copy walk = {
        .from = &maker->base, .to = &to.base, .config_limit_bytes = 1000, .observer = &observer};
    img_descriptor top;
    maker->base.ops = &maker_ops;
    world.cancel_at = 1; /* once it comes to moving something */
    return img__copy(&walk, &top, err);
}

static void limits(void **state)
{
    (void)state;
    img_error err = {0};
    struct maker blobs = {.entries = 17, .layers = 1000};
    assert_fails(copy_made(&blobs, &err), IMG_ELIMIT, "more than 16384 blobs");
    struct maker bytes = {.entries = 100, .layers = 1, .padding_bytes = (size_t)4 << 20};
    assert_fails(copy_made(&bytes, &err), IMG_ELIMIT, "larger than 67108864 bytes");
    assert_true(bytes.gets < 17);
    struct maker entries = {.entries = INDEX_ENTRIES_MAX + 1};
    assert_fails(copy_made(&entries, &err), IMG_ELIMIT, "10001");
    assert_int_equal(entries.gets, 0);
    struct maker nested = {.indexes = 3, .entries = 4000};
    assert_fails(copy_made(&nested, &err), IMG_ELIMIT, "more than 10001 manifests");
    struct maker fits = {.indexes = 2, .entries = 4999, .same_layers = true};
    assert_fails(copy_made(&fits, &err), IMG_ECANCELED, "interrupted");
    assert_int_equal(fits.gets, 2 * 4999);
}

/* Many manifests that reach the same blobs: the time must not be the product. */
static void many_references(void **state)
{
    (void)state;
    img_error err = {0};
    struct maker maker = {.entries = 400, .layers = 1000, .same_layers = true};
    assert_fails(copy_made(&maker, &err), IMG_ECANCELED, "interrupted");
    assert_int_equal(maker.gets, 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(shared_child),
        cmocka_unit_test(nothing_twice),
        cmocka_unit_test(there_already),
        cmocka_unit_test(store_with_holes),
        cmocka_unit_test(unknown_children),
        cmocka_unit_test(no_image),
        cmocka_unit_test(depth),
        cmocka_unit_test(platforms),
        cmocka_unit_test(no_platform),
        cmocka_unit_test(both_remote),
        cmocka_unit_test(referrers),
        cmocka_unit_test(failures),
        cmocka_unit_test(missing_content),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(two_sizes),
        cmocka_unit_test(config_limit),
        cmocka_unit_test(limits),
        cmocka_unit_test(many_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
