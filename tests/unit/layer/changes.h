/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees made by a shell, and what a diff says of them, a line an entry: what happened (P, A, C, M,
 * R or O, see diff.h), its type, its path.
 */
#ifndef TESTS_UNIT_LAYER_CHANGES_H
#define TESTS_UNIT_LAYER_CHANGES_H

#include "judge.h"
#include "layer/diff.h"
#include "layer/tar_write.h"

struct changes {
    struct buf lines;
    struct buf log;
    struct buf last;    /* the path before */
    const char *at;     /* the path at which to */
    const char *script; /* run this */
};
#define CHANGES_INIT                                                                               \
    {                                                                                              \
        BUF_INIT((size_t)1 << 20), BUF_INIT((size_t)1 << 20), BUF_INIT(8192), NULL, NULL           \
    }

static inline void img__auto_changes(struct changes *changes)
{
    img__buf_free(&changes->lines);
    img__buf_free(&changes->log);
    img__buf_free(&changes->last);
}

static inline void changes_log(int level, const char *line, void *arg)
{
    struct changes *changes = arg;
    assert_int_equal(level, IMG_LOG_WARNING);
    img__buf_printf(&changes->log, "%s\n", line);
}

/* The order is that of a layer (C1, C2), with removals as their whiteouts. */
static inline void changes_in_order(struct changes *changes, enum diff_kind kind, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    auto_free char *real = NULL;
    if (kind == DIFF_REMOVED)
        assert_true(asprintf(&real, "%.*s.wh.%s", (int)(name - path), path, name) >= 0);
    else if (kind == DIFF_OPAQUE)
        assert_true(asprintf(&real, "%s/.wh..wh..opq", path) >= 0);
    const char *now = real ? real : path;
    if (changes->last.len > 0 && img__tar_order(changes->last.data, now) >= 0)
        fail_msg("%s comes after %s", now, changes->last.data);
    img__buf_clear(&changes->last);
    img__buf_puts(&changes->last, now);
}

static inline int changes_read(const struct entry *entry, struct source *data, img_error *err)
{
    char part[4096];
    uint64_t size = 0;
    for (ssize_t n; (n = img__source_read(data, part, sizeof(part), err)) != 0;) {
        if (n < 0)
            return (int)n;
        size += (uint64_t)n;
    }
    assert_int_equal(size, entry->size);
    return 0;
}

static inline int changes_add(enum diff_kind kind, const struct entry *entry, struct source *data,
                              void *arg, img_error *err)
{
    struct changes *changes = arg;
    changes_in_order(changes, kind, entry->path);
    if (changes->script && strcmp(changes->at, entry->path) == 0) {
        free(judge_run(changes->script));
        changes->script = NULL;
    }
    if (kind == DIFF_REMOVED || kind == DIFF_OPAQUE)
        img__buf_printf(&changes->lines, "%c %s\n", "PACMRO"[kind], entry -> path);
    else
        img__buf_printf(&changes->lines, "%c %c %s%s%s\n", "PACMRO"[kind], "fdlhcbp"[entry->type],
                        entry -> path, entry -> link ? ">" : "", entry->link ? entry->link : "");
    assert_true((data != NULL) == (kind < DIFF_REMOVED && entry->type == ENTRY_FILE));
    return data ? changes_read(entry, data, err) : 0;
}

/* The trees are t/old and t/new. */
static inline int diff_trees(struct diff_options *options, struct changes *changes, img_error *err)
{
    struct observer observer = {.on_log = changes_log, .on_log_arg = changes};
    auto_free char *before = judge_path("t/old"), *after = judge_path("t/new");
    options->scan.prefix = "";
    options->scan.observer = &observer;
    return img__diff_trees(before, after, options, changes_add, changes, err);
}

static inline void differ_with(struct diff_options options, const char *expected)
{
    img_error err;
    auto_(changes) struct changes changes = CHANGES_INIT;
    assert_ok(diff_trees(&options, &changes, &err));
    assert_string_equal(img__buf_text(&changes.lines), expected);
    assert_string_equal(img__buf_text(&changes.log), "");
}

static inline void differ(const char *expected)
{
    differ_with((struct diff_options){0}, expected);
}

/* The upper directory is t/u; lowers are names in t, ended by NULL, or NULL. */
static inline int diff_overlay(const char *const *lowers, struct diff_options *options,
                               struct changes *changes, img_error *err)
{
    struct observer observer = {.on_log = changes_log, .on_log_arg = changes};
    auto_free char *upper = judge_path("t/u");
    char *paths[8] = {NULL};
    for (size_t i = 0; lowers && lowers[i]; i++)
        paths[i] = judge_path(lowers[i]);
    options->scan.prefix = "";
    options->scan.observer = &observer;
    int rc = img__diff_overlay(upper, lowers ? (const char *const *)paths : NULL, options,
                               changes_add, changes, err);
    for (size_t i = 0; paths[i]; i++)
        free(paths[i]);
    return rc;
}

static inline void overlays(const char *const *lowers, const char *expected)
{
    img_error err;
    struct diff_options options = {0};
    auto_(changes) struct changes changes = CHANGES_INIT;
    assert_ok(diff_overlay(lowers, &options, &changes, &err));
    assert_string_equal(img__buf_text(&changes.lines), expected);
}

/* Runs in t, which is empty. Owners, devices and attributes want root. */
static inline void make(const char *script)
{
    if (geteuid() != 0)
        skip();
    auto_free char *text = NULL;
    assert_true(
        asprintf(&text, "exec 2>&1; umask 022; rm -rf t; mkdir t; cd t; set -e; %s", script) >= 0);
    judge_says(text, "");
}

#endif
