/* SPDX-License-Identifier: Apache-2.0
 *
 * index.json: names are set, found, moved and removed in it whatever tool wrote it, many writers
 * lose nothing, and with ten thousand names it is not parsed as a whole.
 */
#include "fixture.h"

#include <time.h>

#include "store/names.h"

#define REF "\"org.opencontainers.image.ref.name\":"

static void assert_valid(const struct fixture *f, size_t entries)
{
    auto_free char *text = read_file(f->path, "index.json");
    auto_(json) struct json *json = NULL;
    img_error err = {0};
    assert_ok(img__json_parse("index.json", text, strlen(text), &json, &err));
    assert_int_equal(img__json_count(img__json_get(json, "manifests")), entries);
}

static int collect(const char *reference, const img_descriptor *descriptor, void *arg)
{
    struct buf *out = arg;
    img__buf_printf(out, "%s=%.12s\n", reference, img__digest_hex(&descriptor->digest));
    return 0;
}

static char *listing(img_store *store)
{
    struct buf out = BUF_INIT((size_t)16 << 20);
    img_error err = {0};
    assert_ok(img_store_list(store, collect, &out, &err));
    return img__buf_steal(&out);
}

static void sets_and_resolves(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");

    assert_unknown(f->store, "app:1.0");
    set_name(f->store, APP ":1.0", &a);
    assert_names(f->store, "app:1.0", &a);
    assert_names(f->store, "docker.io/library/app:1.0", &a);
    assert_names(f->store, "index.docker.io/app:1.0", &a);
    assert_unknown(f->store, "app");
    assert_unknown(f->store, "app:1");
    assert_unknown(f->store, "app:1.0.0");
    assert_unknown(f->store, "quay.io/library/app:1.0");

    set_name(f->store, APP ":1.0", &b);
    assert_names(f->store, "app:1.0", &b);
    assert_valid(f, 1);
    set_name(f->store, APP ":latest", &a);
    set_name(f->store, "a.example/x:1", &a);
    assert_names(f->store, "app", &a);
    assert_names(f->store, "app:1.0", &b);
    assert_valid(f, 3);
    assert_no_temporaries(f);
}

static void resolves_digests(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    char text[IMG_REFERENCE_TEXT_MAX];

    set_name(f->store, APP ":1.0", &a);
    snprintf(text, sizeof(text), "app@%s", a.digest.text);
    assert_names(f->store, text, &a);
    /* The digest decides, whatever the tag says. */
    snprintf(text, sizeof(text), "app:2.0@%s", a.digest.text);
    assert_names(f->store, text, &a);
    snprintf(text, sizeof(text), "other@%s", a.digest.text);
    assert_unknown(f->store, text);
    snprintf(text, sizeof(text), "app@%s", b.digest.text);
    assert_unknown(f->store, text);

    snprintf(text, sizeof(text), APP "@%s", b.digest.text);
    set_name(f->store, text, &b);
    assert_names(f->store, text, &b);
    snprintf(text, sizeof(text), "app:1.0@%s", b.digest.text);
    assert_names(f->store, text, &b);
}

static void keeps_platforms(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), found;

    a.platform = (img_platform){"linux", "arm", "v7", ""};
    set_name(f->store, APP ":1.0", &a);
    assert_ok(img_store_resolve(f->store, "app:1.0", &found, &err));
    assert_string_equal(found.platform.architecture, "arm");
    assert_string_equal(found.platform.variant, "v7");
}

static void refuses_names(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    img_descriptor absent = describe(MEDIA_OCI_MANIFEST, "{}"), found;
    char text[IMG_REFERENCE_TEXT_MAX];
    const char *names[] = {APP ":1", text, NULL};

    snprintf(text, sizeof(text), APP "@%s", b.digest.text);
    assert_fails(img__store_set_names(f->store, names, &a, &err), IMG_EINVAL, "cannot be the name");
    snprintf(text, sizeof(text), "App Name");
    assert_int_equal(img__store_set_names(f->store, names, &a, &err), IMG_EINVAL);
    names[1] = NULL;
    assert_fails(img__store_set_names(f->store, names, &absent, &err), IMG_ENOTFOUND,
                 absent.digest.text);
    assert_valid(f, 0);
    assert_int_equal(img_store_resolve(f->store, "App Name", &found, &err), IMG_EINVAL);
    assert_int_equal(img_store_resolve(f->store, "\xff\xfe", &found, &err), IMG_EINVAL);
    assert_int_equal(img_store_resolve(f->store, "", &found, &err), IMG_EINVAL);
}

