/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs: they come in complete and right or not at all, and go out only as they came in.
 */
#include "fixture.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/buf.h"

#define TEXT "some bytes of a layer"
#define SHA512_OF_ABC                                                                              \
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"                      \
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"

static char *blob_file(const struct fixture *f, const img_descriptor *descriptor)
{
    struct blob_path path;
    img_error err = {0};
    assert_ok(img__store_blob_path(&descriptor->digest, &path, &err));
    return img__store_join(f->path, path.text);
}

static int read_blob(img_store *store, const img_descriptor *descriptor, struct buf *out,
                     img_error *err)
{
    auto_(source) struct source *source = NULL;
    auto_(sink) struct sink *sink = NULL;
    int r = img__store_source(store, descriptor, &source, err);
    if (!r)
        r = img__sink_buf(out, "blob", &sink, err);
    return r ? r : img__io_copy(source, sink, err);
}

static void ingests(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor expected = describe(MEDIA_OCI_LAYER, TEXT);
    auto_(buf) struct buf text = BUF_INIT(4096);
    struct stat st;

    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    assert_string_equal(descriptor.digest.text, expected.digest.text);
    assert_int_equal(descriptor.size_bytes, strlen(TEXT));
    assert_true(img__store_has(f->store, &descriptor));
    assert_ok(read_blob(f->store, &descriptor, &text, &err));
    assert_string_equal(text.data, TEXT);

    auto_free char *file = blob_file(f, &descriptor);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
    assert_no_temporaries(f);
}

static void ingests_twice(void **state)
{
    struct fixture *f = *state;
    struct stat before, after;

    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    auto_free char *file = blob_file(f, &descriptor);
    assert_int_equal(stat(file, &before), 0);
    put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(count_blobs(f), 1);
    assert_no_temporaries(f);
}

static void dropped_ingest_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_digest digest = {""};
    uint64_t size = 0;
    struct sink *sink = NULL;

    assert_ok(img__store_ingest(f->store, &digest, &size, &sink, &err));
    assert_ok(img__sink_write(sink, TEXT, 4, &err));
    assert_int_equal(count_files(f->path, ".", IMG_FS_TEMPORARY), 1);
    img__sink_free(sink);
    assert_int_equal(count_blobs(f), 0);
    assert_no_temporaries(f);
}

static int accept_text(const struct fixture *f, const img_descriptor *descriptor, const char *text,
                       img_error *err)
{
    auto_(sink) struct sink *sink = NULL;
    int r = img__store_accept(f->store, descriptor, &sink, err);
    if (r)
        return r;
    assert_non_null(sink);
    r = img__sink_write(sink, text, strlen(text), err);
    return r ? r : img__sink_close(sink, err);
}

static void accepts_what_was_promised(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = describe(MEDIA_OCI_LAYER, TEXT);
    struct sink *sink = NULL;

    assert_false(img__store_has(f->store, &descriptor));
    assert_fails(accept_text(f, &descriptor, "some bytes of a lager", &err), IMG_EDIGEST, "digest");
    assert_fails(accept_text(f, &descriptor, "some bytes", &err), IMG_EDIGEST, "10 of 21");
    assert_fails(accept_text(f, &descriptor, TEXT "!", &err), IMG_EDIGEST, "larger");
    assert_int_equal(count_blobs(f), 0);
    assert_no_temporaries(f);

    assert_ok(accept_text(f, &descriptor, TEXT, &err));
    assert_true(img__store_has(f->store, &descriptor));
    sink = (struct sink *)(void *)f;
    assert_ok(img__store_accept(f->store, &descriptor, &sink, &err));
    assert_null(sink);
}

static void other_algorithms(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = {MEDIA_OCI_LAYER, {SHA512_OF_ABC}, 3, {"", "", "", ""}};
    auto_(buf) struct buf text = BUF_INIT(4096);

    assert_fails(read_blob(f->store, &descriptor, &text, &err), IMG_ENOTFOUND, "does not have");
    assert_non_null(strstr(err.message, "pull or build the image again"));
    assert_false(img__store_has(f->store, &descriptor));
    assert_ok(accept_text(f, &descriptor, "abc", &err));
    assert_true(img__store_has(f->store, &descriptor));
    assert_true(file_exists(f->path, "blobs/sha512"));
    assert_ok(read_blob(f->store, &descriptor, &text, &err));
    assert_string_equal(text.data, "abc");
}

static void a_wrong_size_is_replaced(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    auto_free char *file = blob_file(f, &descriptor);
    int fd = -1;

    assert_int_equal(truncate(file, 5), 0);
    assert_false(img__store_has(f->store, &descriptor));
    assert_fails(img_store_open_blob(f->store, &descriptor, &fd, &err), IMG_EDIGEST,
                 "has 5 bytes instead of 21");
    assert_non_null(strstr(err.message, file));
    assert_int_equal(fd, -1);
    put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    assert_true(img__store_has(f->store, &descriptor));
}

static void a_corrupt_blob_is_noticed(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    auto_free char *file = blob_file(f, &descriptor);
    auto_(buf) struct buf text = BUF_INIT(4096);

    int fd = open(file, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "X", 1, 3), 1);
    close(fd);
    assert_fails(read_blob(f->store, &descriptor, &text, &err), IMG_EDIGEST, file);
    assert_non_null(strstr(err.message, "pull the image with --verify"));
}

