/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of lists of referrers, and lists that change.
 */
#include "unit.h"

#include "core/artifact.h"
#include "core/digest.h"
#include "core/referrer.h"

#define HEX "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
#define D "sha256:" HEX
#define E "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DESCRIPTOR "{\"mediaType\":\"application/x\",\"digest\":\"" D "\",\"size\":2"
#define SUBJECT "\"subject\":" DESCRIPTOR "}"
#define CONFIG(type) "\"config\":{\"mediaType\":\"" type "\",\"digest\":\"" D "\",\"size\":2}"

static void make(const char *type, const char *text, struct document *out)
{
    img_error err;
    assert_ok(img__document_make(type, strdup(text), strlen(text), out, &err));
}

/* The entry of a manifest without the digest and size, which are checked; "" if it has none. */
static void entry_of(const char *type, const char *text, char *out, size_t size)
{
    img_error err;
    img_descriptor subject;
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(json) struct json *entry = NULL;
    auto_(referrer) struct referrer referrer = REFERRER_INIT;
    auto_(buf) struct buf shown = BUF_INIT(4096);
    make(type, text, &document);
    *out = '\0';
    assert_ok(img__referrer_entry(&document, &subject, &entry, &err));
    if (!entry)
        return;
    assert_string_equal(subject.digest.text, D);
    assert_ok(img__referrer_parse(entry, "x", &referrer, &err));
    assert_string_equal(referrer.descriptor.digest.text, document.descriptor.digest.text);
    assert_int_equal(referrer.descriptor.size_bytes, document.len);
    img__buf_puts(&shown, referrer.artifact_type);
    for (size_t i = 0; i < referrer.annotations.count; i++)
        img__buf_printf(&shown, " %s", referrer.annotations.items[i]);
    snprintf(out, size, "%s", img__buf_text(&shown));
}

static void entries(void **state)
{
    (void)state;
    static const struct {
        const char *type, *text, *expected;
    } rows[] = {
        {MEDIA_OCI_MANIFEST, "{\"schemaVersion\":2," CONFIG("application/c") ",\"layers\":[]}", ""},
        {MEDIA_OCI_MANIFEST,
         "{\"schemaVersion\":2," CONFIG("application/c") ",\"layers\":[]," SUBJECT "}",
         "application/c"},
        {MEDIA_OCI_MANIFEST,
         "{\"schemaVersion\":2,\"artifactType\":\"application/a\"," CONFIG(
             "application/c") ",\"layers\":[]," SUBJECT
                              ",\"annotations\":{\"b\":\"2\",\"a\":\"1=\"}}",
         "application/a a=1= b=2"},
        {MEDIA_OCI_INDEX,
         "{\"schemaVersion\":2,\"manifests\":[]," SUBJECT ",\"annotations\":{\"a\":\"\"}}", " a="},
        {MEDIA_OCI_INDEX,
         "{\"schemaVersion\":2,\"artifactType\":\"application/a\",\"manifests\":[]," SUBJECT "}",
         "application/a"},
        {"application/x", "{" SUBJECT "}", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char shown[4096];
        entry_of(rows[i].type, rows[i].text, shown, sizeof(shown));
        assert_string_equal(shown, rows[i].expected);
    }
}

static void bad_subjects(void **state)
{
    (void)state;
    static const char *const subjects[] = {"1", "{}",
                                           "{\"mediaType\":\"a/b\",\"digest\":\"" D "\"}",
                                           "{\"mediaType\":\"a/b\",\"digest\":\"x\",\"size\":1}"};
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        char text[1024];
        img_error err;
        img_descriptor subject;
        struct json *entry = NULL;
        auto_(document) struct document document = DOCUMENT_INIT;
        snprintf(text, sizeof(text),
                 "{\"schemaVersion\":2," CONFIG("a/c") ",\"layers\":[],\"subject\":%s}",
                 subjects[i]);
        make(MEDIA_OCI_MANIFEST, text, &document);
        assert_int_equal(img__referrer_entry(&document, &subject, &entry, &err), IMG_EFORMAT);
        assert_null(entry);
    }
}

/* What nobody could read in the list does not get there. */
static void bad_annotations(void **state)
{
    (void)state;
    static const char *const annotations[] = {"1", "[]", "{\"k\":true}", "{\"k\":{}}"};
    for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++) {
        char text[1024];
        img_error err;
        img_descriptor subject;
        struct json *entry = NULL;
        auto_(document) struct document document = DOCUMENT_INIT;
        snprintf(text, sizeof(text),
                 "{\"schemaVersion\":2," CONFIG("a/c") ",\"layers\":[]," SUBJECT
                                                       ",\"annotations\":%s}",
                 annotations[i]);
        make(MEDIA_OCI_MANIFEST, text, &document);
        assert_int_equal(img__referrer_entry(&document, &subject, &entry, &err), IMG_EFORMAT);
        assert_null(entry);
    }
}