static void tags(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    const char *const names[] = {"app", "localhost:5000/team/app:2", NULL};
    const char *const bad[] = {"fine", "not/Fine", NULL};
    const char *const none[] = {NULL};
    char text[IMG_REFERENCE_TEXT_MAX];
    const char *const digest[] = {text, NULL};

    set_name(f->store, APP ":1.0", &a);
    set_name(f->store, APP ":latest", &b);
    assert_ok(img_store_tag(f->store, "app:1.0", names, &err));
    assert_names(f->store, APP ":latest", &a);
    assert_names(f->store, "localhost:5000/team/app:2", &a);
    assert_valid(f, 3);

    assert_fails(img_store_tag(f->store, "app:3.0", names, &err), IMG_ENOTFOUND, APP ":3.0");
    assert_int_equal(img_store_tag(f->store, "app:1.0", bad, &err), IMG_EINVAL);
    assert_valid(f, 3);
    assert_ok(img_store_tag(f->store, "app:1.0", none, &err));
    assert_int_equal(img_store_tag(f->store, "app:3.0", none, &err), IMG_ENOTFOUND);
    snprintf(text, sizeof(text), "app@%s", b.digest.text);
    assert_int_equal(img_store_tag(f->store, "app:1.0", digest, &err), IMG_EINVAL);
    snprintf(text, sizeof(text), "app@%s", a.digest.text);
    assert_ok(img_store_tag(f->store, "app:1.0", digest, &err));
    assert_valid(f, 4);
}

static void untags(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a");
    const char *const some[] = {"app:2", "app:absent", NULL};
    const char *const two[] = {"app:2", "app:3", NULL};
    const char *const all[] = {"app:1", "app:4", NULL};

    for (int i = 1; i <= 4; i++) {
        char name[64];
        snprintf(name, sizeof(name), APP ":%d", i);
        set_name(f->store, name, &a);
    }
    assert_fails(img_store_untag(f->store, some, &err), IMG_ENOTFOUND, "app:absent");
    assert_valid(f, 4);
    assert_ok(img_store_untag(f->store, two, &err));
    assert_valid(f, 2);
    assert_unknown(f->store, "app:2");
    assert_names(f->store, "app:4", &a);
    assert_ok(img_store_untag(f->store, all, &err));
    assert_valid(f, 0);
    assert_fails(img_store_untag(f->store, all, &err), IMG_ENOTFOUND, "app:1");
    assert_true(img__store_has(f->store, &a));
    set_name(f->store, APP ":1", &a);
    assert_names(f->store, "app:1", &a);
}

static int stop(const char *reference, const img_descriptor *descriptor, void *arg)
{
    (void)reference, (void)descriptor;
    return ++*(int *)arg == 2;
}

static void lists_in_order(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a");
    static const char *const names[] = {"b.example/x:2", "a.example/x:10", "a.example/x:9",
                                        "b.example/x:1", "a.example/x-y:1"};
    int calls = 0;

    auto_free char *nothing = listing(f->store);
    assert_string_equal(nothing, "");
    for (size_t i = 0; i < 5; i++)
        set_name(f->store, names[i], &a);
    auto_free char *all = listing(f->store);
    char expected[512];
    const char *hex = img__digest_hex(&a.digest);
    snprintf(expected, sizeof(expected),
             "a.example/x-y:1=%.12s\na.example/x:10=%.12s\na.example/x:9=%.12s\n"
             "b.example/x:1=%.12s\nb.example/x:2=%.12s\n",
             hex, hex, hex, hex, hex);
    assert_string_equal(all, expected);
    assert_fails(img_store_list(f->store, stop, &calls, &err), IMG_ECANCELED, "");
    assert_int_equal(calls, 2);
}

/* An index as other tools write it: one line or indented, names that are no references, entries
 * without a name, fields that we do not know. */
