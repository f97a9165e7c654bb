/* SPDX-License-Identifier: Apache-2.0
 *
 * Archives as others write them, and as nobody should: kinds, links, doubles, tricks with names,
 * damage, limits.
 */
#include "fixture.h"

#define LAYER                                                                                      \
    "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" /* hello             \
                                                                               */
#define CONFIG                                                                                     \
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["  \
    "\"" LAYER "\"]}}"
#define TWICE                                                                                      \
    "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["  \
    "\"" LAYER "\",\"" LAYER "\"]}}"

static FILE *begin(const struct folder *folder)
{
    FILE *tar = fopen(folder->file, "w");
    assert_non_null(tar);
    return tar;
}

static int open_one(const struct folder *folder, const char *name, struct endpoint **out,
                    img_error *err)
{
    memset(err, 0, sizeof(*err));
    return img__archive_reader(folder->file, name, out, err);
}

/* The archive holds an image whose layers are all "hello". */
static void expect_hello(const struct folder *folder, const char *name, size_t layers)
{
    img_error err = {0};
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(document) struct document top = DOCUMENT_INIT;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    assert_ok(open_one(folder, name, &from, &err));
    assert_ok(from->ops->resolve(from, &top, &err));
    assert_ok(img__manifest_parse(&top, &manifest, &err));
    assert_int_equal(manifest.layer_count, layers);
    for (size_t i = 0; i < layers; i++) {
        auto_free char *text = read_blob(from, &manifest.layers[i], &err);
        assert_non_null(text);
        assert_string_equal(text, "hello");
    }
}

/* ---- docker's ---- */

/* Names as docker, kaniko, bazel and a hand give them; "./" before some. */
static void test_names_of_files(void **state)
{
    const struct folder *folder = *state;
    static const char *const names[][2] = {
        {"config.json", "layer.tar"},
        {"sha256:0123", "0123.tar.gz"},
        {"blobs/sha256/00", "blobs/sha256/01"},
        {"./0123456789abcdef.json", "./id/layer.tar"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char manifest[256];
        FILE *tar = begin(folder);
        snprintf(manifest, sizeof(manifest),
                 "[{\"Config\":\"%s\",\"RepoTags\":[\"a:1\",\"b\"],\"Layers\":[\"%s\"]}]",
                 names[i][0], names[i][1]);
        tar_add(tar, '5', "./", "");
        tar_add(tar, '0', "manifest.json", manifest);
        tar_add(tar, '0', names[i][0], CONFIG);
        tar_add(tar, '0', names[i][1], "hello");
        tar_end(tar);
        expect_hello(folder, NULL, 1);
        expect_hello(folder, "a:1", 1);
        expect_hello(folder, "docker.io/library/b:latest", 1);
    }
}

/* A layer that comes twice is a link, of either kind. */
static void test_links(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        char type;
        const char *target;
    } links[] = {{'2', "../one/layer.tar"}, {'1', "one/layer.tar"}, {'2', "./.././one//layer.tar"}};
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        FILE *tar = begin(folder);
        tar_add(tar, links[i].type, "two/layer.tar", links[i].target);
        tar_add(tar, '0', "one/layer.tar", "hello");
        tar_add(tar, '0', "config.json", TWICE);
        tar_add(tar, '0', "manifest.json",
                "[{\"Config\":\"config.json\",\"RepoTags\":null,"
                "\"Layers\":[\"one/layer.tar\",\"two/layer.tar\"]}]");
        tar_end(tar);
        expect_hello(folder, NULL, 2);
    }
}

static void write_image(const struct folder *folder, char type, const char *layer, const char *text)
{
    FILE *tar = begin(folder);
    tar_add(tar, type, layer, text);
    tar_add(tar, '0', "config.json", CONFIG);
    tar_add(tar, '0', "manifest.json",
            "[{\"Config\":\"config.json\",\"RepoTags\":[],\"Layers\":[\"layer\"]}]");
    tar_end(tar);
}

static void test_links_that_lead_nowhere(void **state)
{
    const struct folder *folder = *state;
    static const char *const targets[] = {
        "/etc/passwd", "../../../etc/passwd", "gone", "layer", "../layer", ""};
    img_error err;
    struct endpoint *from = NULL;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        write_image(folder, '2', "layer", targets[i]);
        assert_fails(open_one(folder, NULL, &from, &err), IMG_ENOTFOUND, "'layer' is not in it");
    }
}

