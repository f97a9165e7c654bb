/* SPDX-License-Identifier: Apache-2.0
 *
 * A root to unpack into, and files beside it that nothing may touch: their content, metadata and
 * times of change are looked at in the end.
 */
#ifndef TESTS_APPLIED_H
#define TESTS_APPLIED_H

#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "layer/apply_internal.h"
#include "streams.h"
#include "tarball.h"
#include "unit.h"

#define auto_buf auto_(buf) struct buf

struct world {
    char path[64]; /* of what is around the root */
    int outer;
    int root;
    struct buf victims;
    struct buf log;
    struct buf unset;
    struct observer observer;
};

/* ---- what a tree looks like ---- */

static inline int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static inline void describe(const FTSENT *at, bool changes, struct buf *out)
{
    const struct stat *stat = at->fts_statp;
    char text[256] = "";
    if (S_ISLNK(stat->st_mode))
        assert_true(readlink(at->fts_accpath, text, sizeof(text) - 1) >= 0);
    if (S_ISREG(stat->st_mode)) {
        int fd = open(at->fts_accpath, O_RDONLY | O_NOFOLLOW);
        assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
        close(fd);
    }
    img__buf_printf(out, "%s %o %u:%u %lld %lld.%09ld", at->fts_path, stat->st_mode, stat->st_uid,
                    stat->st_gid, S_ISREG(stat->st_mode) ? (long long)stat->st_size : 0,
                    (long long)stat->st_mtim.tv_sec, stat->st_mtim.tv_nsec);
    if (changes)
        img__buf_printf(out, " %lld.%09ld", (long long)stat->st_ctim.tv_sec, stat->st_ctim.tv_nsec);
    img__buf_printf(out, " %lu '%s'\n", (unsigned long)stat->st_nlink, text);
}

/* All beneath path but not beneath skip, a line each. With times of change: nothing at all may have
 * been done to it. */
static inline void describe_tree(const char *path, const char *skip, bool changes, struct buf *out)
{
    char *paths[] = {(char *)(uintptr_t)path, NULL};
    FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    assert_non_null(fts);
    for (FTSENT *at; (at = fts_read(fts));) {
        if (skip && strcmp(at->fts_path, skip) == 0) {
            fts_set(fts, at, FTS_SKIP);
            continue;
        }
        if (at->fts_info != FTS_DP)
            describe(at, changes, out);
    }
    fts_close(fts);
    assert_int_equal(out->failed, 0);
}

static inline void describe_victims(const struct world *world, struct buf *out)
{
    char root[80];
    snprintf(root, sizeof(root), "%s/root", world->path);
    describe_tree(world->path, root, true, out);
}

/* ---- the world ---- */

static inline void put_file(int dirfd, const char *name, const char *text, mode_t mode)
{
    const struct timespec times[2] = {{.tv_sec = 1111}, {.tv_sec = 2222}};
    int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static inline void world_log(int level, const char *line, void *arg)
{
    assert_int_equal(level, IMG_LOG_WARNING);
    img__buf_printf(&((struct world *)arg)->log, "%s\n", line);
}

static inline int world_unset(const struct entry *entry, const char *what, void *arg,
                              img_error *err)
{
    (void)err;
    img__buf_printf(&((struct world *)arg)->unset, "%s: %s\n", entry->path, what);
    return 0;
}

static inline void world_open_at(struct world *world, const char *where)
{
    *world = (struct world){.victims = BUF_INIT((size_t)1 << 20), .log = BUF_INIT((size_t)1 << 20)};
    world->unset = (struct buf)BUF_INIT((size_t)1 << 20);
    world->observer = (struct observer){.on_log = world_log, .on_log_arg = world};
    snprintf(world->path, sizeof(world->path), "%s/img-apply-XXXXXX", where);
    assert_non_null(mkdtemp(world->path));
    world->outer = open(world->path, O_RDONLY | O_DIRECTORY);
    assert_true(world->outer >= 0);
    put_file(world->outer, "victim", "untouched", 0640);
    assert_int_equal(mkdirat(world->outer, "victims", 0700), 0);
    int victims = openat(world->outer, "victims", O_RDONLY | O_DIRECTORY);
    put_file(victims, "f", "also untouched", 04755);
    put_file(victims, "top", "and this", 0600);
    close(victims);
    assert_int_equal(mkdirat(world->outer, "root", 0755), 0);
    world->root = openat(world->outer, "root", O_RDONLY | O_DIRECTORY);
    assert_true(world->root >= 0);
    describe_victims(world, &world->victims);
}

/* In memory if that can be: ext4 is slow where much was removed. */
static inline void world_open(struct world *world)
{
    world_open_at(world, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static inline void world_close(struct world *world)
{
    img_error err;
    auto_buf victims = BUF_INIT((size_t)1 << 20);
    describe_victims(world, &victims);
    assert_string_equal(victims.data, world->victims.data);
    close(world->root);
    close(world->outer);
    assert_ok(img__root_remove_tree(AT_FDCWD, world->path, &err));
    assert_int_equal(access(world->path, F_OK), -1);
    img__buf_free(&world->victims);
    img__buf_free(&world->log);
    img__buf_free(&world->unset);
}

static inline void img__auto_world(struct world *world)
{
    world_close(world);
}

/* As root does it, all on. */
#define OPTIONS_INIT(world)                                                                        \
    {                                                                                              \
        .threads = 1, .owners = true, .devices = true, .unset = world_unset, .unset_arg = (world), \
        .observer = &(world)->observer                                                             \
    }

static inline struct apply *apply_new(const struct world *world,
                                      const struct apply_options *options, bool walks)
{
    img_error err;
    struct apply *apply = NULL;
    int root = fcntl(world->root, F_DUPFD_CLOEXEC, 0);
    assert_true(root >= 0);
    assert_ok(img__apply_new(root, options, &apply, &err));
    if (walks)
        img__root_forgo_openat2(apply->root);
    return apply;
}

static inline int apply_tar(struct apply *apply, const struct buf *tar, img_error *err)
{
    auto_(source) struct source *source = pieces_new(tar->data, tar->len, 4096);
    return img__apply_layer(apply, source, "layer x", err);
}

/* A layer by lines: a type, as of tar but 'f' for a file, a path, and for links the target behind
 * "->". Files get text as their content. */
static inline void add_line(struct buf *tar, const char *line, const char *text)
{
    static const char types[] = "f0d5l2h1c3b4p6";
    const char *type = strchr(types, line[0]);
    assert_true(type && line[1] == ' ');
    auto_free char *name = strdup(line + 2);
    char *arrow = strstr(name, " -> ");
    if (arrow)
        *arrow = '\0';
    const char *base = strrchr(name, '/');
    bool whiteout = strncmp(base ? base + 1 : name, ".wh.", 4) == 0;
    if (strlen(name) > 100)
        tarball_long(tar, 'L', name);
    if (line[0] == 'f' && !whiteout)
        tarball_add(tar, '0', name, text);
    else
        tarball_link(tar, type[1], name, arrow ? arrow + 4 : "");
}

#endif