static void write_foreign(const struct fixture *f, const img_descriptor *a, const img_descriptor *b,
                          bool indented)
{
    const char *gap = indented ? "\n      " : "";
    struct buf text = BUF_INIT(65536);
    img__buf_printf(&text, "{\"schemaVersion\":%s2,\"manifests\":%s[", gap, gap);
    img__buf_printf(&text,
                    "{\"mediaType\":\"%s\",%s\"digest\":\"%s\",%s\"size\":%llu,%s"
                    "\"annotations\":{" REF "%s\"latest\"}},%s",
                    a->media_type, gap, a->digest.text, gap, (unsigned long long)a->size_bytes, gap,
                    gap, gap);
    img__buf_printf(&text,
                    "{\"mediaType\":\"%s\",%s\"digest\":\"%s\",\"size\":%llu,\"urls\":[\"http:\\/\\"
                    "/x\"],%s\"annotations\":{" REF "\"My \\\"App\\\"\",\"z\":\"[1]\"}},%s",
                    b->media_type, gap, b->digest.text, (unsigned long long)b->size_bytes, gap,
                    gap);
    img__buf_printf(&text, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu}%s",
                    b->media_type, b->digest.text, (unsigned long long)b->size_bytes, gap);
    img__buf_printf(&text, "],%s\"annotations\":{\"k\":\"v\"},\"x\":[1,2]}%s", gap, gap);
    auto_free char *bytes = img__buf_steal(&text);
    assert_non_null(bytes);
    write_file(f->path, "index.json", bytes);
}

static void foreign_entries_survive(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    const char *const removed[] = {"My \"App\"", b.digest.text, NULL};

    for (int indented = 0; indented < 2; indented++) {
        write_foreign(f, &a, &b, indented);
        /* Before and after it was brought into our shape. */
        for (int round = 0; round < 2; round++) {
            assert_names(f->store, "latest", &a);
            assert_names(f->store, "My \"App\"", &b);
            assert_names(f->store, b.digest.text, &b);
            assert_unknown(f->store, "docker.io/library/latest");
            auto_free char *all = listing(f->store);
            assert_non_null(strstr(all, "latest="));
            assert_non_null(strstr(all, "My \"App\"="));
            assert_non_null(strstr(all, b.digest.text));
            set_name(f->store, APP ":1.0", &b);
            assert_names(f->store, "app:1.0", &b);
            assert_valid(f, 4);
        }
        auto_free char *text = read_file(f->path, "index.json");
        assert_non_null(
            strstr(text, "\"annotations\":{\"k\":\"v\"},\"x\":[1,2],\"manifests\":[\n"));
        assert_non_null(strstr(text, "\"urls\":[\"http://x\"]"));
        assert_non_null(strstr(text, "\"z\":\"[1]\""));
        assert_ok(img_store_untag(f->store, removed, &err));
        assert_valid(f, 2);
        assert_names(f->store, "latest", &a);
    }
}

