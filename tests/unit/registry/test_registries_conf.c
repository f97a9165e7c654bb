/* SPDX-License-Identifier: Apache-2.0
 *
 * registries.conf: which table is about a name and where it leads, which files are read, and what
 * is said of mistakes.
 */
#include "folder.h"

#include "registry/registries_conf.h"

static struct registries_conf *load(const char *text)
{
    struct registries_conf *conf = NULL;
    img_error err;
    put_file("registries.conf", text);
    assert_ok(img__registries_conf_load(in_folder("registries.conf"), &warned, &conf, &err));
    return conf;
}

static img_reference parse(const char *text)
{
    img_reference reference;
    img_error err;
    assert_ok(img_reference_parse(text, &reference, &err));
    return reference;
}

#define DIGEST "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

static void test_prefixes(void **state)
{
    static const char text[] = "[[registry]]\nlocation = \"a.example\"\n"
                               "[[registry]]\nlocation = \"a.example/team\"\n"
                               "[[registry]]\nprefix = \"a.example/team/app:2\"\nblocked = true\n"
                               "location = \"a.example/team/app\"\n"
                               "[[registry]]\nlocation = \"A.example:443/Case\"\n"
                               "[[registry]]\nprefix = \"*.wild.example\"\n"
                               "[[registry]]\nlocation = \"b.example:5000\"\n"
                               "[[registry]]\nlocation = \"docker.io/library\"\n";
    static const struct {
        const char *reference, *prefix; /* NULL: none */
    } rows[] = {
        {"a.example/x", "a.example"},
        {"a.example/team/app", "a.example/team"},
        {"a.example/team", "a.example/team"},
        {"a.example/team:2", "a.example/team"},
        {"a.example/teams", "a.example"},
        {"a.example/team/app:2", "a.example/team/app:2"},
        {"a.example/team/app:22", "a.example/team"},
        {"a.example:443/team/x", "a.example/team"},
        {"A.EXAMPLE/x", "a.example"},
        {"a.example:5000/x", NULL},
        {"b.example:5000/x@" DIGEST, "b.example:5000"},
        {"b.example/x", NULL},
        {"x.wild.example/a", "*.wild.example"},
        {"x.y.wild.example:5000/a", "*.wild.example"},
        {"wild.example/a", NULL},
        {"x.wild.example.org/a", NULL},
        {"c.example/x.wild.example/a", NULL},
        {"debian", "docker.io/library"},
        {"team/debian", NULL},
    };
    (void)state;
    struct registries_conf *conf = load(text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const img_reference reference = parse(rows[i].reference);
        const struct conf_registry *found = img__registries_conf_find(conf, &reference);
        const char *prefix = found ? found->prefix : "nothing";
        if (strcmp(prefix, rows[i].prefix ? rows[i].prefix : "nothing") != 0)
            fail_msg("%s: %s instead of %s", rows[i].reference, prefix, rows[i].prefix);
    }
    assert_string_equal(warnings, "");
    img__registries_conf_free(conf);
}

static void test_rewriting(void **state)
{
    static const char text[] =
        "[[registry]]\nprefix = \"a.example/foo\"\nlocation = \"b.example/bar\"\n"
        "[[registry.mirror]]\nlocation = \"m.example:5000\"\n"
        "[[registry.mirror]]\nlocation = \"docker.io\"\n"
        "[[registry]]\nprefix = \"*.w.example\"\n"
        "[[registry.mirror]]\nlocation = \"m.example/w\"\n";
    static const struct {
        const char *reference;
        int mirror; /* -1: the origin */
        const char *there;
    } rows[] = {
        {"a.example/foo/img:tag", -1, "b.example/bar/img:tag"},
        {"a.example/foo:tag", -1, "b.example/bar:tag"},
        {"a.example/foo/img@" DIGEST, 0, "m.example:5000/img@" DIGEST},
        {"a.example/foo/x/y:tag", 1, "docker.io/x/y:tag"},
        {"x.w.example:99/a/b:t", -1, "x.w.example:99/a/b:t"},
        {"x.w.example/a/b:t", 0, "m.example/w/a/b:t"},
    };
    (void)state;
    struct registries_conf *conf = load(text);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char there[IMG_REFERENCE_TEXT_MAX];
        img_error err;
        const img_reference reference = parse(rows[i].reference);
        img_reference out;
        const struct conf_registry *found = img__registries_conf_find(conf, &reference);
        assert_non_null(found);
        const struct conf_endpoint *end =
            rows[i].mirror < 0 ? &found->own : &found->mirrors[rows[i].mirror];
        assert_ok(img__registries_conf_rewrite(found, end, &reference, &out, &err));
        img_reference_format(&out, there);
        assert_string_equal(there, rows[i].there);
    }
    /* A mirror without a path, for a prefix that covers all of the name, has no repository. */
    const img_reference whole = parse("a.example/foo:tag");
    img_reference out;
    img_error err;
    const struct conf_registry *found = img__registries_conf_find(conf, &whole);
    assert_fails(img__registries_conf_rewrite(found, &found->mirrors[0], &whole, &out, &err),
                 IMG_EINVAL, "registries.conf:4: \"m.example:5000\" is no repository");
    img__registries_conf_free(conf);
}