static void test_doubles(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *text;
        int code;
    } rows[] = {{"hello", 0}, {"hullo", IMG_EFORMAT}, {"hell", IMG_EFORMAT}};
    img_error err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(endpoint) struct endpoint *from = NULL;
        FILE *tar = begin(folder);
        tar_add(tar, '0', "layer", "hello");
        tar_add(tar, '0', "./layer", rows[i].text);
        tar_add(tar, '0', "config.json", CONFIG);
        tar_add(tar, '0', "manifest.json",
                "[{\"Config\":\"config.json\",\"RepoTags\":[],\"Layers\":[\"layer\"]}]");
        tar_end(tar);
        assert_int_equal(open_one(folder, NULL, &from, &err), rows[i].code);
        if (rows[i].code)
            assert_non_null(strstr(err.message, "'layer' is in it twice"));
    }
}

static void test_names_that_lead_out(void **state)
{
    const struct folder *folder = *state;
    static const char *const names[] = {"../layer", "a/../../layer", "/layer", "a/../layer", ".."};
    img_error err;
    struct endpoint *from = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        write_image(folder, '0', names[i], "hello");
        assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "is no name for a file");
    }
}

static void test_wrong_layer(void **state)
{
    const struct folder *folder = *state;
    img_error err;
    auto_(endpoint) struct endpoint *from = NULL;
    write_image(folder, '0', "layer", "jello");
    assert_ok(open_one(folder, NULL, &from, &err));
    img_descriptor layer = describe(MEDIA_OCI_LAYER, "hello", 5);
    assert_null(read_blob(from, &layer, &err));
    assert_int_equal(err.code, IMG_EDIGEST);
    assert_non_null(strstr(err.message, "its config belongs to other layers"));
}

static void test_wrong_manifests(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *manifest;
        int code;
        const char *text;
    } rows[] = {
        {"[]", IMG_ENOTFOUND, "it has no images"},
        {"null", IMG_EFORMAT, ""},
        {"{}", IMG_EFORMAT, "is not an array"},
        {"[1]", IMG_EFORMAT, "is not an object"},
        {"[{}]", IMG_EFORMAT, "Config"},
        {"[{\"Config\":1}]", IMG_EFORMAT, "Config"},
        {"[{\"Config\":\"c\",\"config\":\"d\"}]", IMG_EFORMAT, "config"},
        {"[{\"Config\":\"c\",\"Config\":\"d\"}]", IMG_EFORMAT, "Config"},
        {"[{\"Config\":\"c\",\"Layers\":[\"l\",1]}]", IMG_EFORMAT, "Layers"},
        {"[{\"Config\":\"c\",\"Layers\":{}}]", IMG_EFORMAT, "Layers"},
        {"[{\"Config\":\"nowhere\",\"Layers\":[]}]", IMG_ENOTFOUND, "'nowhere' is not in it"},
        {"[{\"Config\":\"../c\",\"Layers\":[]}]", IMG_ENOTFOUND, "is not in it"},
        {"[{\"Config\":\"c\",\"Layers\":[]}]", IMG_EFORMAT, "0 layers, and its config says 1"},
        {"[{\"Config\":\"c\",\"Layers\":[\"l\",\"l\"]}]", IMG_EFORMAT, "2 layers"},
        {"[{\"Config\":\"l\",\"Layers\":[\"l\"]}]", IMG_EFORMAT, ""},
    };
    img_error err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct endpoint *from = NULL;
        FILE *tar = begin(folder);
        tar_add(tar, '0', "c", CONFIG);
        tar_add(tar, '0', "l", "hello");
        tar_add(tar, '0', "manifest.json", rows[i].manifest);
        tar_end(tar);
        assert_fails(open_one(folder, NULL, &from, &err), rows[i].code, rows[i].text);
    }
}

/* ---- docker's before 1.10 ---- */

static void write_legacy(const struct folder *folder, const char *upper, const char *lower)
{
    FILE *tar = begin(folder);
    tar_add(tar, '0', "up/VERSION", "1.0");
    tar_add(tar, '0', "up/json", upper);
    tar_add(tar, '0', "up/layer.tar", "hello");
    tar_add(tar, '0', "low/json", lower);
    tar_add(tar, '0', "low/layer.tar", "hello");
    tar_add(tar, '0', "repositories",
            "{\"a\":{\"1\":\"up\",\"2\":\"up\"},\"b/c\":{\"x\":\"low\"}}");
    tar_end(tar);
}