/* What is as written by a tool that knows one line a descriptor, but with arrays in between. */
static void lines_that_are_no_entries(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    struct buf text = BUF_INIT(65536);

    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[\n");
    img__buf_printf(&text,
                    "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu,\"x\":[{\"a\":1},\n"
                    "{\"b\":2},\n{\"c\":3}],\"annotations\":{" REF "\"z:1\"}}\n]}\n",
                    a.media_type, a.digest.text, (unsigned long long)a.size_bytes);
    auto_free char *bytes = img__buf_steal(&text);
    write_file(f->path, "index.json", bytes);
    assert_names(f->store, "z:1", &a);
    set_name(f->store, APP ":1.0", &b);
    assert_valid(f, 2);
    assert_names(f->store, "z:1", &a);
    assert_names(f->store, "app:1.0", &b);
}

static void several_entries_in_a_line(void **state)
{
    static const char *const gaps[] = {",", " ,", ", ", ",\n", " ,\n", "\n,\n", "\r,\t"};
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");

    for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
        auto_(buf) struct buf text = BUF_INIT(65536);
        img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[\n");
        for (int j = 0; j < 4; j++)
            img__buf_printf(&text,
                            "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu,"
                            "\"annotations\":{" REF "\"" APP ":%d\"}}",
                            j ? gaps[i] : "", a.media_type, a.digest.text,
                            (unsigned long long)a.size_bytes, j);
        img__buf_puts(&text, "\n]}\n");
        write_file(f->path, "index.json", img__buf_text(&text));
        assert_names(f->store, "app:2", &a);
        set_name(f->store, APP ":2", &b);
        assert_valid(f, 4);
        assert_names(f->store, "app:1", &a);
        assert_names(f->store, "app:2", &b);
        assert_names(f->store, "app:3", &a);
    }
}

static void escapes_hide_no_name(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    struct buf text = BUF_INIT(65536);

    img__buf_printf(&text,
                    "{\"schemaVersion\":2,\"manifests\":[\n{\"mediaType\":\"%s\",\"digest\":\"%s\","
                    "\"size\":%llu,\"annotations\":{" REF
                    "\"docker.io\\/library\\/\\u0061pp:1.0\"}}\n]}\n",
                    a.media_type, a.digest.text, (unsigned long long)a.size_bytes);
    auto_free char *bytes = img__buf_steal(&text);
    write_file(f->path, "index.json", bytes);
    assert_names(f->store, "app:1.0", &a);
    set_name(f->store, APP ":1.0", &b);
    assert_valid(f, 1);
    assert_names(f->store, "app:1.0", &b);
}

/* An index of random shape: what stands between its tokens is mostly nothing or a line break, and
 * what is in its entries looks like more entries. */
struct shaper {
    struct buf text;
    unsigned seed;
};

static unsigned draw(struct shaper *shaper, unsigned below)
{
    return (unsigned)rand_r(&shaper->seed) % below;
}

static void token(struct shaper *shaper, const char *text)
{
    static const char *const gaps[] = {"", "", "", "", "\n", " ", "\t"};
    img__buf_puts(&shaper->text, text);
    img__buf_puts(&shaper->text, gaps[draw(shaper, sizeof(gaps) / sizeof(gaps[0]))]);
}

/* What ends a line in our shape. */
static void line_end(struct shaper *shaper, const char *text)
{
    img__buf_puts(&shaper->text, text);
    img__buf_puts(&shaper->text, draw(shaper, 4) ? "\n" : "");
}

static void shape_extra(struct shaper *shaper)
{
    static const char *const values[] = {
        "[{\"a\":1},\n{\"b\":2},\"c\"]",
        "{\"a\":1}",
        "[{\"a\":{\"b\":1},\n\"c\":2},\n{\"d\":3}]",
        "\"},{\"",
        "\"]}\"",
        "\"\\\"},\\n{\\\"\"",
        "{\"a\":{\"b\":1},\n\"c\":{}}",
        "{}",
        "1",
    };
    if (draw(shaper, 2))
        return;
    token(shaper, "\"x\"");
    token(shaper, ":");
    token(shaper, values[draw(shaper, sizeof(values) / sizeof(values[0]))]);
    token(shaper, ",");
}

static void shape_entry(struct shaper *shaper, const img_descriptor *image, int number, bool last)
{
    char text[512];
    img__buf_puts(&shaper->text, "{");
    shape_extra(shaper);
    snprintf(text, sizeof(text), "\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu",
             image->media_type, image->digest.text, (unsigned long long)image->size_bytes);
    token(shaper, text);
    token(shaper, ",\"annotations\":");
    img__buf_puts(&shaper->text, "{");
    shape_extra(shaper);
    snprintf(text, sizeof(text), REF "\"" APP ":%d\"", number);
    token(shaper, text);
    img__buf_puts(&shaper->text, draw(shaper, 8) ? "}}" : "} }");
    line_end(shaper, last ? "" : ",");
}

static void shapes_do_not_matter(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    size_t straight = 0;

    for (unsigned seed = 0; seed < 1000; seed++) {
        struct shaper shaper = {BUF_INIT(65536), seed};
        const int count = 1 + (int)draw(&shaper, 4);
        char name[64];
        img__buf_puts(&shaper.text, "{\"schemaVersion\":2,\"manifests\":[");
        line_end(&shaper, "");
        for (int i = 0; i < count; i++)
            shape_entry(&shaper, &a, i, i == count - 1);
        img__buf_puts(&shaper.text, draw(&shaper, 8) ? "]}" : "] }");
        line_end(&shaper, "");
        write_file(f->path, "index.json", img__buf_text(&shaper.text));
        straight += strstr(shaper.text.data, "manifests\":[\n{") != NULL;

        snprintf(name, sizeof(name), APP ":%d", count - 1);
        set_name(f->store, name, &b);
        set_name(f->store, APP ":new", &b);
        assert_valid(f, (size_t)count + 1);
        for (int i = 0; i < count; i++) {
            snprintf(name, sizeof(name), "app:%d", i);
            assert_names(f->store, name, i == count - 1 ? &b : &a);
        }
        assert_names(f->store, "app:new", &b);
        img__buf_free(&shaper.text);
    }
    assert_true(straight > 250);
}

static void the_first_of_several_counts(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    struct buf text = BUF_INIT(65536);

    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[");
    for (int i = 0; i < 3; i++)
        img__buf_printf(&text,
                        "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu,"
                        "\"annotations\":{" REF "\"" APP ":1.0\"}}",
                        i ? "," : "", a.media_type, (i ? &b : &a)->digest.text,
                        (unsigned long long)a.size_bytes);
    img__buf_puts(&text, "]}");
    auto_free char *bytes = img__buf_steal(&text);
    write_file(f->path, "index.json", bytes);
    assert_names(f->store, "app:1.0", &a);
    set_name(f->store, APP ":1.0", &b);
    assert_valid(f, 1);
    assert_names(f->store, "app:1.0", &b);
}

static void malformed_indexes(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"", IMG_EFORMAT, "index.json"},
        {"[]", IMG_EFORMAT, "index.json is not an object"},
        {"<html></html>", IMG_EFORMAT, "index.json"},
        {"{\"manifests\":[]}", IMG_EFORMAT, "schemaVersion"},
        {"{\"schemaVersion\":1,\"manifests\":[]}", IMG_EFORMAT, "schemaVersion is not 2"},
        {"{\"schemaVersion\":2,\"manifests\":{}}", IMG_EFORMAT, "manifests"},
        {"{\"schemaVersion\":2,\"manifests\":[1]}", IMG_EFORMAT, "not an object"},
        {"{\"schemaVersion\":2,\"manifests\":[{}]}", IMG_EFORMAT, "without a digest"},
        {"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", IMG_EFORMAT, "at once"},
        {"{\"schemaVersion\":2,\"mediaType\":\"x/y\",\"manifests\":[]}", IMG_EFORMAT, "mediaType"},
        {"{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}", IMG_EFORMAT, "manifests"},
        {"{\"schemaVersion\":2,\"manifests\":[]}}", IMG_EFORMAT, "index.json"},
        {"{\"schemaVersion\":2,\"manifests\":[\n", IMG_EFORMAT, "index.json"},
        {"{\"schemaVersion\":2,\"manifests\":[\n{\"digest\":\"x\" " REF "\"" APP ":1\"}\n]}\n",
         IMG_EFORMAT, "index.json"},
        {"{\"schemaVersion\":2,\"manifests\":[\n{\"digest\":\"x\",\"annotations\":{" REF "\"" APP
         ":1\"}}\n]}\n",
         IMG_EFORMAT, APP ":1"},
        {"{\"schemaVersion\":2,\"manifests\":null}", IMG_ENOTFOUND, "no image"},
        {"{\"schemaVersion\":2}", IMG_ENOTFOUND, "no image"},
        {"{\"schemaVersion\":2,\"manifests\":[\n]}\n", IMG_ENOTFOUND, "no image"},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        img_descriptor found;
        write_file(f->path, "index.json", rows[i].text);
        assert_fails(img_store_resolve(f->store, "app:1", &found, &err), rows[i].code,
                     rows[i].message);
    }
}

