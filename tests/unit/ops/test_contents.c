/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files an image has, and what is in them: of the whole, and of one layer.
 */
#include "ops/stack.h"

#include <libimg/contents.h>

/* Two layers: what is in the upper one adds, replaces, links and removes. */
static void put_two(struct fixture *f, size_t broken)
{
    struct stack stack = {0};
    struct buf *lower = stack_push(&stack);
    tarball_add(lower, '5', "./", "");
    tarball_add(lower, '5', "etc", "");
    tarball_add(lower, '0', "etc/motd", "lower");
    tarball_add(lower, '0', "etc/gone", "gone");
    tarball_pax(lower, 'x', "SCHILY.xattr.user.k", "v", "SCHILY.xattr.user.l", "", "mtime", "-1.25",
                NULL);
    tarball_add(lower, '0', "file", "data of file");
    tarball_link(lower, '2', "link", "/etc");
    size_t at = tarball_link(lower, '3', "dev", "");
    tarball_octal(lower->data + at + 329, 8, 5);
    tarball_octal(lower->data + at + 337, 8, 1);
    tarball_sum(lower, at);
    struct buf *upper = stack_push(&stack);
    tarball_add(upper, '0', "etc/.wh.gone", "");
    tarball_add(upper, '0', "link/motd", "upper");
    tarball_add(upper, '0', "old/.wh..wh..opq", "");
    tarball_add(upper, '0', ".wh..wh.aufs", "");
    tarball_link(upper, '1', "also", "file");
    tarball_add(upper, '0', "own", "own data");
    tarball_link(upper, '1', "own2", "own");
    tarball_link(upper, '1', "own3", "own2");
    tarball_link(upper, '2', "loop", "loop");
    tarball_add(upper, '0', "new/empty", "");
    stack_put(f, &stack, APP ":1", broken);
    stack_free(&stack);
}

/* ---- lists ---- */

static const char letters[] = "?fdlhcbpwo";

static int list_file(const img_file *file, void *arg)
{
    struct buf *out = arg;
    img__buf_printf(out, "%c%u %s %u", letters[file->type], file->layer, file->path,
                    (unsigned)file->size_bytes);
    if (file->link)
        img__buf_printf(out, ">%s", file->link);
    img__buf_putc(out, '\n');
    return 0;
}

static char *list(struct fixture *f, uint32_t layer)
{
    auto_(test_image) img_image *image = open_image(f, "app:1");
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    struct buf out = BUF_INIT(65536);
    img_error err = {0};
    options.layer = layer;
    assert_ok(img_image_files(f->store, image, &options, list_file, &out, &err));
    return img__buf_steal(&out);
}

static void merged(void **state)
{
    struct fixture *f = *state;
    put_two(f, 0);
    auto_free char *text = list(f, 0);
    assert_string_equal(text, "f1 /also 12\n"
                              "c1 /dev 0\n"
                              "d1 /etc 0\n"
                              "f2 /etc/motd 5\n"
                              "f1 /file 12\n"
                              "l1 /link 0>/etc\n"
                              "l2 /loop 0>loop\n"
                              "d0 /new 0\n"
                              "f2 /new/empty 0\n"
                              "f2 /own 8\n"
                              "f2 /own2 8\n"
                              "f2 /own3 8\n");
}

static void layer_alone(void **state)
{
    struct fixture *f = *state;
    put_two(f, 0);
    auto_free char *lower = list(f, 1);
    assert_string_equal(lower, "d1 / 0\n"
                               "d1 /etc 0\n"
                               "f1 /etc/motd 5\n"
                               "f1 /etc/gone 4\n"
                               "f1 /file 12\n"
                               "l1 /link 0>/etc\n"
                               "c1 /dev 0\n");
    auto_free char *upper = list(f, 2);
    assert_string_equal(upper, "w2 /etc/.wh.gone 0\n"
                               "f2 /link/motd 5\n"
                               "o2 /old/.wh..wh..opq 0\n"
                               "f2 /.wh..wh.aufs 0\n"
                               "h2 /also 0>/file\n"
                               "f2 /own 8\n"
                               "h2 /own2 0>/own\n"
                               "h2 /own3 0>/own2\n"
                               "l2 /loop 0>loop\n"
                               "f2 /new/empty 0\n");
}

struct inodes {
    uint64_t also, file, own, own3;
    unsigned seen;
};