static void test_legacy(void **state)
{
    const struct folder *folder = *state;
    img_error err = {0};
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(document) struct document top = DOCUMENT_INIT;
    auto_(manifest) struct manifest manifest = MANIFEST_INIT;
    write_legacy(folder,
                 "{\"id\":\"up\",\"parent\":\"low\",\"os\":\"linux\",\"architecture\":\"amd64\","
                 "\"config\":{\"Cmd\":[\"sh\"]},\"created\":\"2015-01-01T00:00:00Z\",\"Size\":5,"
                 "\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"make\"]}}",
                 "{\"id\":\"low\",\"author\":\"me\",\"comment\":\"base\"}");
    expect_hello(folder, "a:1", 2);
    expect_hello(folder, "a:2", 2);
    expect_hello(folder, "b/c:x", 1);
    assert_ok(open_one(folder, "@0", &from, &err));
    assert_ok(from->ops->resolve(from, &top, &err));
    assert_ok(img__manifest_parse(&top, &manifest, &err));
    auto_free char *config = read_blob(from, &manifest.config, &err);
    assert_string_equal(
        config, "{\"architecture\":\"amd64\",\"config\":{\"Cmd\":[\"sh\"]},"
                "\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"make\"]},"
                "\"created\":\"2015-01-01T00:00:00Z\","
                "\"history\":[{\"author\":\"me\",\"comment\":\"base\"},"
                "{\"created\":\"2015-01-01T00:00:00Z\",\"created_by\":\"/bin/sh -c make\"}],"
                "\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" LAYER
                "\",\"" LAYER "\"]}}");
}

static void test_wrong_legacy(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        const char *upper;
        int code;
        const char *text;
    } rows[] = {
        {"{\"parent\":\"up\"}", IMG_EFORMAT, "its own parent"},
        {"{\"parent\":\"low\"}", IMG_EFORMAT, "its own parent"}, /* whose parent is up */
        {"{\"parent\":\"gone\"}", IMG_ENOTFOUND, "'gone/json' is not in it"},
        {"{\"parent\":\"../up\"}", IMG_ENOTFOUND, "is not in it"},
        {"[]", IMG_EFORMAT, "is not an object"},
    };
    img_error err;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct endpoint *from = NULL;
        write_legacy(folder, rows[i].upper, "{\"parent\":\"up\"}");
        assert_fails(open_one(folder, "a:1", &from, &err), rows[i].code, rows[i].text);
    }
}

/* ---- layouts ---- */

static void write_layout(const struct folder *folder, const struct image *image,
                         const char *version, const char *annotations)
{
    char index[1024], path[200];
    FILE *tar = begin(folder);
    snprintf(index, sizeof(index),
             "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":"
             "%zu%s}]}",
             image->manifest.descriptor.media_type, image->manifest.descriptor.digest.text,
             image->manifest.len, annotations);
    tar_add(tar, '0', "./index.json", index);
    tar_add(tar, '0', "./oci-layout", version);
    snprintf(path, sizeof(path), "./blobs/sha256/%s",
             image->manifest.descriptor.digest.text + strlen("sha256:"));
    tar_add(tar, '0', path, image->manifest.bytes);
    snprintf(path, sizeof(path), "./blobs/sha256/%s",
             image->config_blob.digest.text + strlen("sha256:"));
    tar_add(tar, '0', path, image->config);
    snprintf(path, sizeof(path), "./blobs/sha256/%s",
             image->layer_blob.digest.text + strlen("sha256:"));
    tar_add(tar, '0', path, image->layer);
    tar_end(tar);
}

#define VERSION "{\"imageLayoutVersion\":\"1.0.0\"}"

static void test_layout(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    image_make(&image, "hello");
    write_layout(folder, &image, VERSION, "");
    expect_hello(folder, NULL, 1);
    write_layout(folder, &image, VERSION,
                 ",\"annotations\":{\"org.opencontainers.image.ref.name\":\"1.0\","
                 "\"io.containerd.image.name\":\"docker.io/library/a:1.0\"}");
    expect_hello(folder, "1.0", 1);
    expect_hello(folder, "a:1.0", 1);
    img__document_free(&image.manifest);
}

static void test_wrong_layouts(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    struct endpoint *from = NULL;
    img_error err;
    image_make(&image, "hello");
    write_layout(folder, &image, "{\"imageLayoutVersion\":\"2.0.0\"}", "");
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EUNSUPPORTED, "'2.0.0'");
    write_layout(folder, &image, "{}", "");
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "imageLayoutVersion");
    write_layout(folder, &image, "x", "");
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "oci-layout");
    image.manifest.bytes[5] ^= 1;
    write_layout(folder, &image, VERSION, "");
    assert_ok(open_one(folder, NULL, &from, &err));
    struct document top = DOCUMENT_INIT;
    assert_fails(from->ops->resolve(from, &top, &err), IMG_EDIGEST, "the archive is damaged");
    img__endpoint_free(from);
    img__document_free(&image.manifest);
}