static void reading_writes_nothing(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a");
    auto_free char *lock = img__store_join(f->path, STORE_LOCK);
    int fd = -1;

    set_name(f->store, APP ":1", &a);
    assert_int_equal(unlink(lock), 0);
    const size_t before = count_files(f->path, ".", "");
    assert_names(f->store, "app:1", &a);
    auto_free char *all = listing(f->store);
    assert_non_null(strstr(all, APP ":1="));
    assert_ok(img_store_open_blob(f->store, &a, &fd, &err));
    close(fd);
    img_store *again = open_store(f->path);
    img_store_free(again);
    assert_int_equal(count_files(f->path, ".", ""), before);
}

#define WRITERS 16
#define EACH 8

static void writers_lose_nothing(void **state)
{
    struct fixture *f = *state;
    img_descriptor a = put_image(f->store, "a");
    pid_t children[WRITERS];

    for (int i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0)
            continue;
        img_error err = {0};
        img_store *store = open_store(f->path);
        int r = 0;
        for (int j = 0; !r && j < EACH; j++) {
            char name[64];
            const char *const names[] = {name, NULL};
            snprintf(name, sizeof(name), APP ":%d-%d", i, j);
            r = img__store_set_names(store, names, &a, &err);
        }
        img_store_free(store);
        _exit(r != 0);
    }
    for (int i = 0; i < WRITERS; i++)
        assert_child_ok(children[i]);
    assert_valid(f, WRITERS * EACH);
    for (int i = 0; i < WRITERS * EACH; i++) {
        char name[64];
        snprintf(name, sizeof(name), "app:%d-%d", i / EACH, i % EACH);
        assert_names(f->store, name, &a);
    }
}

