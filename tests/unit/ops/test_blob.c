/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs and documents by the hand of the caller: nothing unverified gets in or out, and no name is
 * given to what is not whole.
 */
#include "store/fixture.h"

#include <libimg/blob.h>

IMG_AUTO_POINTER(test_writer, img_blob_writer, img_blob_writer_free)
IMG_AUTO_POINTER(test_lease, img_lease, img_lease_free)

static img_blob_writer *writer_new(struct fixture *f, const img_descriptor *promised)
{
    img_blob_writer *writer = NULL;
    img_error err = {0};
    assert_ok(img_blob_writer_new(f->store, promised, &writer, &err));
    return writer;
}

static void bring(struct fixture *f, const char *type, const char *text)
{
    img_descriptor promised = describe(type, text), out;
    auto_(test_writer) img_blob_writer *writer = writer_new(f, &promised);
    img_error err = {0};
    assert_ok(img_blob_writer_write(writer, text, strlen(text), &err));
    assert_ok(img_blob_writer_commit(writer, &out, &err));
    assert_memory_equal(&out, &promised, sizeof(out));
}

static void write_promised(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *first, *second, *said;
        int code;
    } rows[] = {
        {"hello ", "world", NULL, 0},
        {"", "hello world", NULL, 0},
        {"hello ", "worms", "the bytes have the digest", IMG_EDIGEST},
        {"hello ", "w", "ends after 7 of 11", IMG_EDIGEST},
        {"hello ", "world!", "larger than the promised 11", IMG_EDIGEST},
    };
    img_descriptor promised = describe(MEDIA_OCI_LAYER, "hello world");
    img_error err = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(test_writer) img_blob_writer *writer = writer_new(f, &promised);
        assert_ok(img_blob_writer_write(writer, rows[i].first, strlen(rows[i].first), &err));
        img_blob_writer_write(writer, rows[i].second, strlen(rows[i].second), &err);
        assert_int_equal(img_blob_writer_commit(writer, NULL, &err), rows[i].code);
        int rc = img_blob_writer_commit(writer, NULL, &err);
        if (rows[i].code) {
            assert_fails(rc, rows[i].code, rows[i].said);
            assert_fails(img_blob_writer_write(writer, "x", 1, &err), rows[i].code, rows[i].said);
        } else {
            assert_fails(rc, IMG_EINVAL, "committed once");
            assert_fails(img_blob_writer_write(writer, "x", 1, &err), IMG_EINVAL, "already");
        }
    }
    assert_int_equal(count_blobs(f), 1);
    assert_no_temporaries(f);
}

/* What is there stays, and what comes is checked all the same; unless what is there is broken. */
static void write_again(void **state)
{
    struct fixture *f = *state;
    img_descriptor blob = put_blob(f->store, MEDIA_OCI_LAYER, "hello world");
    img_error err = {0};
    bring(f, MEDIA_OCI_LAYER, "hello world");
    {
        auto_(test_writer) img_blob_writer *writer = writer_new(f, &blob);
        assert_ok(img_blob_writer_write(writer, "hello worms", 11, &err));
        assert_fails(img_blob_writer_commit(writer, NULL, &err), IMG_EDIGEST, "digest");
    }
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    write_file(folder, img__digest_hex(&blob.digest), "hello worms");
    bring(f, MEDIA_OCI_LAYER, "hello world");
    auto_free char *text = read_file(folder, img__digest_hex(&blob.digest));
    assert_string_equal(text, "hello world");
    assert_int_equal(count_blobs(f), 1);
}