/* ---- files that are no archives, or not whole ---- */

static void test_no_archives(void **state)
{
    const struct folder *folder = *state;
    img_error err;
    struct endpoint *from = NULL;
    FILE *file = begin(folder);
    assert_int_equal(fclose(file), 0);
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "is not a tar");
    file = begin(folder);
    fputs("This is a text, and not even a long one.\n", file);
    assert_int_equal(fclose(file), 0);
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "is not a tar");
    file = begin(folder);
    tar_add(file, '0', "hello", "hello");
    tar_end(file);
    assert_fails(open_one(folder, NULL, &from, &err), IMG_EFORMAT, "it has neither oci-layout");
    assert_fails(img__archive_reader(folder->path, NULL, &from, &err), IMG_EINVAL,
                 "is a directory");
    assert_fails(img__archive_reader("/nowhere/a.tar", NULL, &from, &err), IMG_ENOTFOUND,
                 "cannot open");
}

/* Cut off anywhere: an error, and never an image that looks whole. */
static void test_cut_off(void **state)
{
    const struct folder *folder = *state;
    struct image image;
    struct stat st;
    img_error err;
    image_make(&image, "hello");
    write_layout(folder, &image, VERSION, "");
    assert_int_equal(stat(folder->file, &st), 0);
    off_t whole = st.st_size - 1024 - 512; /* up to the layer's data */
    for (off_t len = whole - 1; len >= 0; len -= 251) {
        auto_(endpoint) struct endpoint *from = NULL;
        auto_(document) struct document top = DOCUMENT_INIT;
        assert_int_equal(truncate(folder->file, len), 0);
        int rc = open_one(folder, NULL, &from, &err);
        if (rc == 0)
            rc = from->ops->resolve(from, &top, &err);
        auto_free char *layer = rc ? NULL : read_blob(from, &image.layer_blob, &err);
        assert_null(layer);
        assert_int_not_equal(err.code, 0);
    }
    img__document_free(&image.manifest);
}

static void test_too_many(void **state)
{
    const struct folder *folder = *state;
    img_error err;
    struct endpoint *from = NULL;
    char name[32];
    FILE *tar = begin(folder);
    for (int i = 0; i <= 64 * 1024; i++) {
        snprintf(name, sizeof(name), "%d", i);
        tar_add(tar, '0', name, "");
    }
    tar_end(tar);
    assert_fails(open_one(folder, NULL, &from, &err), IMG_ELIMIT, "more than 65536 entries");
}

/* A pipe may bring only so much. */
static void test_spool_limit(void **state)
{
    const struct folder *folder = *state;
    struct archive_reader *reader = NULL;
    img_error err = {0};
    write_image(folder, '0', "layer", "hello");
    for (int limited = 0; limited < 2; limited++) {
        char command[160];
        snprintf(command, sizeof(command), "cat %s", folder->file);
        FILE *pipe = popen(command, "r");
        assert_non_null(pipe);
        const struct archive_file file = {
            .fd = fileno(pipe), .max_bytes = limited ? 4095 : 4096, .spool = folder->path};
        if (limited)
            assert_fails(img__archive_reader_open(&file, &reader, &err), IMG_ELIMIT,
                         "larger than 4095 bytes");
        else
            assert_ok(img__archive_reader_open(&file, &reader, &err));
        if (!limited)
            img__archive_reader_free(reader);
        pclose(pipe);
    }
}

int main(void)
{
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_names_of_files),
        WITH_FOLDER(test_links),
        WITH_FOLDER(test_links_that_lead_nowhere),
        WITH_FOLDER(test_doubles),
        WITH_FOLDER(test_names_that_lead_out),
        WITH_FOLDER(test_wrong_layer),
        WITH_FOLDER(test_wrong_manifests),
        WITH_FOLDER(test_legacy),
        WITH_FOLDER(test_wrong_legacy),
        WITH_FOLDER(test_layout),
        WITH_FOLDER(test_wrong_layouts),
        WITH_FOLDER(test_no_archives),
        WITH_FOLDER(test_cut_off),
        WITH_FOLDER(test_too_many),
        WITH_FOLDER(test_spool_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
