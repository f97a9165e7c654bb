/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written into an archive comes out of it, under its name, and what fails leaves nothing.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/fs.h"

static void write_one(const char *path, enum archive_format format, const char *name,
                      const struct image *image)
{
    img_error err = {0};
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer(path, format, name, &to, &err), 0);
    assert_true(to->serial);
    assert_int_equal(image_put(to, image, &err), 0);
}

static void expect_image(const char *path, const char *name, const struct image *image)
{
    img_error err = {0};
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(document) struct document top = DOCUMENT_INIT;
    assert_int_equal(img__archive_reader(path, name, &from, &err), 0);
    assert_int_equal(from->ops->resolve(from, &top, &err), 0);
    assert_string_equal(top.descriptor.digest.text, image->manifest.descriptor.digest.text);
    assert_memory_equal(top.bytes, image->manifest.bytes, top.len);
    auto_free char *layer = read_blob(from, &image->layer_blob, &err);
    auto_free char *config = read_blob(from, &image->config_blob, &err);
    assert_string_equal(layer, image->layer);
    assert_string_equal(config, image->config);
}

static void test_both_formats(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    image_make(&image, "a layer");
    for (int format = ARCHIVE_OCI; format <= ARCHIVE_DOCKER; format++) {
        write_one(folder->file, (enum archive_format)format, "app:1", &image);
        expect_image(folder->file, NULL, &image);
        expect_image(folder->file, "app:1", &image);
        expect_image(folder->file, "docker.io/library/app:1", &image);
        expect_image(folder->file, "@0", &image);
        expect_image(folder->file, image.manifest.descriptor.digest.text, &image);
    }
    img__document_free(&image.manifest);
}

static void slurp(const char *path, struct buf *out)
{
    assert_int_equal(img__fs_read(AT_FDCWD, path, out, NULL), 0);
}

static void test_same_bytes(void **state)
{
    const struct folder *folder = *state;
    auto_(buf) struct buf first = BUF_INIT(1 << 20);
    auto_(buf) struct buf second = BUF_INIT(1 << 20);
    struct image image;
    image_make(&image, "a layer");
    write_one(folder->file, ARCHIVE_DOCKER, "app:1", &image);
    slurp(folder->file, &first);
    write_one(folder->file, ARCHIVE_DOCKER, "app:1", &image);
    slurp(folder->file, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.data, second.data, first.len);
    assert_int_equal(first.len % 512, 0);
    img__document_free(&image.manifest);
}

/* A tag alone is no reference, whatever it would be taken for. */
static void test_tag_alone(void **state)
{
    const struct folder *folder = *state;
    auto_(buf) struct buf text = BUF_INIT(1 << 20);
    struct image image;
    image_make(&image, "a layer");
    write_one(folder->file, ARCHIVE_OCI, "latest", &image);
    expect_image(folder->file, "latest", &image);
    slurp(folder->file, &text);
    assert_null(memmem(text.data, text.len, "containerd", 10));
    write_one(folder->file, ARCHIVE_OCI, "app:1", &image);
    img__buf_clear(&text);
    slurp(folder->file, &text);
    assert_non_null(memmem(text.data, text.len, "docker.io/library/app:1", 23));
    img__document_free(&image.manifest);
}