static void write_unknown(void **state)
{
    struct fixture *f = *state;
    img_descriptor expected = describe("", "some bytes"), out, found;
    img_error err = {0};
    auto_(test_writer) img_blob_writer *writer = writer_new(f, NULL);
    assert_ok(img_blob_writer_write(writer, "some bytes", 10, &err));
    assert_fails(img_store_find_blob(f->store, expected.digest.text, &found, &err), IMG_ENOTFOUND,
                 "does not have the blob");
    assert_ok(img_blob_writer_commit(writer, &out, &err));
    assert_memory_equal(&out, &expected, sizeof(out));
    assert_ok(img_store_find_blob(f->store, expected.digest.text, &found, &err));
    assert_memory_equal(&found, &expected, sizeof(out));
    assert_fails(img_store_find_blob(f->store, "../../etc/passwd", &found, &err), IMG_EINVAL, "");
    img_descriptor wild = {.digest.text = "sha256:../../x"};
    img_blob_writer *none = NULL;
    assert_fails(img_blob_writer_new(f->store, &wild, &none, &err), IMG_EINVAL, "");
    assert_null(none);
}

/* A pipe, and bytes that go on where others ended. */
static void write_fd(void **state)
{
    struct fixture *f = *state;
    img_descriptor promised = describe(MEDIA_OCI_LAYER, "hello world");
    img_error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "world", 5), 5);
    close(ends[1]);
    auto_(test_writer) img_blob_writer *writer = writer_new(f, &promised);
    assert_ok(img_blob_writer_write(writer, "hello ", 6, &err));
    assert_ok(img_blob_writer_write_fd(writer, ends[0], &err));
    assert_ok(img_blob_writer_commit(writer, NULL, &err));
    assert_int_equal(fcntl(ends[0], F_GETFD) & FD_CLOEXEC, 0); /* still open */
    close(ends[0]);
    assert_fails(img_blob_writer_write_fd(writer, ends[0], &err), IMG_EINVAL, "already");
}

/* A blob of which nothing is known can't be told from its beginning by its digest. */
static void write_fd_broken(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_(test_writer) img_blob_writer *writer = writer_new(f, NULL);
    assert_ok(img_blob_writer_write(writer, "hello ", 6, &err));
    assert_fails(img_blob_writer_write_fd(writer, -1, &err), IMG_EIO, "cannot read the blob");
    assert_fails(img_blob_writer_write(writer, "world", 5, &err), IMG_EIO, "cannot read the blob");
    assert_fails(img_blob_writer_commit(writer, NULL, &err), IMG_EIO, "cannot read the blob");
}

static int collect(const void *data, size_t len, void *arg)
{
    struct buf *out = arg;
    img__buf_append(out, data, len);
    return out->len > 100;
}

static void read_back(void **state)
{
    struct fixture *f = *state;
    auto_(buf) struct buf out = BUF_INIT(1000);
    img_error err = {0};
    int ends[2];
    char text[64];
    img_descriptor blob = put_blob(f->store, MEDIA_OCI_LAYER, "hello world");
    assert_ok(img_store_read_blob(f->store, &blob, collect, &out, &err));
    assert_string_equal(out.data, "hello world");

    assert_int_equal(pipe(ends), 0);
    assert_ok(img_store_send_blob(f->store, &blob, ends[1], &err));
    assert_int_equal(read(ends[0], text, sizeof(text)), 11);
    assert_memory_equal(text, "hello world", 11);
    close(ends[0]); /* nobody reads any more: no signal ends this test */
    assert_fails(img_store_send_blob(f->store, &blob, ends[1], &err), IMG_EIO, "cannot write");
    assert_int_equal(err.sys_errno, EPIPE);
    close(ends[1]);

    memset(text, 'a', sizeof(text));
    for (int i = 0; i < 10; i++)
        img__buf_append(&out, text, sizeof(text));
    assert_fails(img_store_read_blob(f->store, &blob, collect, &out, &err), IMG_ECANCELED,
                 "interrupted");
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    write_file(folder, img__digest_hex(&blob.digest), "hello worms");
    img__buf_clear(&out);
    assert_fails(img_store_read_blob(f->store, &blob, collect, &out, &err), IMG_EDIGEST, "digest");
    assert_true(out.len < 11);
}

/* ---- documents ---- */