static void only_regular_files(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    auto_free char *file = blob_file(f, &descriptor);
    auto_free char *outside = img__store_join(f->parent, "outside");
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    int fd = -1;

    assert_int_equal(rename(file, outside), 0);
    assert_fails(img_store_open_blob(f->store, &descriptor, &fd, &err), IMG_ENOTFOUND,
                 descriptor.digest.text);
    assert_int_equal(symlink(outside, file), 0);
    assert_false(img__store_has(f->store, &descriptor));
    assert_fails(img_store_open_blob(f->store, &descriptor, &fd, &err), IMG_EFORMAT,
                 "is not a regular file");
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0644), 0);
    assert_fails(img_store_open_blob(f->store, &descriptor, &fd, &err), IMG_EFORMAT,
                 "is not a regular file");
    assert_int_equal(unlink(file), 0);

    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(symlink(f->parent, folder), 0);
    assert_fails(img_store_open_blob(f->store, &descriptor, &fd, &err), IMG_EFORMAT,
                 "sha256 is not a directory");
    assert_false(img__store_has(f->store, &descriptor));
    assert_fails(accept_text(f, &descriptor, TEXT, &err), IMG_EFORMAT, "is not a directory");
    assert_int_equal(count_files(f->path, ".", IMG_FS_TEMPORARY), 0);
}

/* A digest becomes a path: one that a caller made up must not lead anywhere. */
static void digests_are_checked(void **state)
{
    static const struct {
        const char *digest;
        int code;
    } rows[] = {
        {"sha256:../../../outside", IMG_EINVAL},
        {"../..:outside", IMG_EINVAL},
        {"", IMG_EINVAL},
        {"md5:900150983cd24fb0d6963f7d28e17f72", IMG_EUNSUPPORTED},
    };
    struct fixture *f = *state;
    write_file(f->parent, "outside", TEXT);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        img_error err = {0};
        img_descriptor descriptor = {.size_bytes = strlen(TEXT)};
        struct sink *sink = NULL;
        struct source *source = NULL;
        int fd = -1;
        snprintf(descriptor.digest.text, sizeof(descriptor.digest.text), "%s", rows[i].digest);
        assert_int_equal(img_store_open_blob(f->store, &descriptor, &fd, &err), rows[i].code);
        assert_int_equal(img__store_accept(f->store, &descriptor, &sink, &err), rows[i].code);
        assert_int_equal(img__store_source(f->store, &descriptor, &source, &err), rows[i].code);
        assert_false(img__store_has(f->store, &descriptor));
    }
}

static void sources_rewind(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    img_descriptor descriptor = put_blob(f->store, MEDIA_OCI_LAYER, TEXT);
    auto_(source) struct source *source = NULL;
    char text[64] = "";

    assert_ok(img__store_source(f->store, &descriptor, &source, &err));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(img__source_read_full(source, text, sizeof(text), &err), strlen(TEXT));
        assert_memory_equal(text, TEXT, strlen(TEXT));
        assert_ok(img__source_rewind(source, &err));
    }
}

static void documents(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    auto_(document) struct document made = DOCUMENT_INIT;
    auto_(document) struct document got = DOCUMENT_INIT;
    char *bytes = strdup("{\"schemaVersion\":2}");

    assert_ok(img__document_make(MEDIA_OCI_MANIFEST, bytes, strlen(bytes), &made, &err));
    assert_fails(img__store_get_document(f->store, &made.descriptor, 4096, &got, &err),
                 IMG_ENOTFOUND, made.descriptor.digest.text);
    assert_ok(img__store_put_document(f->store, &made, &err));
    assert_ok(img__store_put_document(f->store, &made, &err));
    assert_fails(img__store_get_document(f->store, &made.descriptor, 18, &got, &err), IMG_ELIMIT,
                 "more than the limit of 18");
    assert_null(got.bytes);
    assert_ok(img__store_get_document(f->store, &made.descriptor, 19, &got, &err));
    assert_string_equal(got.bytes, made.bytes);
    assert_int_equal(got.len, made.len);
    assert_string_equal(got.descriptor.media_type, MEDIA_OCI_MANIFEST);
    img__document_free(&got);

    auto_free char *file = blob_file(f, &made.descriptor);
    auto_free char *folder = img__store_join(f->path, "blobs/sha256");
    write_file(folder, strrchr(file, '/') + 1, "{\"schemaVersion\":3}");
    assert_fails(img__store_get_document(f->store, &made.descriptor, 4096, &got, &err), IMG_EDIGEST,
                 file);
}

/* A write that fails: by the limit on the size of files, since a full disk is not at hand. */
static void failed_write_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const pid_t child = fork();
    assert_true(child >= 0);

    if (child == 0) {
        const struct rlimit limit = {4096, 4096};
        auto_free char *data = calloc(1, 65536);
        img_error err = {0};
        img_digest digest;
        uint64_t size;
        struct sink *sink = NULL;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        int r = img__store_ingest(f->store, &digest, &size, &sink, &err);
        if (!r)
            r = img__sink_write(sink, data, 65536, &err);
        img__sink_free(sink);
        _exit(!(r == IMG_EIO && err.sys_errno == EFBIG && strstr(err.message, f->path)));
    }
    assert_child_ok(child);
    assert_int_equal(count_blobs(f), 0);
    assert_no_temporaries(f);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(ingests),
        CASE(ingests_twice),
        CASE(dropped_ingest_leaves_nothing),
        CASE(accepts_what_was_promised),
        CASE(other_algorithms),
        CASE(a_wrong_size_is_replaced),
        CASE(a_corrupt_blob_is_noticed),
        CASE(only_regular_files),
        CASE(digests_are_checked),
        CASE(sources_rewind),
        CASE(documents),
        CASE(failed_write_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