static void test_several(void **state)
{
    const struct folder *folder = *state;
    const struct archive_file file = {.path = folder->file};
    static const char *const names[2][3] = {{"a:1", "a:2", NULL}, {"b:1", NULL}};
    struct image images[2];
    img_error err = {0};
    image_make(&images[0], "a layer");
    image_make(&images[1], "another layer");
    auto_(archive_writer) struct archive_writer *writer = NULL;
    assert_int_equal(img__archive_writer_open(&file, ARCHIVE_DOCKER, &writer, &err), 0);
    for (int i = 0; i < 2; i++) {
        auto_(endpoint) struct endpoint *to = NULL;
        assert_int_equal(img__archive_writer_endpoint(writer, names[i], &to, &err), 0);
        assert_int_equal(image_put(to, &images[i], &err), 0);
        assert_int_equal(access(folder->file, F_OK), -1); /* not before it is whole */
    }
    assert_int_equal(img__archive_writer_commit(writer, &err), 0);

    expect_image(folder->file, "a:2", &images[0]);
    expect_image(folder->file, "b:1", &images[1]);
    expect_image(folder->file, "@1", &images[1]);
    struct endpoint *from = NULL;
    assert_int_equal(img__archive_reader(folder->file, NULL, &from, &err), IMG_ENOTFOUND);
    assert_non_null(strstr(err.message, "docker.io/library/a:1 (@0), docker.io/library/b:1 (@1)"));
    assert_int_equal(img__archive_reader(folder->file, "c", &from, &err), IMG_ENOTFOUND);
    assert_non_null(strstr(err.message, "no image is called 'c'"));
    assert_int_equal(img__archive_reader(folder->file, "@2", &from, &err), IMG_ENOTFOUND);
    for (int i = 0; i < 2; i++)
        img__document_free(&images[i].manifest);
}

/* ---- failures ---- */

static void test_nothing_left(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    img_error err = {0};
    image_make(&image, "a layer");
    write_one(folder->file, ARCHIVE_OCI, "old:1", &image);
    {
        auto_(endpoint) struct endpoint *to = NULL;
        assert_int_equal(img__archive_writer(folder->file, ARCHIVE_OCI, "new:1", &to, &err), 0);
        assert_int_equal(put_blob(to, &image.layer_blob, image.layer, &err), 0);
    }
    expect_image(folder->file, "old:1", &image);
    img__document_free(&image.manifest);
} /* and the folder can be removed */

/* A blob that breaks off can be written again. */
static void test_again(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    img_error err = {0};
    image_make(&image, "a layer");
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer(folder->file, ARCHIVE_OCI, "a", &to, &err), 0);
    assert_int_equal(put_blob(to, &image.layer_blob, "b layer", &err), IMG_EDIGEST);
    assert_int_equal(put_blob(to, &image.layer_blob, "a lay", &err), IMG_EDIGEST);
    assert_int_equal(put_blob(to, &image.layer_blob, "a layer and more", &err), IMG_EDIGEST);
    assert_int_equal(image_put(to, &image, &err), 0);
    expect_image(folder->file, "a", &image);
    img__document_free(&image.manifest);
}

static void test_pipe(void **state)
{
    struct image image;
    img_error err = {0};
    int ends[2];
    (void)state;
    image_make(&image, "a layer");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct archive_file out = {.fd = ends[1]}, in = {.fd = ends[0]};
    auto_(archive_writer) struct archive_writer *writer = NULL;
    assert_int_equal(img__archive_writer_open(&out, ARCHIVE_DOCKER, &writer, &err), 0);
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer_endpoint(writer, (const char *[]){"x", NULL}, &to, &err),
                     0);
    /* What fails before its first byte leaves no trace. */
    struct sink *sink = NULL;
    assert_int_equal(to->ops->open_sink(to, &image.layer_blob, &sink, &err), 0);
    img__sink_free(sink);
    assert_int_equal(image_put(to, &image, &err), 0);
    assert_int_equal(img__archive_writer_commit(writer, &err), 0);
    close(ends[1]);
    img__archive_writer_free(steal(writer));

    auto_(archive_reader) struct archive_reader *reader = NULL;
    assert_int_equal(img__archive_reader_open(&in, &reader, &err), 0);
    assert_int_equal(img__archive_reader_count(reader), 1);
    assert_string_equal(img__archive_reader_names(reader, 0)->items[0],
                        "docker.io/library/x:latest");
    close(ends[0]);
    img__document_free(&image.manifest);
}