static int check_file(const img_file *file, void *arg)
{
    struct inodes *inodes = arg;
    const void *value;
    size_t len;
    if (strcmp(file->path, "/also") == 0)
        inodes->also = file->inode;
    if (strcmp(file->path, "/own") == 0)
        inodes->own = file->inode;
    if (strcmp(file->path, "/own3") == 0)
        inodes->own3 = file->inode;
    if (strcmp(file->path, "/dev") == 0) {
        assert_int_equal(file->device_major, 5);
        assert_int_equal(file->device_minor, 1);
        assert_int_equal(file->xattr_count, 0);
        assert_null(img_file_xattr(file, 0, &value, &len));
        inodes->seen++;
    }
    if (strcmp(file->path, "/file") != 0)
        return 0;
    inodes->file = file->inode;
    assert_int_equal(file->mode, 0644);
    assert_int_equal(file->uid, 1);
    assert_int_equal(file->gid, 2);
    assert_int_equal(file->mtime, -2);
    assert_int_equal(file->mtime_ns, 750000000);
    assert_true(file->xattr_count >= 1);
    assert_string_equal(img_file_xattr(file, 0, &value, &len), "user.k");
    assert_int_equal(len, 1);
    assert_memory_equal(value, "v", 1);
    assert_string_equal(img_file_xattr(file, 0, NULL, NULL), "user.k");
    assert_null(img_file_xattr(file, file->xattr_count, NULL, NULL));
    inodes->seen++;
    return 0;
}

static void details(void **state)
{
    struct fixture *f = *state;
    struct inodes inodes = {0};
    img_error err = {0};
    put_two(f, 0);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_ok(img_image_files(f->store, image, NULL, check_file, &inodes, &err));
    assert_int_equal(inodes.seen, 2);
    assert_int_equal(inodes.also, inodes.file);
    assert_int_equal(inodes.own, inodes.own3);
    assert_true(inodes.own != inodes.file && inodes.own && inodes.file);
}

static int stop(const img_file *file, void *arg)
{
    return ++*(int *)arg == 2 || !file;
}

static void lists_end_when_asked(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    put_two(f, 0);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    for (uint32_t layer = 0; layer < 3; layer++) {
        img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
        int calls = 0;
        options.layer = layer;
        assert_fails(img_image_files(f->store, image, &options, stop, &calls, &err), IMG_ECANCELED,
                     "interrupted");
        assert_int_equal(calls, 2);
    }
}

/* ---- data ---- */

static int take(const void *data, size_t len, void *arg)
{
    img__buf_append(arg, data, len);
    return 0;
}

static int try_read(struct fixture *f, const char *path, uint32_t layer, struct buf *out,
                    img_error *err)
{
    auto_(test_image) img_image *image = open_image(f, "app:1");
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    options.layer = layer;
    return img_image_read_file(f->store, image, path, &options, take, out, err);
}

static void reads(void **state)
{
    static const struct {
        const char *path;
        uint32_t layer;
        const char *data;
    } rows[] = {
        {"/etc/motd", 0, "upper"},
        {"link/motd", 0, "upper"},
        {"/link/../file", 0, "data of file"},
        {"also", 0, "data of file"},
        {"//own3/", 0, "own data"},
        {"new/empty", 0, ""},
        {"/etc/motd", 1, "lower"},
        {"etc/gone", 1, "gone"},
        {"link/motd", 2, "upper"},
        {"own3", 2, "own data"},
        {"own", 2, "own data"},
    };
    struct fixture *f = *state;
    img_error err = {0};
    put_two(f, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf out = BUF_INIT(4096);
        assert_ok(try_read(f, rows[i].path, rows[i].layer, &out, &err));
        assert_string_equal(img__buf_text(&out), rows[i].data);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *path;
        uint32_t layer;
        int code;
        const char *message;
    } rows[] = {
        {"/etc", 0, IMG_EINVAL, "/etc is a directory"},
        {"link", 0, IMG_EINVAL, "/etc is a directory"},
        {"/", 0, IMG_EINVAL, "is a directory"},
        {"dev", 0, IMG_EINVAL, "is a character device"},
        {"etc/gone", 0, IMG_ENOTFOUND, "/etc/gone is not there"},
        {"link/nothing", 0, IMG_ENOTFOUND, "/etc/nothing is not there"},
        {"loop", 0, IMG_EINVAL, "symbolic links"},
        {"file/x", 0, IMG_EINVAL, "not a directory"},
        {"etc", 1, IMG_EINVAL, "is a directory"},
        {"link", 1, IMG_EINVAL, "is a symbolic link"},
        {"link/motd", 1, IMG_ENOTFOUND, "not in the layer"},
        {"also", 2, IMG_ENOTFOUND, "/file is not in the layer"},
        {"../x", 2, IMG_EINVAL, ".."},
        {"own", 3, IMG_ENOTFOUND, "no layer 3: the image has 2"},
    };
    struct fixture *f = *state;
    img_error err = {0};
    put_two(f, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        auto_(buf) struct buf out = BUF_INIT(4096);
        assert_fails(try_read(f, rows[i].path, rows[i].layer, &out, &err), rows[i].code,
                     rows[i].message);
        assert_int_equal(out.len, 0);
    }
}