/* Locations may have tags, as prefixes may: those of a whole name. */
static void test_locations_with_tags(void **state)
{
    img_reference out;
    img_error err;
    (void)state;
    struct registries_conf *conf = load("[[registry]]\nlocation = \"a.example/b:1\"\n"
                                        "[[registry]]\nprefix = \"c.example\"\n"
                                        "location = \"d.example/e:1\"\n");
    const img_reference whole = parse("a.example/b:1"), part = parse("c.example/f:2");
    const struct conf_registry *found = img__registries_conf_find(conf, &whole);
    assert_non_null(found);
    assert_ok(img__registries_conf_rewrite(found, &found->own, &whole, &out, &err));
    assert_string_equal(out.path, "b");
    assert_string_equal(out.tag, "1");
    found = img__registries_conf_find(conf, &part);
    assert_fails(img__registries_conf_rewrite(found, &found->own, &part, &out, &err), IMG_EINVAL,
                 "registries.conf:3: ");
    img__registries_conf_free(conf);
}

static void test_settings(void **state)
{
    static const char text[] =
        "unqualified-search-registries = [\"docker.io\", \"quay.io\"]\nshort-name-mode = "
        "\"disabled\"\n"
        "[[registry]]\nlocation = \"a.example\"\ninsecure = true\n"
        "[[registry.mirror]]\nlocation = \"m1\"\n"
        "[[registry.mirror]]\nlocation = \"m2\"\npull-from-mirror = \"digest-only\"\ninsecure = "
        "true\n"
        "[[registry.mirror]]\nlocation = \"m3\"\npull-from-mirror = \"tag-only\"\n"
        "[[registry]]\nlocation = \"b.example\"\nblocked = true\nmirror-by-digest-only = true\n"
        "[[registry.mirror]]\nlocation = \"m4\"\n"
        "[aliases]\n\"one\" = \"a.example/one\"\n";
    (void)state;
    struct registries_conf *conf = load(text);
    assert_int_equal(conf->count, 2);
    const struct conf_registry *a = &conf->registries[0], *b = &conf->registries[1];
    assert_true(a->own.insecure && !a->blocked && a->mirror_count == 3);
    assert_true(a->mirrors[0].by_tag && a->mirrors[0].by_digest && !a->mirrors[0].insecure);
    assert_true(!a->mirrors[1].by_tag && a->mirrors[1].by_digest && a->mirrors[1].insecure);
    assert_true(a->mirrors[2].by_tag && !a->mirrors[2].by_digest);
    assert_true(!b->own.insecure && b->blocked && b->mirror_count == 1);
    assert_true(!b->mirrors[0].by_tag && b->mirrors[0].by_digest);
    assert_string_equal(a->mirrors[1].where + strlen(folder), "/registries.conf:8");
    assert_int_equal(conf->search.count, 2);
    assert_string_equal(conf->search.items[1], "quay.io");
    assert_string_equal(img__registries_conf_alias(conf, "one")->value, "a.example/one");
    assert_null(img__registries_conf_alias(conf, "two"));
    assert_string_equal(warnings, "");
    img__registries_conf_free(conf);
}

