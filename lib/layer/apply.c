/* SPDX-License-Identifier: Apache-2.0
 *
 * Layer upon layer, entry after entry, in the order of the stream. Whatever goes wrong with an
 * entry says which layer, which entry and at which byte; limits count over all layers.
 */
#include "layer/apply.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include "base/text.h"
#include "layer/apply_internal.h"

#define WARNINGS_MAX 100u /* of an apply */

/* ---- for all parts ---- */

void img__apply_warn(struct apply *apply, const char *format, ...)
{
    auto_(buf) struct buf text = BUF_INIT(2048);
    char reason[1024];
    va_list args;
    if (!apply->options.observer || apply->warnings > WARNINGS_MAX)
        return;
    if (apply->warnings++ == WARNINGS_MAX) {
        img__log(apply->options.observer, IMG_LOG_WARNING, "%s: there are more warnings",
                 apply->name);
        return;
    }
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    img__buf_printf(&text, "%s: ", apply->name);
    if (apply->entry)
        img__buf_printf(&text, "entry '%.512s': ", apply->entry->path);
    img__buf_puts(&text, reason);
    img__log(apply->options.observer, IMG_LOG_WARNING, "%s", img__buf_text(&text));
}

int img__apply_count(struct apply *apply, img_error *err)
{
    uint64_t limit = apply->options.max_entries;
    if (++apply->entries > limit && limit)
        return img__fail(err, IMG_ELIMIT,
                         "the image has more than %" PRIu64
                         " entries, which is the limit; max_entries raises it",
                         limit);
    return 0;
}

static int count_bytes(struct apply *apply, uint64_t bytes, img_error *err)
{
    uint64_t limit = apply->options.max_bytes;
    if (__builtin_add_overflow(apply->bytes, bytes, &apply->bytes) ||
        (limit && apply->bytes > limit))
        return img__fail(err, IMG_ELIMIT,
                         "the image unpacks to more than %" PRIu64
                         " bytes, which is the limit; max_bytes raises it",
                         limit);
    return 0;
}

int img__apply_unset(struct apply *apply, const char *what, img_error *err)
{
    const struct apply_options *options = &apply->options;
    return options->unset ? options->unset(apply->entry, what, options->unset_arg, err) : 0;
}

/* ---- life ---- */

static int map_implied(struct apply *apply, img_error *err)
{
    const struct apply_options *options = &apply->options;
    apply->implied_uid = apply->uid;
    apply->implied_gid = apply->gid;
    if (!options->owners)
        return 0;
    if (!img__id_map_to_host(options->id_map, false, 0, &apply->implied_uid) ||
        !img__id_map_to_host(options->id_map, true, 0, &apply->implied_gid))
        return img__fail(err, IMG_EINVAL, "user or group 0 has no id on this machine: map it");
    return 0;
}

static uint64_t file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

int img__apply_new(int root_fd, const struct apply_options *options, struct apply **out,
                   img_error *err)
{
    auto_fd int fd = root_fd;
    auto_(apply) struct apply *apply = calloc(1, sizeof(*apply));
    if (!apply)
        return img__fail_memory(err);
    apply->options = *options;
    for (unsigned i = 0; i < PARENTS_KEPT; i++)
        apply->parents[i] = (struct parent){.fd = -1, .path = BUF_INIT(ENTRY_PATH_MAX)};
    apply->uid = geteuid();
    apply->gid = getegid();
    apply->file_max = file_limit();
    apply->chunk = malloc(APPLY_CHUNK);
    if (!apply->chunk)
        return img__fail_memory(err);
    int rc = map_implied(apply, err);
    if (!rc)
        rc = img__dirs_init(&apply->dirs, err);
    if (!rc && options->threads > 1)
        rc = img__batches_new(options->threads, &apply->batches, err);
    if (!rc)
        rc = img__root_open(steal_fd(fd), &apply->root, err);
    if (rc)
        return rc;
    if (options->new_root)
        img__apply_make_implied(apply, DIR_ROOT);
    *out = steal(apply);
    return 0;
}

void img__apply_free(struct apply *apply)
{
    if (!apply)
        return;
    img__batches_free(apply->batches);
    for (unsigned i = 0; i < PARENTS_KEPT; i++) {
        img__handle_drop(apply->parents[i].handle);
        img__buf_free(&apply->parents[i].path);
    }
    for (size_t i = 0; i < apply->late_count; i++) {
        free(apply->late[i].name);
        free(apply->late[i].value);
    }
    free(apply->late);
    img__strv_free(&apply->warned);
    img__path_set_free(&apply->brought);
    img__path_set_free(&apply->skipped);
    img__dirs_free(&apply->dirs);
    img__root_free(apply->root);
    free(apply->chunk);
    free(apply);
}

