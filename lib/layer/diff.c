/* SPDX-License-Identifier: Apache-2.0
 *
 * The two ways to a diff: from one tree to another, and from the upper directory of an overlay,
 * which is a new tree that says itself what it removes. Both are one walk (layers.md D1).
 */
#include "layer/diff.h"

#include <unistd.h>

#include "layer/diff_internal.h"

/* Some hundredths of a second. */
#define WORK_MAX ((uint64_t)16 * 1024 * 1024)

static void img__auto_diff(struct diff *diff)
{
    img__scan_free(&diff->scan);
    img__below_free(&diff->below);
    img__link_groups_free(&diff->links);
}

int img__diff_work(struct diff *diff, uint64_t bytes, img_error *err)
{
    diff->work += bytes;
    if (diff->work < WORK_MAX || !diff->options->idle)
        return 0;
    diff->work = 0;
    return diff->options->idle(diff->options->idle_arg, err);
}

static int forward(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct diff *diff = arg;
    return diff->fn(diff->kind, entry, data, diff->arg, err);
}

static int run(struct diff *diff, const char *path, const char *const *below, img_error *err)
{
    const struct scan_options *options = &diff->options->scan;
    diff->path = path;
    diff->scan.fn = forward;
    diff->scan.arg = diff;
    diff->has_below = below;
    int rc = img__scan_init(&diff->scan, path, options, err);
    if (rc == 0 && below)
        rc = img__below_init(&diff->below, below, diff->overlay, options, err);
    return rc ? rc : img__diff_walk(diff, err);
}

int img__diff_trees(const char *old_tree, const char *new_tree, const struct diff_options *options,
                    diff_fn fn, void *arg, img_error *err)
{
    const char *const below[] = {old_tree, NULL};
    auto_(diff) struct diff diff = {.options = options, .fn = fn, .arg = arg};
    return run(&diff, new_tree, below, err);
}

int img__diff_overlay(const char *upper, const char *const *lowers,
                      const struct diff_options *options, diff_fn fn, void *arg, img_error *err)
{
    auto_(diff) struct diff diff = {.options = options, .fn = fn, .arg = arg, .overlay = true};
    int rc = run(&diff, upper, lowers, err);
    if (rc == 0 && !diff.seen_by_user && geteuid() != 0)
        img__log(options->scan.observer, IMG_LOG_WARNING,
                 "%s: only root sees which directories are opaque, unless the overlay was mounted "
                 "with userxattr",
                 upper);
    return rc;
}
