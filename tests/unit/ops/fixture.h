/* SPDX-License-Identifier: Apache-2.0
 *
 * Small real trees to build from, and what a test sees of what was built.
 */
#ifndef TESTS_OPS_FIXTURE_H
#define TESTS_OPS_FIXTURE_H

#include "store/fixture.h"

#include <libimg/build.h>
#include <libimg/image.h>

#include "layer/decompress.h"
#include "layer/tar_read.h"
#include "layer/tarball.h"

#define TREE_TIME 1000000000 /* of all files of the trees */

IMG_AUTO_POINTER(test_build, img_build, img_build_free)
IMG_AUTO_POINTER(test_image, img_image, img_image_free)

/* $SOURCE_DATE_EPOCH of whoever runs the tests has no part in them. */
static inline int build_fixture_new(void **state)
{
    unsetenv("SOURCE_DATE_EPOCH");
    return fixture_new(state);
}

static inline void set_time(const char *path, int64_t seconds)
{
    struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* The path of something in the fixture's directory; owned. */
static inline char *path_in(const struct fixture *f, const char *name)
{
    char *path = img__store_join(f->parent, name);
    assert_non_null(path);
    return path;
}

/* What is made changes the time of the directory that it is in. */
static inline void tree_touch_parent(const char *path)
{
    auto_free char *parent = strdup(path);
    assert_non_null(parent);
    *strrchr(parent, '/') = '\0';
    set_time(parent, TREE_TIME);
}

static inline void tree_dir(const struct fixture *f, const char *name, mode_t mode)
{
    auto_free char *path = path_in(f, name);
    assert_int_equal(mkdir(path, 0755), 0);
    assert_int_equal(chmod(path, mode), 0);
    set_time(path, TREE_TIME);
    tree_touch_parent(path);
}

static inline void tree_file(const struct fixture *f, const char *name, const char *text)
{
    auto_free char *path = path_in(f, name);
    write_file(f->parent, name, text);
    assert_int_equal(chmod(path, 0644), 0);
    set_time(path, TREE_TIME);
    tree_touch_parent(path);
}

static inline void tree_link(const struct fixture *f, const char *name, const char *target)
{
    auto_free char *path = path_in(f, name);
    assert_int_equal(symlink(target, path), 0);
    set_time(path, TREE_TIME);
    tree_touch_parent(path);
}

/* A build for amd64, whatever this machine is. */
static inline img_build_options amd64_options(void)
{
    img_build_options options = IMG_BUILD_OPTIONS_INIT;
    strcpy(options.platform.os, "linux");
    strcpy(options.platform.architecture, "amd64");
    return options;
}

static inline img_build *build_with(struct fixture *f, const img_build_options *options)
{
    img_build *build = NULL;
    img_error err = {0};
    assert_ok(img_build_new(f->store, options, &build, &err));
    return build;
}

static inline img_build *build_new(struct fixture *f)
{
    img_build_options options = amd64_options();
    return build_with(f, &options);
}

/* As root, whoever runs the test. */
static inline int try_add(struct fixture *f, img_build *build, const char *source,
                          const char *destination, img_error *err)
{
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    auto_free char *path = path_in(f, source);
    options.set = IMG_ADD_UID | IMG_ADD_GID;
    return img_build_add_path(build, path, destination, &options, err);
}

static inline void add(struct fixture *f, img_build *build, const char *source,
                       const char *destination)
{
    img_error err = {0};
    assert_ok(try_add(f, build, source, destination, &err));
}

static inline void commit(img_build *build, const char *name)
{
    const char *const names[] = {name, NULL};
    img_error err = {0};
    assert_ok(img_build_commit(build, name ? names : names + 1, NULL, NULL, &err));
}

static inline img_image *open_image(struct fixture *f, const char *name)
{
    img_image *image = NULL;
    img_platform platform = {"linux", "amd64", "", ""};
    img_error err = {0};
    assert_ok(img_image_open(f->store, name, &platform, &image, &err));
    return image;
}

static inline void list_entry(struct buf *out, const struct entry *entry)
{
    static const char types[] = {
        [ENTRY_FILE] = '-',     [ENTRY_DIRECTORY] = 'd', [ENTRY_SYMLINK] = 'l',
        [ENTRY_HARDLINK] = 'h', [ENTRY_CHARACTER] = 'c', [ENTRY_BLOCK] = 'b',
        [ENTRY_FIFO] = 'p'};
    img__buf_printf(out, "%c%03o %u:%u ", types[entry->type], entry->mode, entry->uid, entry->gid);
    if (entry->mtime == TREE_TIME)
        img__buf_puts(out, "T ");
    else
        img__buf_printf(out, "%lld ", (long long)entry->mtime);
    img__buf_puts(out, entry->path);
    if (entry->link)
        img__buf_printf(out, ">%s", entry->link);
    img__buf_putc(out, '\n');
}

/* "d755 0:0 T etc\n-644 0:0 T etc/passwd\n", the time being T or a number; owned. */
static inline char *list_layer(struct fixture *f, const img_descriptor *layer)
{
    struct buf out = BUF_INIT((size_t)1 << 20);
    auto_(source) struct source *blob = NULL;
    auto_(source) struct source *tar = NULL;
    auto_(tar_reader) struct tar_reader *reader = NULL;
    const struct entry *entry;
    img_error err = {0};
    enum media_compression compression = img__media_compression(layer->media_type);
    assert_ok(img__store_source(f->store, layer, &blob, &err));
    assert_ok(img__source_decompress(compression == MEDIA_GZIP   ? COMPRESSION_GZIP
                                     : compression == MEDIA_ZSTD ? COMPRESSION_ZSTD
                                                                 : COMPRESSION_NONE,
                                     "layer", steal(blob), &tar, &err));
    assert_ok(img__tar_reader_new(tar, "layer", &reader, &err));
    while (img__tar_reader_next(reader, &entry, &err) == 1)
        list_entry(&out, entry);
    return img__buf_steal(&out);
}

/* index counts from the top: 0 is the last layer. */
static inline char *list_top(struct fixture *f, const char *name, size_t index)
{
    auto_(test_image) img_image *image = open_image(f, name);
    size_t count = img_image_layer_count(image);
    assert_true(index < count);
    return list_layer(f, img_image_layer(image, count - 1 - index));
}

static inline void assert_layer(struct fixture *f, const char *name, size_t index,
                                const char *expected)
{
    auto_free char *list = list_top(f, name, index);
    assert_string_equal(list, expected);
}

static inline void assert_digest(struct fixture *f, const char *name, const char *other)
{
    img_descriptor one, two;
    img_error err = {0};
    assert_ok(img_store_resolve(f->store, name, &one, &err));
    assert_ok(img_store_resolve(f->store, other, &two, &err));
    assert_string_equal(one.digest.text, two.digest.text);
}

#endif