static void documents(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *type, *text, *digest, *said;
        int code;
    } rows[] = {
        {NULL, "", NULL, "", IMG_EFORMAT},
        {NULL, "[]", NULL, "not a JSON object", IMG_EFORMAT},
        {NULL, "{\"schemaVersion\":2}", NULL, "neither a manifest nor an index", IMG_EFORMAT},
        {NULL, "{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", NULL, "ambiguous",
         IMG_EFORMAT},
        {MEDIA_OCI_MANIFEST, "{\"schemaVersion\":2,\"manifests\":[]}", NULL, "", IMG_EFORMAT},
        {MEDIA_OCI_LAYER, "{\"schemaVersion\":2,\"manifests\":[]}", NULL, "neither",
         IMG_EUNSUPPORTED},
        {NULL, "{\"schemaVersion\":2,\"manifests\":[]}",
         "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
         "instead of sha256:44136fa355b3", IMG_EDIGEST},
        {NULL, "{\"schemaVersion\":2,\"manifests\":[]}", "nonsense", "", IMG_EINVAL},
        {NULL, "{\"schemaVersion\":2,\"manifests\":[]}", NULL, NULL, 0},
        {"application/json", "{\"schemaVersion\":2,\"manifests\":[]}",
         "sha512:61f4e73d7ab366abb9aaf0dc45e8ad1ebd2ddd4a08a4cb1dee7db3e78be6a4c94d0b1ef7ef3f1cd"
         "0dbe1c5b49a2dbdd0fc4d6c2f7ba49c1c8d24b07d5b0b6a5f",
         "instead of sha512", IMG_EDIGEST},
    };
    img_error err = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_descriptor out;
        int rc = img_store_put_document(f->store, rows[i].type, rows[i].text, strlen(rows[i].text),
                                        rows[i].digest, &out, &err);
        if (rows[i].code) {
            assert_fails(rc, rows[i].code, rows[i].said);
            continue;
        }
        assert_int_equal(rc, 0);
        img_descriptor expected = describe(MEDIA_OCI_INDEX, rows[i].text);
        assert_memory_equal(&out, &expected, sizeof(out));
    }
    assert_int_equal(count_blobs(f), 1);
    assert_fails(
        img_store_put_document(f->store, NULL, "", ((size_t)16 << 20) + 1, NULL, NULL, &err),
        IMG_ELIMIT, "more than");
}

/* ---- images ---- */

static int list_part(const img_descriptor *descriptor, int32_t kind, uint32_t present, void *arg)
{
    static const char *const kinds[] = {"?", "index", "manifest", "config", "layer"};
    img__buf_printf(arg, "%s%s %.3s;", present ? "" : "no ", kinds[kind],
                    img__digest_hex(&descriptor->digest));
    return ((struct buf *)arg)->len > 4000;
}

static void assert_parts(struct fixture *f, const img_descriptor *target,
                         const img_platform *platform, const char *format, ...)
{
    auto_(buf) struct buf parts = BUF_INIT(8000);
    char expected[1000];
    img_error err = {0};
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof(expected), format, args);
    va_end(args);
    assert_ok(img_store_parts(f->store, target, platform, list_part, &parts, &err));
    assert_string_equal(img__buf_text(&parts), expected);
}

static img_descriptor put_text(struct fixture *f, const char *text)
{
    img_descriptor out;
    img_error err = {0};
    assert_ok(img_store_put_document(f->store, NULL, text, strlen(text), NULL, &out, &err));
    return out;
}

