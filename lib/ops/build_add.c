/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers from files, directories and archives.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/options.h"
#include "layer/import.h"
#include "layer/scan.h"
#include "ops/build_layer.h"

_Static_assert(sizeof(img_add_options) == sizeof(size_t) + 4 * sizeof(uint32_t), "no padding");

static bool is_directory_below(const struct view *view, const char *path)
{
    const struct entry *entry = view ? img__view_find(view, path) : NULL;
    return entry && entry->type == ENTRY_DIRECTORY;
}

static int add_entry(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct layering *layering = arg;
    int rc = img__layering_check_below(layering, entry, err);
    if (rc)
        return rc;
    /* The place itself, where it is there already, stays as it is. */
    if (entry->type == ENTRY_DIRECTORY && strcmp(entry->path, layering->prefix) == 0 &&
        is_directory_below(layering->view, entry->path))
        return img__layering_directory(layering, entry->path, err);
    return img__layering_entry(layering, entry, data, err);
}

static int add_options_check(const img_add_options *options, img_error *err)
{
    if (options->set & ~(IMG_ADD_MODE | IMG_ADD_UID | IMG_ADD_GID))
        return img__fail(err, IMG_EINVAL, "img_add_options.set has bits that are not known");
    if ((options->set & IMG_ADD_MODE) && options->mode > 07777)
        return img__fail(err, IMG_EINVAL, "mode %o is out of range: 0 to 7777", options->mode);
    if (((options->set & IMG_ADD_UID) && options->uid > ENTRY_ID_MAX) ||
        ((options->set & IMG_ADD_GID) && options->gid > ENTRY_ID_MAX))
        return img__fail(err, IMG_EINVAL, "4294967295 is no user or group: it means none");
    return 0;
}

static struct scan_options scan_options_of(const img_build *build, const img_add_options *options,
                                           const char *prefix, struct observer *observer)
{
    return (struct scan_options){
        .prefix = prefix,
        .set_mode = options->set & IMG_ADD_MODE,
        .set_uid = options->set & IMG_ADD_UID,
        .set_gid = options->set & IMG_ADD_GID,
        .has_epoch = build->options.has_epoch,
        .mode = options->mode,
        .uid = options->uid,
        .gid = options->gid,
        .epoch = build->options.epoch,
        .observer = observer,
    };
}

/* destination, below the working directory if it is relative, in the form of entry.path. */
static int normal_destination(const img_build *build, const char *destination, char **out,
                              img_error *err)
{
    const char *workdir = img__config_field(&build->config, "workdir");
    auto_free char *full = NULL;
    if (asprintf(&full, "%s/%s", destination[0] == '/' || !workdir ? "" : workdir, destination) <
        0) {
        full = NULL;
        return img__fail_memory(err);
    }
    return img__entry_normal_path(full, out, err);
}

/* Does it say so itself, as "bin/", "." and "" do? */
static bool says_directory(const char *destination)
{
    const char *slash = strrchr(destination, '/');
    const char *last = slash ? slash + 1 : destination;
    return !*last || strcmp(last, ".") == 0;
}

/* path/base-name-of-source */
static int append_name(const char *path, const char *source, char **out, img_error *err)
{
    const char *slash = strrchr(source, '/');
    auto_free char *joined = NULL;
    if (asprintf(&joined, "%s/%s", path, slash ? slash + 1 : source) < 0) {
        joined = NULL;
        return img__fail_memory(err);
    }
    return img__entry_normal_path(joined, out, err);
}

/* Where source goes: links below are followed, and a file goes into a directory. */
static int place_source(const struct layering *layering, const char *source, bool directory,
                        const char *destination, char **out, img_error *err)
{
    auto_free char *path = NULL;
    int rc = normal_destination(layering->build, destination, &path, err);
    if (rc)
        return rc;
    auto_free char *resolved = layering->view ? NULL : strdup(path);
    if (layering->view)
        rc = img__view_resolve(layering->view, path, true, &resolved, err);
    else if (!resolved)
        rc = img__fail_memory(err);
    if (rc)
        return rc;
    bool into = says_directory(destination) || resolved[0] == '\0' ||
                is_directory_below(layering->view, resolved);
    if (!directory && into)
        return append_name(resolved, source, out, err);
    *out = steal(resolved);
    return 0;
}