/* ---- as a tar ---- */

static int try_tar(struct fixture *f, uint32_t layer, struct buf *out, img_error *err)
{
    auto_(test_image) img_image *image = open_image(f, "app:1");
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    options.layer = layer;
    return img_image_tar(f->store, image, &options, take, out, err);
}

static void merged_tar(void **state)
{
    struct fixture *f = *state;
    auto_(buf) struct buf tar = TARBALL_INIT;
    auto_(buf) struct buf text = BUF_INIT(65536);
    auto_(source) struct source *source = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    img_error err = {0};
    put_two(f, 0);
    assert_ok(try_tar(f, 0, &tar, &err));
    assert_ok(img__source_memory(tar.data, tar.len, &source, &err));
    assert_ok(img__tar_reader_new(source, "merged", &reader, &err));
    while (img__tar_reader_next(reader, &entry, &err) == 1)
        img__buf_printf(&text, "%s%s%s\n", entry->path, entry->link ? ">" : "",
                        entry->link ? entry->link : "");
    assert_string_equal(text.data, "etc\nalso\nfile>also\nlink>/etc\ndev\netc/motd\nown\n"
                                   "own2>own\nown3>own\nloop>loop\nnew\nnew/empty\n");
}

static void layer_tar(void **state)
{
    struct fixture *f = *state;
    put_two(f, 0);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    for (uint32_t layer = 1; layer < 3; layer++) {
        auto_(buf) struct buf tar = TARBALL_INIT;
        img_digest digest;
        img_error err = {0};
        assert_ok(try_tar(f, layer, &tar, &err));
        assert_ok(img__digest_of(tar.data, tar.len, &digest, &err));
        assert_string_equal(digest.text, img_image_diff_id(image, layer - 1)->text);
    }
}

static int stop_data(const void *data, size_t len, void *arg)
{
    (void)data, (void)len;
    return ++*(int *)arg == 2;
}

static void tars_end_when_asked(void **state)
{
    struct fixture *f = *state;
    auto_(test_image) img_image *image = NULL;
    int calls = 0;
    img_error err = {0};
    put_two(f, 0);
    image = open_image(f, "app:1");
    assert_fails(img_image_tar(f->store, image, NULL, stop_data, &calls, &err), IMG_ECANCELED,
                 "interrupted");
    assert_int_equal(calls, 2);
}

/* ---- what can go wrong ---- */

static void broken_layers(void **state)
{
    struct fixture *f = *state;
    img_error err = {0};
    for (uint32_t broken = 1; broken <= 2; broken++) {
        auto_(buf) struct buf out = BUF_INIT(4096);
        img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
        int calls = 2;
        put_two(f, broken);
        auto_(test_image) img_image *image = open_image(f, "app:1");
        /* Nothing is told of an image before all of it is checked. */
        assert_fails(img_image_files(f->store, image, NULL, stop, &calls, &err), IMG_EDIGEST,
                     "diffID");
        assert_int_equal(calls, 2);
        assert_fails(try_read(f, "file", 0, &out, &err), IMG_EDIGEST, "diffID");
        assert_int_equal(out.len, 0);
        /* Of a layer it is, and the end says that it does not count. */
        options.layer = broken;
        assert_fails(img_image_files(f->store, image, &options, list_file, &out, &err), IMG_EDIGEST,
                     "diffID");
        assert_true(out.len > 0);
        img__buf_clear(&out);
        assert_fails(try_read(f, broken == 1 ? "file" : "own", broken, &out, &err), IMG_EDIGEST,
                     "diffID");
        assert_true(out.len > 0);
        img__buf_clear(&out);
        assert_fails(try_tar(f, 0, &out, &err), IMG_EDIGEST, "diffID");
        assert_int_equal(out.len, 0);
        out.max = 65536;
        assert_fails(try_tar(f, broken, &out, &err), IMG_EDIGEST, "diffID");
        options.layer = 3 - broken;
        assert_ok(img_image_files(f->store, image, &options, list_file, &out, &err));
    }
}