/* An image of one layer that comes piece by piece. */
static void assemble(void **state)
{
    struct fixture *f = *state;
    static const char config_text[] =
        "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
        "\"diff_ids\":[\"sha256:0000000000000000000000000000000000000000000000000000000000000000\"]"
        "}}";
    img_descriptor config = describe(MEDIA_OCI_CONFIG, config_text);
    img_descriptor layer = describe(MEDIA_OCI_LAYER, "the layer");
    const char *c = img__digest_hex(&config.digest), *l = img__digest_hex(&layer.digest);
    const char *const names[] = {"app:1", "app:2", NULL}, *const bad[] = {"app:3", "A B", NULL};
    auto_free char *text = manifest_text(&config, &layer, NULL);
    auto_(test_lease) img_lease *lease = NULL;
    img_gc_result gc;
    img_error err = {0};

    assert_ok(img_lease_new(f->store, &lease, &err));
    img_descriptor target = put_text(f, text);
    const char *m = img__digest_hex(&target.digest);
    assert_ok(img_store_gc(f->store, &gc, &err));
    assert_int_equal(gc.busy, 1);
    assert_parts(f, &target, NULL, "no layer %.3s;no config %.3s;manifest %.3s;", l, c, m);
    assert_fails(img_store_name(f->store, &target, NULL, names, &err), IMG_ENOTFOUND,
                 "is missing (2 of 3 parts)");
    bring(f, MEDIA_OCI_LAYER, "the layer");
    assert_fails(img_store_name(f->store, &target, NULL, names, &err), IMG_ENOTFOUND, "config sha");
    bring(f, MEDIA_OCI_CONFIG, config_text);
    assert_parts(f, &target, NULL, "layer %.3s;config %.3s;manifest %.3s;", l, c, m);
    assert_fails(img_store_name(f->store, &target, NULL, bad, &err), IMG_EINVAL, "");
    assert_unknown(f->store, "app:3");
    assert_ok(img_store_name(f->store, &target, NULL, names, &err));
    assert_names(f->store, APP ":1", &target);
    assert_names(f->store, APP ":2", &target);
    img_lease_free(steal(lease));
    assert_ok(img_store_gc(f->store, &gc, &err));
    assert_int_equal(gc.busy + gc.blobs, 0);
}

static void not_there(void **state)
{
    struct fixture *f = *state;
    const char *const names[] = {"app:1", NULL};
    img_descriptor target = describe(MEDIA_OCI_MANIFEST, "whatever"), wild = target;
    img_error err = {0};
    assert_parts(f, &target, NULL, "no manifest %.3s;", img__digest_hex(&target.digest));
    assert_fails(img_store_name(f->store, &target, NULL, names, &err), IMG_ENOTFOUND, "(1 of 1");
    target = put_blob(f->store, MEDIA_OCI_MANIFEST, "{}");
    assert_fails(img_store_name(f->store, &target, NULL, names, &err), IMG_EFORMAT, "");
    target = put_blob(f->store, MEDIA_OCI_LAYER, "whatever");
    assert_fails(img_store_name(f->store, &target, NULL, names, &err), IMG_EUNSUPPORTED,
                 "no image");
    strcpy(wild.digest.text, "sha256:../..");
    assert_fails(img_store_name(f->store, &wild, NULL, names, &err), IMG_EINVAL, "");
    assert_fails(img_store_parts(f->store, &wild, NULL, list_part, NULL, &err), IMG_EINVAL, "");
}

/* Two platforms; the index comes first, and the store may be used while it is told. */
struct bringing {
    struct fixture *f;
    char *texts[2];
    int brought;
};

static int bring_manifest(const img_descriptor *descriptor, int32_t kind, uint32_t present,
                          void *arg)
{
    struct bringing *bringing = arg;
    if (kind != IMG_PART_MANIFEST || present)
        return 0;
    for (int i = 0; i < 2; i++) {
        img_descriptor of = describe(MEDIA_OCI_MANIFEST, bringing->texts[i]);
        if (img__digest_equal(&of.digest, &descriptor->digest)) {
            put_text(bringing->f, bringing->texts[i]);
            bringing->brought++;
        }
    }
    return 0;
}

