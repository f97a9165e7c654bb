/* SPDX-License-Identifier: Apache-2.0
 *
 * Layers from files, directories and archives.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "layer/import.h"
#include "ops/add_owner.h"
#include "ops/build_parents.h"
#include "ops/build_verbatim.h"
#include "ops/reuse.h"

static bool is_directory_below(const struct view *view, const char *path)
{
    const struct entry *entry = view ? img__view_find(view, path) : NULL;
    return entry && entry->type == ENTRY_DIRECTORY;
}

static int add_entry(const struct entry *entry, struct source *data, void *arg, img_error *err)
{
    struct layering *layering = arg;
    int rc = img__layering_check_below(layering, entry, err);
    if (rc == 0)
        rc = img__layering_check_case(layering, entry->path, err);
    if (rc)
        return rc;
    /* The place itself, where it is there already, stays as it is. */
    if (entry->type == ENTRY_DIRECTORY && strcmp(entry->path, layering->prefix) == 0 &&
        is_directory_below(layering->view, entry->path))
        return img__layering_directory(layering, entry->path, err);
    return img__layering_entry(layering, entry, data, err);
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

static int begin_at_prefix(struct layering *layering, struct add_options *options, img_error *err)
{
    options->scan.prefix = layering->prefix;
    int rc = img__layering_begin(layering, err);
    if (rc == 0 && (options->scan.keep & ENTRY_KEEP_NANOSECONDS))
        img__pack_nanoseconds(layering->pack);
    return rc;
}

/* The layer from a scan, once it is known where it goes. */
static int add_scanned(struct layering *layering, const char *source, struct add_options *options,
                       img_error *err)
{
    int rc = begin_at_prefix(layering, options, err);
    if (rc)
        return rc;
    img__pack_sorted(layering->pack);
    rc = img__layering_parents(layering, layering->prefix, "", err);
    if (rc == 0)
        rc = img__scan(source, &options->scan, add_entry, layering, err);
    return rc ? rc : img__layering_end(layering, err);
}

/* What is below, and what is looked for. */
static int open_layering(struct layering *layering, const struct add_options *options,
                         img_error *err)
{
    int rc = img__layering_look_below(layering->build, &layering->view, err);
    if (rc == 0 && (options->given.flags & IMG_ADD_WARN_CASE))
        rc = img__fold_new(&layering->fold, err);
    return rc;
}

/* The layer is not known upon those below. */
static int make_layer(img_build *build, const struct reuse_input *input,
                      struct add_options *options, struct reuse *reuse, img_error *err)
{
    auto_(layering) struct layering layering = {.build = build};
    int rc = open_layering(&layering, options, err);
    if (rc)
        return rc;
    auto_free char *prefix = NULL;
    rc = place_source(&layering, input->source, input->directory, input->destination, &prefix, err);
    if (rc)
        return rc;
    layering.prefix = prefix;
    rc = img__add_owner(&layering, options, err);
    if (rc)
        return rc;
    auto_free char *what = NULL;
    if (asprintf(&what, "add /%s", prefix) < 0) {
        what = NULL;
        return img__fail_memory(err);
    }
    layering.what = what;
    bool found = false;
    rc = img__reuse_find_alike(reuse, &layering, &options->scan, &found, err);
    if (rc || found)
        return rc;
    rc = img__reuse_watch(reuse, &options->scan, err);
    if (rc == 0)
        rc = add_scanned(&layering, input->source, options, err);
    if (rc == 0)
        img__reuse_keep(reuse, &layering);
    return rc;
}

static int add_path(img_build *build, const char *source, const char *destination,
                    struct add_options *options, img_error *err)
{
    struct stat st;
    if (options->given.flags & IMG_ADD_VERBATIM)
        return img__fail(err, IMG_EINVAL, "only a tar can be added verbatim");
    if (stat(source, &st) != 0)
        return img__fail_errno(err, "cannot read %s", source);
    auto_free char *path = NULL;
    int rc = normal_destination(build, destination, &path, err);
    if (rc)
        return rc;
    const struct reuse_input input = {
        .source = source,
        .directory = S_ISDIR(st.st_mode),
        .root = S_ISDIR(st.st_mode) && !path[0],
        .destination = destination,
        .options = options,
    };
    auto_(reuse) struct reuse reuse = {0};
    bool found = false;
    rc = img__reuse_begin(&reuse, build, &input, err);
    if (rc == 0)
        rc = img__reuse_find(&reuse, &found, err);
    return rc || found ? rc : make_layer(build, &input, options, &reuse, err);
}