/* list and entry as JSON, NULL for none; what comes of it, NULL for no change. */
static void changes(void **state)
{
    (void)state;
#define LIST(entries)                                                                              \
    "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[" entries "]}"
#define OTHER "{\"digest\":\"" E "\",\"x\":[1]}"
#define OWN DESCRIPTOR "}"
    static const struct {
        const char *list, *entry, *expected;
    } rows[] = {
        {NULL, OWN, LIST(OWN)},
        {LIST(""), OWN, LIST(OWN)},
        {LIST(OTHER), OWN, LIST(OTHER "," OWN)},
        {LIST(OWN), OWN, NULL},
        {LIST(OWN "," OTHER), OWN, NULL},
        {LIST(OWN "," OTHER), NULL, LIST(OTHER)},
        {LIST(OTHER "," OWN "," OWN), NULL, LIST(OTHER)},
        {LIST(OWN), NULL, LIST("")},
        {LIST(OTHER), NULL, NULL},
        {NULL, NULL, NULL},
        {"{\"annotations\":{\"a\":\"b\"},\"manifests\":[1,null]}", OWN,
         "{\"annotations\":{\"a\":\"b\"},\"manifests\":[1,null," OWN
         "],\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\"}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        auto_(json) struct json *list = NULL;
        auto_(json) struct json *entry = NULL;
        auto_(json) struct json *out = NULL;
        auto_(buf) struct buf text = BUF_INIT(4096);
        if (rows[i].list)
            assert_ok(img__json_parse("x", rows[i].list, strlen(rows[i].list), &list, &err));
        if (rows[i].entry)
            assert_ok(img__json_parse("x", rows[i].entry, strlen(rows[i].entry), &entry, &err));
        assert_ok(img__referrers_change(list, D, entry, &out, &err));
        if (out)
            img__json_write(out, &text);
        assert_string_equal(img__buf_text(&text), rows[i].expected ? rows[i].expected : "");
    }
}

static int count(const struct json *entry, void *arg, img_error *err)
{
    (void)entry;
    (void)err;
    ++*(size_t *)arg;
    return 0;
}

static void reads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t entries;
        int code;
    } rows[] = {
        {LIST(""), 0, 0},
        {LIST(OWN "," OTHER ",1"), 3, 0},
        {"{\"manifests\":[]}", 0, 0},
        {"{}", 0, IMG_EFORMAT},
        {"[]", 0, IMG_EFORMAT},
        {"{\"manifests\":{}}", 0, IMG_EFORMAT},
        {"{\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"manifests\":[]}", 0, IMG_EFORMAT},
        {"<html>", 0, IMG_EFORMAT},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err;
        size_t entries = 0;
        int code =
            img__referrers_read("x", rows[i].text, strlen(rows[i].text), count, &entries, &err);
        assert_int_equal(code, rows[i].code);
        assert_int_equal(entries, rows[i].entries);
    }
}

static void tags(void **state)
{
    (void)state;
    char tag[REFERRERS_TAG_MAX];
    img_digest digest = {D};
    img__referrers_tag(&digest, tag);
    assert_string_equal(tag, "sha256-" HEX);
    /* 128 digits are too many for a tag. */
    snprintf(digest.text, sizeof(digest.text), "sha512:%s%s", HEX, HEX);
    img__referrers_tag(&digest, tag);
    assert_string_equal(tag, "sha512-" HEX);
}

static void artifacts(void **state)
{
    (void)state;
    img_error err;
    img_descriptor empty, subject = {MEDIA_OCI_MANIFEST, {E}, 7, {"linux", "", "", ""}};
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(document) struct document none = DOCUMENT_INIT;
    auto_(strv) struct strv titles = STRV_INIT;
    const char *const annotations[] = {"b=2", "a=1", NULL};
    img__artifact_empty(&empty);
    img_digest digest;
    assert_ok(img__digest_of(ARTIFACT_EMPTY_BYTES, empty.size_bytes, &digest, &err));
    assert_string_equal(digest.text, empty.digest.text);
    assert_ok(img__strv_add(&titles, "org.opencontainers.image.title=x", &err));
    subject.platform.os[0] = '\0';
    struct artifact artifact = {"application/a", &empty, &titles, 1, &subject, annotations};
    assert_ok(img__artifact_make(&artifact, &document, &err));
    assert_string_equal(
        document.bytes,
        "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST
        "\",\"artifactType\":\"application/a\",\"config\":{\"mediaType\":\"" MEDIA_OCI_EMPTY
        "\",\"digest\":\"" D "\",\"size\":2},\"layers\":[{\"mediaType\":\"" MEDIA_OCI_EMPTY
        "\",\"digest\":\"" D "\",\"size\":2,\"annotations\":"
        "{\"org.opencontainers.image.title\":\"x\"}}],\"subject\":{\"mediaType\":"
        "\"" MEDIA_OCI_MANIFEST "\",\"digest\":\"" E
        "\",\"size\":7},\"annotations\":{\"a\":\"1\",\"b\":\"2\"}}");
    artifact.type = "no type";
    assert_int_equal(img__artifact_make(&artifact, &none, &err), IMG_EINVAL);
    assert_non_null(strstr(err.message, "media type"));
    const char *const bad[] = {"=1", NULL};
    artifact.type = "a/b";
    artifact.annotations = bad;
    assert_int_equal(img__artifact_make(&artifact, &none, &err), IMG_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),         cmocka_unit_test(bad_subjects),
        cmocka_unit_test(bad_annotations), cmocka_unit_test(changes),
        cmocka_unit_test(reads),           cmocka_unit_test(tags),
        cmocka_unit_test(artifacts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