static void indexes(void **state)
{
    struct fixture *f = *state;
    static const img_platform amd64 = {"linux", "amd64", "", ""}, other = {"linux", "mips", "", ""};
    const char *const names[] = {"app:1", NULL};
    struct bringing bringing = {.f = f};
    img_descriptor entries[2];
    char text[2000];
    img_error err = {0};
    for (int i = 0; i < 2; i++) {
        img_descriptor config = describe(MEDIA_OCI_CONFIG, i ? "{\"b\":1}" : "{\"a\":1}");
        img_descriptor layer = describe(MEDIA_OCI_LAYER, "shared");
        bringing.texts[i] = manifest_text(&config, &layer, NULL);
        entries[i] = describe(MEDIA_OCI_MANIFEST, bringing.texts[i]);
    }
    snprintf(text, sizeof(text),
             "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" MEDIA_OCI_MANIFEST
             "\",\"digest\":\"%s\",\"size\":%llu,\"platform\":{\"os\":\"linux\",\"architecture\":"
             "\"amd64\"}},{\"mediaType\":\"" MEDIA_OCI_MANIFEST
             "\",\"digest\":\"%s\",\"size\":%llu,\"platform\":{\"os\":\"linux\",\"architecture\":"
             "\"arm64\"}}]}",
             entries[0].digest.text, (unsigned long long)entries[0].size_bytes,
             entries[1].digest.text, (unsigned long long)entries[1].size_bytes);
    img_descriptor index = put_text(f, text);
    const char *i = img__digest_hex(&index.digest), *a = img__digest_hex(&entries[0].digest),
               *b = img__digest_hex(&entries[1].digest);
    assert_parts(f, &index, NULL, "no manifest %.3s;no manifest %.3s;index %.3s;", a, b, i);
    assert_parts(f, &index, &amd64, "no manifest %.3s;index %.3s;", a, i);
    assert_fails(img_store_parts(f->store, &index, &other, list_part, NULL, &err), IMG_ENOTFOUND,
                 "mips");
    assert_ok(img_store_parts(f->store, &index, NULL, bring_manifest, &bringing, &err));
    assert_int_equal(bringing.brought, 2);
    bring(f, MEDIA_OCI_LAYER, "shared");
    bring(f, MEDIA_OCI_CONFIG, "{\"a\":1}");
    assert_fails(img_store_name(f->store, &index, NULL, names, &err), IMG_ENOTFOUND, "(1 of 6");
    assert_ok(img_store_name(f->store, &index, &amd64, names, &err));
    assert_names(f->store, APP ":1", &index);
    free(bringing.texts[0]);
    free(bringing.texts[1]);
}

/* An index that reaches itself as often as it likes is read once; one too deep is refused. */
static void deep(void **state)
{
    struct fixture *f = *state;
    auto_(buf) struct buf parts = BUF_INIT(8000);
    img_error err = {0};
    img_descriptor entries[2] = {put_image(f->store, "a")};
    for (int i = 0; i < 8; i++) {
        entries[1] = entries[0];
        entries[0] = put_index(f->store, entries, 2);
    }
    assert_ok(img_store_parts(f->store, &entries[0], NULL, list_part, &parts, &err));
    assert_non_null(strstr(img__buf_text(&parts), "layer"));
    entries[0] = put_index(f->store, entries, 1);
    assert_fails(img_store_parts(f->store, &entries[0], NULL, list_part, &parts, &err), IMG_ELIMIT,
                 "nested");
    img_descriptor lies = put_image(f->store, "b");
    img_descriptor twice[2] = {lies, lies};
    twice[1].size_bytes++;
    entries[0] = put_index(f->store, twice, 2);
    assert_fails(img_store_parts(f->store, &entries[0], NULL, list_part, &parts, &err), IMG_EFORMAT,
                 "in another");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(write_promised, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(write_again, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(write_unknown, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(write_fd, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(write_fd_broken, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(read_back, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(documents, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(assemble, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(not_there, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(indexes, fixture_new, fixture_free),
        cmocka_unit_test_setup_teardown(deep, fixture_new, fixture_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