int img_build_add_path(img_build *build, const char *source, const char *destination,
                       const img_add_options *options, img_error *err)
{
    auto_(add_options) struct add_options own = {0};
    int rc = img__add_options_take(build, options, &own, err);
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

struct archiving {
    struct layering *layering;
    struct parents parents;
};

static void img__auto_archiving(struct archiving *archiving)
{
    img__parents_free(&archiving->parents);
}

static int add_archive_entry(const struct entry *entry, struct source *data, void *arg,
                             img_error *err)
{
    struct archiving *archiving = arg;
    struct layering *layering = archiving->layering;
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
    rc = img__layering_check_case(layering, placed.path, err);
    if (rc == 0)
        rc = img__parents_note(&archiving->parents, placed.path, err);
    return rc ? rc : img__layering_entry(layering, &placed, data, err);
}

/* The directory that the archive goes to, which it does not give, and those above it. */
static int write_above(struct archiving *archiving, img_error *err)
{
    struct layering *layering = archiving->layering;
    auto_free char *way = strdup(layering->prefix);
    if (!way)
        return img__fail_memory(err);
    for (char *at = way; *at;) {
        char *slash = strchrnul(at, '/'), was = *slash;
        *slash = '\0';
        int rc = img__parents_note(&archiving->parents, way, err);
        if (rc == 0)
            rc = img__layering_directory(layering, way, err);
        if (rc)
            return rc;
        *slash = was;
        at = was ? slash + 1 : slash;
    }
    return 0;
}

/* The layer from an archive, once it is known where it goes. */
static int add_imported(struct layering *layering, const char *path, struct add_options *options,
                        img_error *err)
{
    auto_(archiving) struct archiving archiving = {.layering = layering};
    int rc = begin_at_prefix(layering, options, err);
    if (rc == 0)
        rc = write_above(&archiving, err);
    if (rc == 0)
        rc = img__import(path, &options->scan, add_archive_entry, &archiving, err);
    if (rc == 0)
        rc = img__parents_end(&archiving.parents, layering, err);
    return rc ? rc : img__layering_end(layering, err);
}

static int add_archive(img_build *build, const char *path, const char *destination,
                       struct add_options *options, img_error *err)
{
    auto_(layering) struct layering layering = {.build = build, .what = "add an archive"};
    auto_free char *prefix = NULL;
    bool verbatim = options->given.flags & IMG_ADD_VERBATIM;
    int rc = open_layering(&layering, options, err);
    if (rc == 0 && strcmp(path, "-") != 0)
        rc = img__input(&build->inputs, path, IMG_INPUT_FILE, err);
    if (rc == 0 && verbatim && destination)
        rc = img__fail(err, IMG_EINVAL, "what is added verbatim has no other destination");
    if (rc == 0 && verbatim)
        return img__layering_verbatim(&layering, path, options, err);
    if (rc == 0)
        rc = place_source(&layering, path, true, destination ? destination : "/", &prefix, err);
    if (rc == 0)
        rc = img__add_owner(&layering, options, err);
    if (rc)
        return rc;
    layering.prefix = prefix;
    return add_imported(&layering, path, options, err);
}

int img_build_add_archive(img_build *build, const char *path, const char *destination,
                          const img_add_options *options, img_error *err)
{
    auto_(add_options) struct add_options own = {0};
    int rc = img__add_options_take(build, options, &own, err);
    if (rc == 0)
        rc = add_archive(build, path, destination, &own, err);
    return rc ? img__prefix(err, rc, "layer %s", path) : 0;
}