#define MANY 10000

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t time_parse(const char *text)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        auto_(json) struct json *json = NULL;
        img_error err = {0};
        uint64_t start = now_ns();
        assert_ok(img__json_parse("index.json", text, strlen(text), &json, &err));
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    return best;
}

static uint64_t time_set(const struct fixture *f, const img_descriptor *descriptor)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        auto_(names) struct names names = NAMES_INIT;
        img_error err = {0};
        char name[64];
        snprintf(name, sizeof(name), APP ":new-%d", i);
        uint64_t start = now_ns();
        assert_ok(img__names_read(f->store, &names, &err));
        assert_ok(img__names_set(&names, name, descriptor, &err));
        uint64_t took = now_ns() - start;
        best = took < best ? took : best;
    }
    return best;
}

static void ten_thousand_names_are_not_parsed(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor a = put_image(f->store, "a"), b = put_image(f->store, "b");
    auto_(strv) struct strv all = STRV_INIT;
    char name[64];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), APP ":%05d", (i * 7919) % MANY);
        assert_ok(img__strv_add(&all, name, &err));
    }
    assert_ok(img__store_set_names(f->store, img__strv_list(&all), &a, &err));
    set_name(f->store, APP ":05000", &b);
    set_name(f->store, APP ":05000-x", &b);
    assert_names(f->store, "app:04999", &a);
    assert_names(f->store, "app:05000", &b);
    assert_names(f->store, "app:05000-x", &b);
    assert_valid(f, MANY + 1);

    auto_free char *text = read_file(f->path, "index.json");
    const uint64_t parse = time_parse(text), set = time_set(f, &b);
    if (set >= parse)
        fail_msg("to set a name takes %llu us, to parse all %llu us",
                 (unsigned long long)set / 1000, (unsigned long long)parse / 1000);
}

/* Each third entry has another label, before, between and behind those of one. */
static void a_label_that_many_have(void **state)
{
    struct fixture *f = *state;
    auto_(names) struct names names = NAMES_INIT;
    auto_(buf) struct buf text = BUF_INIT((size_t)64 << 20);
    img_descriptor a = put_image(f->store, "a");
    img_error err = {0};

    img__buf_puts(&text, "{\"schemaVersion\":2,\"manifests\":[\n");
    for (int i = 0; i < 3 * MANY + 1; i++)
        img__buf_printf(&text,
                        "%s{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu,"
                        "\"annotations\":{" REF "\"" APP ":%s%d\"}}",
                        i ? ",\n" : "", a.media_type, a.digest.text,
                        (unsigned long long)a.size_bytes, i % 3 ? "" : "other-", i % 3 ? 1 : i);
    img__buf_puts(&text, "\n]}\n");
    write_file(f->path, "index.json", text.data);

    const uint64_t parse = time_parse(text.data), start = now_ns();
    assert_ok(img__names_read(f->store, &names, &err));
    assert_ok(img__names_remove(&names, APP ":1", &err));
    const uint64_t took = now_ns() - start;
    if (took >= 10 * parse)
        fail_msg("to remove them takes %llu us, to parse all %llu us",
                 (unsigned long long)took / 1000, (unsigned long long)parse / 1000);
    assert_int_equal(img__names_remove(&names, APP ":1", &err), IMG_ENOTFOUND);
    assert_ok(img__names_write(f->store, &names, &err));
    assert_valid(f, MANY + 1);
    assert_names(f->store, "app:other-0", &a);
    assert_names(f->store, "app:other-15000", &a);
    assert_names(f->store, "app:other-30000", &a);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sets_and_resolves),
        CASE(resolves_digests),
        CASE(keeps_platforms),
        CASE(refuses_names),
        CASE(tags),
        CASE(untags),
        CASE(lists_in_order),
        CASE(foreign_entries_survive),
        CASE(lines_that_are_no_entries),
        CASE(several_entries_in_a_line),
        CASE(escapes_hide_no_name),
        CASE(shapes_do_not_matter),
        CASE(the_first_of_several_counts),
        CASE(malformed_indexes),
        CASE(reading_writes_nothing),
        CASE(writers_lose_nothing),
        CASE(ten_thousand_names_are_not_parsed),
        CASE(a_label_that_many_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
