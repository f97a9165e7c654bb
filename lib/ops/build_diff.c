/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers from what changed: between two trees, or in an overlay. A whiteout is only written for
 * what is there in the layers below, if there are any (layers.md C21): whoever builds on another
 * base than the old tree gets no removals of nothing.
 */
#include <string.h>

#include "base/options.h"
#include "layer/diff.h"
#include "ops/add_options.h"
#include "ops/build_layer.h"

_Static_assert(sizeof(img_diff_options) == sizeof(size_t) + 2 * sizeof(uint32_t), "no padding");

struct differing {
    struct layering layering;
    struct add_options add;
    struct diff_options diff;
    img_diff_counts counts;
};

static void count(struct differing *self, enum diff_kind kind, const char *path)
{
    img_diff_counts *counts = &self->counts;
    const struct {
        const char *word; /* NULL: it is no change */
        uint64_t *count;
    } rows[] = {
        [DIFF_PARENT] = {NULL, NULL},
        [DIFF_ADDED] = {"added", &counts->added},
        [DIFF_CHANGED] = {"changed", &counts->changed},
        [DIFF_METADATA] = {"metadata", &counts->metadata},
        [DIFF_REMOVED] = {"removed", &counts->removed},
        [DIFF_OPAQUE] = {"emptied", &counts->removed},
    };
    if (!rows[kind].word)
        return;
    ++*rows[kind].count;
    img__log(&self->layering.build->observer, IMG_LOG_INFO, "%s: /%s", rows[kind].word, path);
}

static int write_change(enum diff_kind kind, const struct entry *entry, struct source *data,
                        void *arg, img_error *err)
{
    struct differing *self = arg;
    struct layering *layering = &self->layering;
    count(self, kind, entry->path);
    if (kind == DIFF_REMOVED)
        return img__pack_whiteout(layering->pack, entry->path, err);
    if (kind == DIFF_OPAQUE)
        return img__pack_opaque(layering->pack, entry->path, err);
    /* What became a directory is meant to replace what is below, even a link. */
    int rc = kind == DIFF_CHANGED ? 0 : img__layering_check_below(layering, entry, err);
    if (rc)
        return rc;
    if (kind == DIFF_PARENT)
        return img__pack_parent(layering->pack, entry, err);
    return img__layering_entry(layering, entry, data, err);
}

static bool is_below(const char *path, const void *arg)
{
    return img__view_find(arg, path) != NULL;
}

static int go_on(void *arg, img_error *err)
{
    struct layering *layering = arg;
    return img__item_idle(&layering->item, err);
}

static int take_options(struct differing *self, const img_diff_options *options, img_error *err)
{
    img_diff_options own = IMG_DIFF_OPTIONS_INIT;
    img_add_options add = IMG_ADD_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_diff_options", err);
    if (rc == 0 && (own.flags & ~IMG_DIFF_IGNORE_MTIME))
        rc = img__fail(err, IMG_EINVAL, "img_diff_options has flags that are not known");
    add.preserve = own.preserve;
    if (rc == 0)
        rc = img__add_options_take(self->layering.build, &add, &self->add, err);
    self->diff.scan = self->add.scan;
    self->diff.ignore_mtime = own.flags & IMG_DIFF_IGNORE_MTIME;
    return rc;
}

static int begin(struct differing *self, const img_diff_options *options, img_error *err)
{
    struct layering *layering = &self->layering;
    int rc = take_options(self, options, err);
    if (rc == 0)
        rc = img__layering_look_below(layering->build, &layering->view, err);
    if (rc == 0)
        rc = img__layering_begin(layering, err);
    if (rc)
        return rc;
    img__pack_sorted(layering->pack);
    if (self->diff.scan.keep & ENTRY_KEEP_NANOSECONDS)
        img__pack_nanoseconds(layering->pack);
    self->diff.is_below = layering->view ? is_below : NULL;
    self->diff.is_below_arg = layering->view;
    self->diff.idle = go_on;
    self->diff.idle_arg = layering;
    return 0;
}

static int add_diff(struct differing *self, const char *old_tree, const char *new_tree,
                    const img_diff_options *options, img_error *err)
{
    int rc = begin(self, options, err);
    if (rc == 0)
        rc = img__diff_trees(old_tree, new_tree, &self->diff, write_change, self, err);
    return rc ? rc : img__layering_end(&self->layering, err);
}

static int add_overlay(struct differing *self, const char *upper, const char *const *lowers,
                       const img_diff_options *options, img_error *err)
{
    int rc = begin(self, options, err);
    if (rc == 0)
        rc = img__diff_overlay(upper, lowers && *lowers ? lowers : NULL, &self->diff, write_change,
                               self, err);
    return rc ? rc : img__layering_end(&self->layering, err);
}

static void img__auto_differing(struct differing *self)
{
    img__auto_layering(&self->layering);
}

int img_build_add_diff(img_build *build, const char *old_tree, const char *new_tree,
                       const img_diff_options *options, img_diff_counts *counts, img_error *err)
{
    auto_(differing) struct differing self = {
        .layering = {.build = build, .what = "add the changes of a tree"}};
    int rc = add_diff(&self, old_tree, new_tree, options, err);
    if (rc)
        return img__prefix(err, rc, "diff %s %s", old_tree, new_tree);
    if (counts)
        *counts = self.counts;
    return 0;
}

int img_build_add_overlay(img_build *build, const char *upper, const char *const *lowers,
                          const img_diff_options *options, img_diff_counts *counts, img_error *err)
{
    auto_(differing) struct differing self = {
        .layering = {.build = build, .what = "add the changes of an overlay"}};
    int rc = add_overlay(&self, upper, lowers, options, err);
    if (rc)
        return img__prefix(err, rc, "overlay %s", upper);
    if (counts)
        *counts = self.counts;
    return 0;
}