uint64_t img__apply_entries(const struct apply *apply)
{
    return apply->entries;
}

uint64_t img__apply_bytes(const struct apply *apply)
{
    return apply->bytes;
}

/* ---- a layer ---- */

/* A directory on the way that is a whiteout. Those of aufs, which old layers have, are skipped. */
static int check_way(struct apply *apply, const struct entry *entry, bool *skip, img_error *err)
{
    for (const char *at = entry->path, *slash; (slash = strchr(at, '/')); at = slash + 1) {
        if (at[0] != '.' || !img__text_starts(at, WHITEOUT))
            continue;
        if (!img__text_starts(at, WHITEOUT_META))
            return img__fail(err, IMG_EFORMAT, "it is beneath a whiteout");
        img__apply_warn(apply, "a file of aufs is ignored");
        *skip = true;
        break;
    }
    return 0;
}

static int take(struct apply *apply, const struct entry *entry, img_error *err)
{
    bool skip = false;
    const char *slash = strrchr(entry->path, '/');
    int rc = img__apply_count(apply, err);
    if (!rc)
        rc = count_bytes(apply, entry->size, err);
    if (!rc)
        rc = check_way(apply, entry, &skip, err);
    if (rc || skip)
        return rc;
    return img__text_starts(slash ? slash + 1 : entry->path, WHITEOUT)
               ? img__apply_whiteout(apply, entry, err)
               : img__apply_entry(apply, entry, err);
}

/* The reader has said where it failed; the rest has not. */
static int locate(const struct apply *apply, int rc, img_error *err)
{
    if (rc != IMG_ENOMEM && !apply->located)
        img__prefix(err, rc, "%s: entry '%.512s' at byte %" PRIu64, apply->name,
                    apply->entry->path[0] ? apply->entry->path : "/",
                    img__tar_reader_offset(apply->reader));
    return rc;
}

static int take_all(struct apply *apply, img_error *err)
{
    for (;;) {
        int rc = img__tar_reader_next(apply->reader, &apply->entry, err);
        if (rc <= 0)
            return rc;
        rc = take(apply, apply->entry, err);
        if (rc)
            return locate(apply, rc, err);
    }
}

/* All threads are done with the layer. What went wrong on one of them came first in it. */
static int settle(struct apply *apply, int rc, img_error *err)
{
    img_error before;
    int first = img__batches_settle(apply->batches, &before);
    if (first && err)
        *err = before;
    return first ? first : rc;
}

static void close_listing(DIR **listing)
{
    if (*listing)
        closedir(*listing);
}

/* Whether there is nothing in the root: then all that is found in it comes from this layer. What it
 * hands down to what is made in it is not the image's. */
static int look_at_root(struct apply *apply, img_error *err)
{
    auto_fd int fd = img__root_open_directory(apply->root, "", 0, O_RDONLY);
    __attribute__((cleanup(close_listing))) DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing)
        return img__fail_errno(err, "%s: can't list the directory that it is for", apply->name);
    steal_fd(fd);
    apply->fresh = true;
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(listing)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            apply->fresh = false;
    if (errno)
        return img__fail_errno(err, "%s: can't list the directory that it is for", apply->name);
    if (apply->fresh)
        fremovexattr(dirfd(listing), "system.posix_acl_default");
    return 0;
}

int img__apply_layer(struct apply *apply, struct source *tar, const char *name, img_error *err)
{
    auto_(tar_reader) struct tar_reader *reader = NULL;
    int rc = img__tar_reader_new(tar, name, &reader, err);
    if (rc)
        return rc;
    img__tar_reader_compat(reader, apply->options.compat);
    apply->reader = reader;
    apply->name = name;
    apply->entry = NULL;
    apply->located = false;
    apply->fresh = false;
    img__path_set_free(&apply->brought);
    if (apply->layer++ == 0)
        rc = look_at_root(apply, err);
    if (!rc)
        rc = take_all(apply, err);
    rc = settle(apply, rc, err);
    apply->reader = NULL;
    apply->entry = NULL;
    apply->name = "";
    return rc;
}