/* A blob that breaks off in a pipe can't be taken back, and neither can it be hidden. */
static void test_pipe_broken(void **state)
{
    struct image image;
    img_error err = {0};
    int ends[2];
    (void)state;
    image_make(&image, "a layer");
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const struct archive_file out = {.fd = ends[1]};
    auto_(archive_writer) struct archive_writer *writer = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer_open(&out, ARCHIVE_OCI, &writer, &err), 0);
    assert_int_equal(img__archive_writer_endpoint(writer, (const char *[]){NULL}, &to, &err), 0);
    assert_int_equal(put_blob(to, &image.layer_blob, "b layer", &err), IMG_EDIGEST);
    assert_int_equal(put_blob(to, &image.layer_blob, image.layer, &err), IMG_EIO);
    assert_int_equal(img__archive_writer_commit(writer, &err), IMG_EIO);
    close(ends[0]);
    close(ends[1]);
    img__document_free(&image.manifest);
}

/* Nobody reads: an error, and no signal. */
static void test_no_reader(void **state)
{
    struct image image;
    img_error err = {0};
    int ends[2];
    (void)state;
    image_make(&image, "a layer");
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    const struct archive_file out = {.fd = ends[1]};
    auto_(archive_writer) struct archive_writer *writer = NULL;
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer_open(&out, ARCHIVE_OCI, &writer, &err), 0);
    assert_int_equal(img__archive_writer_endpoint(writer, (const char *[]){NULL}, &to, &err), 0);
    assert_int_equal(put_blob(to, &image.layer_blob, image.layer, &err), IMG_EIO);
    assert_int_equal(err.sys_errno, EPIPE);
    close(ends[1]);
    img__document_free(&image.manifest);
}

static void test_one_at_a_time(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    img_error err = {0};
    image_make(&image, "a layer");
    auto_(endpoint) struct endpoint *to = NULL;
    auto_(sink) struct sink *first = NULL;
    struct sink *second = NULL;
    assert_int_equal(img__archive_writer(folder->file, ARCHIVE_OCI, "a", &to, &err), 0);
    assert_int_equal(to->ops->open_sink(to, &image.layer_blob, &first, &err), 0);
    assert_int_equal(to->ops->open_sink(to, &image.config_blob, &second, &err), IMG_EFAIL);
    img__sink_free(steal(first));
    img__document_free(&image.manifest);
}

/* What docker could not load is not written for it. */
static void test_not_for_docker(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    img_error err = {0};
    bool has;
    image_make(&image, "a layer");
    auto_(endpoint) struct endpoint *to = NULL;
    assert_int_equal(img__archive_writer(folder->file, ARCHIVE_DOCKER, "a", &to, &err), 0);
    img_descriptor index = image.manifest.descriptor;
    strcpy(index.media_type, MEDIA_OCI_INDEX);
    assert_int_equal(to->ops->has_document(to, &index, &has, &err), IMG_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "choose a platform"));
    assert_int_equal(to->ops->set_name(to, &image.manifest, &err), IMG_EFAIL);
    img__document_free(&image.manifest);

    auto_(document) struct document artifact = DOCUMENT_INIT;
    strcpy(image.config_blob.media_type, "application/vnd.example.thing");
    assert_int_equal(
        img__manifest_make(&image.config_blob, &image.layer_blob, NULL, 1, NULL, &artifact, NULL),
        0);
    assert_int_equal(put_blob(to, &image.config_blob, image.config, &err), 0);
    assert_int_equal(to->ops->set_name(to, &artifact, &err), IMG_EUNSUPPORTED);
    assert_non_null(strstr(err.message, "application/vnd.example.thing"));
}

static void test_mode(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    struct stat st;
    image_make(&image, "a layer");
    mode_t before = umask(027);
    write_one(folder->file, ARCHIVE_OCI, "a", &image);
    umask(before);
    assert_int_equal(stat(folder->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(chmod(folder->file, 0604), 0);
    write_one(folder->file, ARCHIVE_OCI, "a", &image);
    assert_int_equal(stat(folder->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
    img__document_free(&image.manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_both_formats, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_same_bytes, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_tag_alone, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_several, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_left, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_again, folder_setup, folder_teardown),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_pipe_broken),
        cmocka_unit_test(test_no_reader),
        cmocka_unit_test_setup_teardown(test_one_at_a_time, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_not_for_docker, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_mode, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