static void test_mistakes(void **state)
{
    static const struct {
        const char *text;
        int code;
        const char *message;
    } rows[] = {
        {"[[registry]]\nlocation = 1\n", IMG_EFORMAT,
         ".conf:2: \"location\" must be a string, not"},
        {"[[registry]]\nlocation = \"https://a\"\n", IMG_EFORMAT, "without http:// or https://"},
        {"[[registry]]\nlocation = \"a b\"\n", IMG_EFORMAT, ".conf:2: \"location\" must be \"host"},
        {"[[registry]]\nprefix = \"a\"\n", IMG_EFORMAT, ".conf:1: a registry has no location"},
        {"[[registry]]\nlocation = \"*.a\"\n", IMG_EFORMAT, ":2: \"location\" must be"},
        {"[[registry]]\nprefix = \"*.a/b\"\n", IMG_EFORMAT, ":2: \"prefix\" must be"},
        {"[[registry]]\nprefix = \"a.*.b\"\n", IMG_EFORMAT, ":2: \"prefix\" must be"},
        {"[[registry]]\nlocation = \"a\"\nblocked = \"yes\"\n", IMG_EFORMAT,
         ":3: \"blocked\" must be"},
        {"[[registry]]\nlocation = \"a\"\n[[registry.mirror]]\n", IMG_EFORMAT,
         ":3: a mirror has no"},
        {"[[registry]]\nlocation = \"a\"\n[[registry.mirror]]\nlocation=\"b\"\n"
         "pull-from-mirror=\"some\"\n",
         IMG_EFORMAT, ":5: \"pull-from-mirror\" must be all, digest-only or tag-only"},
        {"[[registry]]\nlocation = \"a\"\nmirror-by-digest-only = true\n[[registry.mirror]]\n"
         "location=\"b\"\npull-from-mirror=\"all\"\n",
         IMG_EFORMAT, ":6: \"pull-from-mirror\" must be left out"},
        {"[[registry]]\nlocation = \"a\"\npull-from-mirror=\"all\"\n", IMG_EFORMAT,
         ":3: \"pull-from"},
        {"[registry]\nlocation = \"a\"\n", IMG_EFORMAT, ":1: \"registry\" must be an array, not"},
        {"registry = [1]\n", IMG_EFORMAT, ":1: \"registry\" must be an array of tables"},
        {"unqualified-search-registries = [\"a/b\"]\n", IMG_EFORMAT, ":1: \"unqualified-search"},
        {"[registries.search]\nregistries = []\n", IMG_EUNSUPPORTED, "version 1 of the format"},
        {"[aliases]\na = 1\n", IMG_EFORMAT, ":2: \"a\" must be a string"},
        {"[[registry]\n", IMG_EFORMAT, "registries.conf:1: ]] is due"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct registries_conf *conf = NULL;
        img_error err;
        put_file("registries.conf", rows[i].text);
        assert_fails(img__registries_conf_load(in_folder("registries.conf"), &warned, &conf, &err),
                     rows[i].code, rows[i].message);
        assert_null(conf);
    }
}

static void test_unknown_keys(void **state)
{
    (void)state;
    struct registries_conf *conf =
        load("future = 1\n[[registry]]\nlocation = \"a\"\ncolour = \"red\"\n"
             "[[registry.mirror]]\nlocation = \"b\"\nspeed = 3\n[[registry]]\nlocation = \"a\"\n");
    assert_int_equal(conf->count, 1);
    assert_non_null(strstr(warnings, "registries.conf:1: \"future\" is not known and ignored\n"));
    assert_non_null(strstr(warnings, "registries.conf:4: \"colour\" is not known and ignored\n"));
    assert_non_null(strstr(warnings, "registries.conf:7: \"speed\" is not known and ignored\n"));
    assert_non_null(strstr(warnings, "registries.conf:8: \"a\" has a table already"));
    img__registries_conf_free(conf);
}

static void test_files(void **state)
{
    struct registries_conf *conf = NULL;
    img_error err;
    (void)state;
    put_file("home/.config/containers/registries.conf",
             "[[registry]]\nlocation = \"user\"\n[[registry]]\nlocation = \"both\"\n"
             "[aliases]\none = \"user/one\"\ntwo = \"user/two\"\n");
    put_file("home/.config/containers/registries.conf.d/20.conf",
             "[[registry]]\nprefix = \"both\"\nlocation = \"twenty\"\n[aliases]\ntwo = \"\"\n");
    put_file("home/.config/containers/registries.conf.d/10.conf",
             "[[registry]]\nprefix = \"both\"\nlocation = \"ten\"\n");
    put_file("home/.config/containers/registries.conf.d/30.txt", "what?");
    assert_ok(img__registries_conf_load(NULL, &warned, &conf, &err));
    assert_int_equal(conf->files.count, 3);
    assert_int_equal(conf->count, 2);
    const img_reference both = parse("both:1/x"), other = parse("both.example/x");
    assert_null(img__registries_conf_find(conf, &both));
    assert_null(img__registries_conf_find(conf, &other));
    assert_string_equal(conf->registries[1].own.location, "twenty");
    assert_string_equal(img__registries_conf_alias(conf, "two")->value, "");
    img__registries_conf_free(conf);

    put_file("named.conf", "[[registry]]\nlocation = \"named\"\n");
    setenv("CONTAINERS_REGISTRIES_CONF", in_folder("named.conf"), 1);
    assert_ok(img__registries_conf_load(NULL, &warned, &conf, &err));
    assert_int_equal(conf->files.count, 1);
    assert_string_equal(conf->registries[0].prefix, "named");
    img__registries_conf_free(conf);

    setenv("CONTAINERS_REGISTRIES_CONF", in_folder("gone.conf"), 1);
    conf = NULL;
    assert_fails(img__registries_conf_load(NULL, &warned, &conf, &err), IMG_ENOTFOUND, "gone.conf");
    assert_null(conf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(test_prefixes),
        folder_test(test_rewriting),
        folder_test(test_locations_with_tags),
        folder_test(test_settings),
        folder_test(test_mistakes),
        folder_test(test_unknown_keys),
        folder_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