static void twice(void **state)
{
    struct fixture *f = *state;
    struct stack stack = {0};
    struct buf *layer = stack_push(&stack);
    auto_(buf) struct buf out = BUF_INIT(4096);
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    img_error err = {0};
    tarball_add(layer, '0', "a", "first");
    tarball_add(layer, '0', "./a", "second");
    stack_put(f, &stack, APP ":1", 0);
    stack_free(&stack);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    assert_fails(img_image_files(f->store, image, NULL, list_file, &out, &err), IMG_EFORMAT,
                 "twice");
    assert_fails(try_read(f, "a", 1, &out, &err), IMG_EFORMAT, "twice");
    img__buf_clear(&out);
    options.compat = IMG_COMPAT_DUPLICATES;
    assert_ok(img_image_read_file(f->store, image, "a", &options, take, &out, &err));
    assert_string_equal(out.data, "second");
    /* What was allowed once is not allowed for ever. */
    assert_fails(img_image_files(f->store, image, NULL, list_file, &out, &err), IMG_EFORMAT,
                 "twice");
}

static void options_are_checked(void **state)
{
    struct fixture *f = *state;
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    img_error err = {0};
    auto_(buf) struct buf out = BUF_INIT(4096);
    put_two(f, 0);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    options.compat = 1u << 20;
    assert_fails(img_image_files(f->store, image, &options, list_file, &out, &err), IMG_EINVAL,
                 "compat");
    options.compat = 0;
    options.max_memory_bytes = 100;
    assert_fails(img_image_files(f->store, image, &options, list_file, &out, &err), IMG_ELIMIT,
                 "memory");
    options.max_memory_bytes = 0;
    options.max_bytes = 1024;
    assert_fails(img_image_files(f->store, image, &options, list_file, &out, &err), IMG_ELIMIT,
                 "more than 1024 bytes");
    options.layer = 1;
    assert_fails(img_image_tar(f->store, image, &options, take, &out, &err), IMG_ELIMIT,
                 "more than 1024 bytes");
    options.size = 0;
    assert_fails(img_image_files(f->store, image, &options, list_file, &out, &err), IMG_EINVAL,
                 "size");
}

/* A sparse file of a terabyte, in a layer of three blocks. */
static void sparse_bomb(void **state)
{
    struct fixture *f = *state;
    struct stack stack = {0};
    struct buf *layer = stack_push(&stack);
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    img_error err = {0};
    tarball_pax(layer, 'x', "GNU.sparse.size", "1000000000000", "GNU.sparse.numblocks", "1",
                "GNU.sparse.map", "0,1", NULL);
    tarball_add(layer, '0', "bomb", "x");
    stack_put(f, &stack, APP ":1", 0);
    stack_free(&stack);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    options.max_bytes = (uint64_t)1 << 20;
    for (uint32_t i = 0; i < 3; i++) {
        auto_(buf) struct buf out = BUF_INIT((size_t)1 << 20);
        options.layer = i == 2;
        assert_fails(i ? img_image_read_file(f->store, image, "bomb", &options, take, &out, &err)
                       : img_image_tar(f->store, image, &options, take, &out, &err),
                     IMG_ELIMIT, "what comes out has more than 1048576 bytes");
        assert_true(out.len <= options.max_bytes);
    }
}

struct seen {
    unsigned started, done;
    bool stop;
};

static int on_event(const img_event *event, void *arg)
{
    struct seen *seen = arg;
    seen->started += event->kind == IMG_EVENT_STARTED;
    seen->done += event->kind == IMG_EVENT_DONE;
    return seen->stop;
}

static void events(void **state)
{
    struct fixture *f = *state;
    struct seen seen = {0};
    img_contents_options options = IMG_CONTENTS_OPTIONS_INIT;
    auto_(buf) struct buf out = BUF_INIT(4096);
    img_error err = {0};
    put_two(f, 0);
    auto_(test_image) img_image *image = open_image(f, "app:1");
    options.on_event = on_event;
    options.on_event_arg = &seen;
    assert_ok(img_image_files(f->store, image, &options, list_file, &out, &err));
    assert_int_equal(seen.started, 2);
    assert_int_equal(seen.done, 2);
    /* The names are known by now: only the layer with the data is read. */
    assert_ok(img_image_read_file(f->store, image, "own", &options, take, &out, &err));
    assert_int_equal(seen.started, 3);
    assert_int_equal(seen.done, 3);
    seen.stop = true;
    assert_fails(img_image_read_file(f->store, image, "own", &options, take, &out, &err),
                 IMG_ECANCELED, "interrupted");
}

#define test(function) cmocka_unit_test_setup_teardown(function, build_fixture_new, fixture_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(merged),
        test(layer_alone),
        test(details),
        test(lists_end_when_asked),
        test(reads),
        test(refuses),
        test(twice),
        test(broken_layers),
        test(options_are_checked),
        test(events),
        test(sparse_bomb),
        test(merged_tar),
        test(layer_tar),
        test(tars_end_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