/* The layer from a scan, once it is known where it goes. */
static int add_scanned(struct layering *layering, const char *source,
                       const img_add_options *options, img_error *err)
{
    img_build *build = layering->build;
    struct scan_options scan = scan_options_of(build, options, layering->prefix, &build->observer);
    int rc = img__layering_begin(layering, err);
    if (rc)
        return rc;
    img__pack_sorted(layering->pack);
    rc = img__layering_parents(layering, layering->prefix, "", err);
    if (rc == 0)
        rc = img__scan(source, &scan, add_entry, layering, err);
    return rc ? rc : img__layering_end(layering, err);
}

static int add_path(img_build *build, const char *source, const char *destination,
                    const img_add_options *options, img_error *err)
{
    struct stat st;
    if (stat(source, &st) != 0)
        return img__fail_errno(err, "cannot read %s", source);
    auto_(layering) struct layering layering = {.build = build};
    int rc = img__layering_look_below(build, &layering.view, err);
    if (rc)
        return rc;
    auto_free char *prefix = NULL;
    rc = place_source(&layering, source, S_ISDIR(st.st_mode), destination, &prefix, err);
    if (rc)
        return rc;
    layering.prefix = prefix;
    auto_free char *what = NULL;
    if (asprintf(&what, "add /%s", prefix) < 0) {
        what = NULL;
        return img__fail_memory(err);
    }
    layering.what = what;
    return add_scanned(&layering, source, options, err);
}

int img_build_add_path(img_build *build, const char *source, const char *destination,
                       const img_add_options *options, img_error *err)
{
    img_add_options own = IMG_ADD_OPTIONS_INIT;
    int rc = img__options_copy(&own, sizeof(own), options, "img_add_options", err);
    if (rc == 0)
        rc = add_options_check(&own, err);
    if (rc == 0)
        rc = add_path(build, source, destination, &own, err);
    return rc ? img__prefix(err, rc, "add %s", source) : 0;
}

/* Does the way to path lead through a link of the layers below? */
static int passes_link(const struct view *view, const char *path, bool *passes, img_error *err)
{
    auto_free char *way = strdup(path);
    if (!way)
        return img__fail_memory(err);
    *passes = false;
    for (char *slash = strchr(way, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const struct entry *below = img__view_find(view, way);
        *slash = '/';
        if (!below || below->type != ENTRY_DIRECTORY) {
            *passes = below && below->type == ENTRY_SYMLINK;
            return 0;
        }
    }
    return 0;
}

/* path as it is below, if it leads through links there; else *out stays. */
static int resolve_parents(const struct view *view, const char *path, char **out, img_error *err)
{
    bool passes;
    int rc = passes_link(view, path, &passes, err);
    return rc || !passes ? rc : img__view_resolve(view, path, false, out, err);
}

static int add_archive_entry(const struct entry *entry, struct source *data, void *arg,
                             img_error *err)
{
    struct layering *layering = arg;
    auto_free char *path = NULL, *link = NULL;
    struct entry placed = *entry;
    int rc = img__layering_check_below(layering, entry, err);
    if (rc == 0 && layering->view)
        rc = resolve_parents(layering->view, entry->path, &path, err);
    if (rc == 0 && layering->view && entry->type == ENTRY_HARDLINK)
        rc = resolve_parents(layering->view, entry->link, &link, err);
    if (rc)
        return rc;
    if (path)
        placed.path = path;
    if (link)
        placed.link = link;
    return img__layering_entry(layering, &placed, data, err);
}

int img_build_add_archive(img_build *build, const char *path, img_error *err)
{
    static const img_add_options none = IMG_ADD_OPTIONS_INIT;
    auto_(layering) struct layering layering = {.build = build, .what = "add an archive"};
    struct scan_options options = scan_options_of(build, &none, "", &build->observer);
    int rc = img__layering_look_below(build, &layering.view, err);
    if (rc == 0)
        rc = img__layering_begin(&layering, err);
    if (rc == 0)
        rc = img__import(path, &options, add_archive_entry, &layering, err);
    if (rc == 0)
        rc = img__layering_end(&layering, err);
    return rc ? img__prefix(err, rc, "layer %s", path) : 0;
}
