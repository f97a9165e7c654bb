/* SPDX-License-Identifier: Apache-2.0
 *
 * Looks at the options of what is added before anything is read or written.
 */
#include "ops/add_options.h"

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/options.h"

#define SET_KNOWN (IMG_ADD_MODE | IMG_ADD_UID | IMG_ADD_GID | IMG_ADD_MTIME)
#define PRESERVE_KNOWN (IMG_PRESERVE_NANOSECONDS | IMG_PRESERVE_IMA | IMG_PRESERVE_XATTRS)

#define FLAGS_KNOWN (IMG_ADD_VERBATIM | IMG_ADD_WARN_CASE)

_Static_assert(sizeof(img_add_options) == offsetof(img_add_options, chmod) + sizeof(void *),
               "no tail padding: a new field could hide in it");

static int check(const img_add_options *options, img_error *err)
{
    if ((options->set & ~SET_KNOWN) || (options->preserve & ~PRESERVE_KNOWN) ||
        (options->flags & ~FLAGS_KNOWN))
        return img__fail(err, IMG_EINVAL, "img_add_options has bits that are not known");
    if ((options->set & IMG_ADD_MODE) && options->mode > 07777)
        return img__fail(err, IMG_EINVAL, "mode %o is out of range: 0 to 7777", options->mode);
    if (((options->set & IMG_ADD_UID) && options->uid > ENTRY_ID_MAX) ||
        ((options->set & IMG_ADD_GID) && options->gid > ENTRY_ID_MAX))
        return img__fail(err, IMG_EINVAL, "4294967295 is no user or group: it means none");
    return 0;
}

static bool any(const char *const *list)
{
    return list && list[0];
}

/* The bytes stay as they are, so nothing else can be asked for. */
static int check_verbatim(const img_add_options *options, img_error *err)
{
    bool more = options->set || options->preserve || options->chown || options->chmod ||
                options->ignore_file || any(options->exclude) || any(options->uid_map) ||
                any(options->gid_map);
    if (!(options->flags & IMG_ADD_VERBATIM) || !more)
        return 0;
    return img__fail(err, IMG_EINVAL,
                     "an archive that is taken verbatim keeps its owners, modes, times and "
                     "attributes, and nothing of it is left out");
}

static unsigned keep_of(uint32_t preserve)
{
    return (preserve & IMG_PRESERVE_NANOSECONDS ? ENTRY_KEEP_NANOSECONDS : 0) |
           (preserve & IMG_PRESERVE_IMA ? ENTRY_KEEP_IMA : 0) |
           (preserve & IMG_PRESERVE_XATTRS ? ENTRY_KEEP_XATTRS : 0);
}

static void set_scan(img_build *build, struct add_options *out)
{
    const img_add_options *given = &out->given;
    out->scan = (struct scan_options){
        .prefix = "",
        .set_mode = given->set & IMG_ADD_MODE,
        .set_uid = given->set & IMG_ADD_UID,
        .set_gid = given->set & IMG_ADD_GID,
        .set_mtime = given->set & IMG_ADD_MTIME,
        .has_epoch = build->options.has_epoch,
        .mode = given->mode,
        .uid = given->uid,
        .gid = given->gid,
        .keep = keep_of(given->preserve),
        .mtime = given->mtime,
        .epoch = build->options.epoch,
        .chmod = given->chmod ? &out->chmod : NULL,
        .id_map = img__id_map_is_empty(&out->id_map) ? NULL : &out->id_map,
        .ignore = out->ignore,
        .observer = &build->observer,
        .inputs = build->inputs,
    };
}

static int take_ranges(const char *const *list, bool is_gid, struct id_map *map, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && list[i]; i++)
        rc = img__id_map_add_text(map, is_gid, list[i], err);
    return rc;
}

static int take_maps(const img_add_options *given, struct id_map *map, img_error *err)
{
    static const char *const none[] = {NULL};
    const char *const *uids = given->uid_map ? given->uid_map : none;
    const char *const *gids = given->gid_map ? given->gid_map : none;
    int rc = take_ranges(uids[0] ? uids : gids, false, map, err);
    return rc ? rc : take_ranges(gids[0] ? gids : uids, true, map, err);
}

/* What there is to say of it without an image. */
static int check_owner(const char *text, img_error *err)
{
    size_t len = text ? strcspn(text, ":") : 1;
    bool bad = len == 0 || (text && text[len] == ':' && !text[len + 1]);
    for (const char *at = text; at && *at && !bad; at++)
        bad = (unsigned char)*at <= ' ' || *at == 0x7f || (*at == ':' && at != text + len);
    return bad ? img__fail(err, IMG_EINVAL, "'%s' is no owner: USER or USER:GROUP", text) : 0;
}

static int read_ignore_file(const char *path, struct ignore *ignore, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(IGNORE_FILE_MAX);
    int rc = img__fs_read(AT_FDCWD, path, &text, err);
    return rc ? rc : img__ignore_add_lines(ignore, &text, path, err);
}

static int take_rules(const img_add_options *given, struct add_options *out, img_error *err)
{
    int rc = 0;
    if (!given->ignore_file && !given->exclude)
        return 0;
    rc = img__ignore_new(&out->ignore, err);
    if (rc == 0 && given->ignore_file)
        rc = read_ignore_file(given->ignore_file, out->ignore, err);
    for (size_t i = 0; rc == 0 && given->exclude && given->exclude[i]; i++)
        rc = img__ignore_add(out->ignore, given->exclude[i], "exclude", err);
    return rc;
}

void img__add_options_free(struct add_options *options)
{
    img__id_map_free(&options->id_map);
    img__ignore_free(options->ignore);
}

static int take(const img_add_options *options, struct add_options *out, img_error *err)
{
    out->given = (img_add_options)IMG_ADD_OPTIONS_INIT;
    int rc = img__options_copy(&out->given, sizeof(out->given), options, "img_add_options", err);
    if (rc == 0)
        rc = check(&out->given, err);
    if (rc == 0)
        rc = check_verbatim(&out->given, err);
    if (rc == 0 && out->given.chmod)
        rc = img__mode_change_parse(out->given.chmod, &out->chmod, err);
    if (rc == 0)
        rc = check_owner(out->given.chown, err);
    if (rc == 0)
        rc = take_maps(&out->given, &out->id_map, err);
    return rc ? rc : take_rules(&out->given, out, err);
}

int img__add_options_take(img_build *build, const img_add_options *options, struct add_options *out,
                          img_error *err)
{
    int rc = take(options, out, err);
    if (rc)
        return rc;
    set_scan(build, out);
    if (!out->given.ignore_file)
        return 0;
    return img__input(&build->inputs, out->given.ignore_file, IMG_INPUT_FILE, err);
}

int img_add_options_check(const img_add_options *options, img_error *err)
{
    auto_(add_options) struct add_options taken = {0};
    return take(options, &taken, err);
}
