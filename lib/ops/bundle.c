/* SPDX-License-Identifier: Apache-2.0
 *
 * Runtime bundles. The config is made twice: once before anything is written, so that what is wrong
 * with it takes no time and leaves nothing, and once with what only the unpacked image says: who
 * its users are and whose its volumes. All of the image that is read here is read by layer/root.h,
 * which no link leads out of (layers.md X8).
 */
#include <libimg/bundle.h>

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/observe.h"
#include "base/options.h"
#include "core/runtime_config.h"
#include "layer/entry.h"
#include "layer/root.h"
#include "ops/unpack.h"
#include "ops/unpack_owners.h"
#include "ops/unpack_place.h"
#include "store/store.h"

#define USERS_MAX ((size_t)4 << 20)   /* of /etc/passwd, and of /etc/group */
#define CONFIG_MAX ((size_t)64 << 20) /* of config.json */

_Static_assert(sizeof(img_bundle_options) == 5 * sizeof(uint64_t) || sizeof(void *) != 8,
               "no padding");

struct bundle {
    img_store *store;
    const img_bundle_options *options;
    const img_unpack_options *unpack;
    struct observer observer;
    img_image *image;
    struct config config;
    struct runtime_mapping *uids, *gids;
    struct runtime_volume *volumes;
    struct runtime_options runtime;
};

static void img__auto_bundle(struct bundle *bundle)
{
    img_image_free(bundle->image);
    img__config_free(&bundle->config);
    free(bundle->uids);
    free(bundle->gids);
    free(bundle->volumes);
}

/* ---- whose it is ---- */

static int copy_ranges(const struct id_ranges *ranges, struct runtime_mapping **out, size_t *count,
                       img_error *err)
{
    *out = calloc(ranges->count + 1, sizeof(**out));
    if (!*out)
        return img__fail_memory(err);
    for (size_t i = 0; i < ranges->count; i++)
        (*out)[i] = (struct runtime_mapping){ranges->items[i].image, ranges->items[i].host,
                                             ranges->items[i].count};
    *count = ranges->count;
    return 0;
}

/* The user namespace that the tree is for. Where only users are mapped, or only groups, the others
 * are the same inside. */
static int find_mappings(struct bundle *bundle, int root_fd, img_error *err)
{
    struct id_range self_uid = {0, geteuid(), 1}, self_gid = {0, getegid(), 1};
    struct id_range same = {0, 0, USER_ID_MAX};
    auto_(unpack_owners) struct unpack_owners owners = {0};
    struct runtime_options *runtime = &bundle->runtime;
    int rc = img__unpack_owners_find(bundle->unpack, root_fd, &owners, err);
    if (rc)
        return rc;
    runtime->rootless = !owners.owners;
    struct id_ranges uids = owners.map.uids, gids = owners.map.gids;
    if (runtime->rootless) {
        uids = (struct id_ranges){&self_uid, 1};
        gids = (struct id_ranges){&self_gid, 1};
    } else if (img__id_map_is_empty(&owners.map))
        return 0;
    if (!uids.count)
        uids = (struct id_ranges){&same, 1};
    if (!gids.count)
        gids = (struct id_ranges){&same, 1};
    rc = copy_ranges(&uids, &bundle->uids, &runtime->uid_count, err);
    if (rc == 0)
        rc = copy_ranges(&gids, &bundle->gids, &runtime->gid_count, err);
    runtime->uids = bundle->uids;
    runtime->gids = bundle->gids;
    return rc;
}

static bool is_mapped(const struct runtime_mapping *map, size_t count, uint32_t id)
{
    for (size_t i = 0; i < count; i++)
        if (id >= map[i].inside && id - map[i].inside < map[i].size)
            return true;
    return count == 0;
}

/* No process of the namespace can have the other groups. Without its user and its own group nothing
 * would start; that is left to the runtime to say. */
static void keep_mapped_groups(struct bundle *bundle, struct user *user)
{
    const struct runtime_options *runtime = &bundle->runtime;
    size_t kept = 0;
    for (size_t i = 0; i < user->group_count; i++)
        if (is_mapped(runtime->gids, runtime->gid_count, user->groups[i]))
            user->groups[kept++] = user->groups[i];
    if (kept != user->group_count)
        img__log(
            &bundle->observer, IMG_LOG_WARNING,
            "%zu groups of the user are left out: the container's user namespace does not have "
            "them",
            user->group_count - kept);
    user->group_count = kept;
    if (!is_mapped(runtime->uids, runtime->uid_count, user->uid) ||
        !is_mapped(runtime->gids, runtime->gid_count, user->gid))
        img__log(
            &bundle->observer, IMG_LOG_WARNING,
            "the container's user namespace does not have its user %u:%u; no runtime will start it",
            user->uid, user->gid);
}

/* ---- what the unpacked image says ---- */

/* A file that is not there is empty. */
static int read_file(struct root *root, const char *path, struct buf *out, img_error *err)
{
    int rc = img__root_read(root, path, out, err);
    if (rc == IMG_EINVAL)
        return img__fail(err, IMG_EFORMAT, "/%s of the image is no regular file", path);
    if (rc == IMG_EFORMAT)
        return img__prefix(err, rc, "/%s of the image", path);
    return rc == IMG_ENOTFOUND ? 0 : rc;
}

static int find_user(struct bundle *bundle, struct root *root, struct user *out, img_error *err)
{
    auto_(buf) struct buf passwd = BUF_INIT(USERS_MAX);
    auto_(buf) struct buf group = BUF_INIT(USERS_MAX);
    int rc = read_file(root, "etc/passwd", &passwd, err);
    if (rc == 0)
        rc = read_file(root, "etc/group", &group, err);
    if (rc)
        return rc;
    struct user_files files = {passwd.data, passwd.len, group.data, group.len};
    rc = img__user_find(img__config_field(&bundle->config, "user"), &files, out, err);
    if (rc == 0)
        keep_mapped_groups(bundle, out);
    return rc;
}

/* Paths that lead to no directory leave it to the runtime. */
static void look_at_volume(struct root *root, const char *volume, struct runtime_volume *out)
{
    auto_free char *path = NULL;
    auto_(root_way) struct root_way way = {.fd = -1};
    struct stat st;
    if (img__entry_normal_path(volume, &path, NULL) != 0 ||
        img__root_resolve(root, path, strlen(path), NULL, &way, NULL) != 0 || way.missing)
        return;
    if (fstat(way.fd, &st) == 0)
        *out = (struct runtime_volume){true, st.st_uid, st.st_gid, st.st_mode & 07777u};
}

/* Owners are those inside only where no namespace is in between. */
static int find_volumes(struct bundle *bundle, struct root *root, img_error *err)
{
    auto_(strv) struct strv volumes = STRV_INIT;
    if (bundle->runtime.uid_count)
        return 0;
    int rc = img__config_list(&bundle->config, "volume", &volumes, err);
    if (rc)
        return rc;
    bundle->volumes = calloc(volumes.count + 1, sizeof(*bundle->volumes));
    if (!bundle->volumes)
        return img__fail_memory(err);
    for (size_t i = 0; i < volumes.count; i++)
        look_at_volume(root, volumes.items[i], &bundle->volumes[i]);
    bundle->runtime.volumes = bundle->volumes;
    return 0;
}

/* ---- the parts ---- */

static int make_config(struct bundle *bundle, int root_fd, struct buf *out, img_error *err)
{
    auto_(root) struct root *root = NULL;
    auto_(user) struct user user = USER_INIT;
    auto_fd int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return img__fail_errno(err, "cannot open rootfs");
    int rc = img__root_open(steal_fd(fd), &root, err);
    if (rc == 0)
        rc = find_mappings(bundle, root_fd, err);
    if (rc == 0)
        rc = find_user(bundle, root, &user, err);
    if (rc == 0)
        rc = find_volumes(bundle, root, err);
    return rc ? rc : img__runtime_config_write(&bundle->config, &user, &bundle->runtime, out, err);
}

/* The root of a user namespace, who is nobody outside, must find rootfs: by its group, as where
 * dockerd maps owners. All others stay out (CVE-2021-41091). */
static int let_in(const struct bundle *bundle, int bundle_fd, img_error *err)
{
    const struct runtime_options *runtime = &bundle->runtime;
    for (size_t i = 0; !runtime->rootless && i < runtime->gid_count; i++) {
        if (runtime->gids[i].inside != 0)
            continue;
        if (fchown(bundle_fd, (uid_t)-1, runtime->gids[i].outside) != 0 ||
            fchmod(bundle_fd, 0710) != 0)
            return img__fail_errno(err, "cannot let the container's root into the bundle");
    }
    return 0;
}

static int fill(struct bundle *bundle, int bundle_fd, struct unpack_record *record,
                img_unpack_result *result, img_error *err)
{
    auto_(buf) struct buf config = BUF_INIT(CONFIG_MAX);
    if (mkdirat(bundle_fd, "rootfs", 0700) != 0)
        return img__fail_errno(err, "cannot create rootfs");
    auto_fd int root_fd =
        openat(bundle_fd, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (root_fd < 0)
        return img__fail_errno(err, "cannot open rootfs");
    int rc = img__unpack_layers(bundle->store, bundle->image, root_fd, bundle->unpack, record,
                                result, err);
    if (rc == 0)
        rc = make_config(bundle, root_fd, &config, err);
    if (rc == 0)
        rc = img__fs_replace(bundle_fd, "config.json", config.data, config.len, 0644, err);
    return rc ? rc : let_in(bundle, bundle_fd, err);
}

/* With root in the place of the user, whom nobody knows yet. */
static int try_config(struct bundle *bundle, img_error *err)
{
    auto_(buf) struct buf scratch = BUF_INIT(CONFIG_MAX);
    const struct user user = USER_INIT;
    size_t len;
    const char *bytes = img_image_config_bytes(bundle->image, &len);
    int rc = img__config_parse("the config", bytes, len, &bundle->config, err);
    return rc ? rc
              : img__runtime_config_write(&bundle->config, &user, &bundle->runtime, &scratch, err);
}

static int make_bundle(struct bundle *bundle, const char *destination, img_unpack_result *result,
                       img_error *err)
{
    auto_(unpack_place) struct unpack_place place = UNPACK_PLACE_INIT;
    auto_(unpack_record) struct unpack_record *record = NULL;
    uint32_t flags = bundle->unpack->flags;
    int rc = img__unpack_record_new(bundle->unpack->record, &record, err);
    if (rc == 0)
        rc = img__unpack_place_open(destination, false, &place, err);
    if (rc)
        return rc;
    rc = fill(bundle, place.fd, record, result, err);
    if (rc == 0)
        rc = img__unpack_place_commit(&place, !(flags & IMG_UNPACK_NO_SYNC), err);
    return rc ? img__unpack_place_abandon(&place, flags & IMG_UNPACK_KEEP_PARTIAL, rc, err)
              : img__unpack_record_commit(record, err);
}

/* ---- the verb ---- */

static int copy_options(const img_bundle_options *options, img_bundle_options *out,
                        img_unpack_options *unpack, img_error *err)
{
    *out = (img_bundle_options)IMG_BUNDLE_OPTIONS_INIT;
    int rc = img__options_copy(out, sizeof(*out), options, "img_bundle_options", err);
    if (rc == 0)
        rc = img__unpack_options_copy(out->unpack, unpack, err);
    if (rc)
        return rc;
    if (out->flags & ~(uint64_t)IMG_BUNDLE_TERMINAL)
        return img__fail(err, IMG_EINVAL, "img_bundle_options.flags has unknown bits");
    if (unpack->layer || unpack->flags & IMG_UNPACK_ONTO)
        return img__fail(err, IMG_EINVAL, "a bundle has all layers of its image");
    return 0;
}

int img_unpack_bundle(img_store *store, const char *reference, const char *destination,
                      const img_bundle_options *options, img_unpack_result *result, img_error *err)
{
    img_bundle_options own;
    img_unpack_options unpack;
    img_unpack_result made = {.layers = 0};
    auto_(lease) struct lease *lease = NULL;
    auto_(bundle) struct bundle bundle = {.store = store, .options = &own, .unpack = &unpack};
    int rc = copy_options(options, &own, &unpack, err);
    if (rc)
        return rc;
    bundle.observer = (struct observer){unpack.on_event, unpack.on_event_arg, unpack.on_log,
                                        unpack.on_log_arg, 0};
    bundle.runtime = (struct runtime_options){
        .cmd = own.cmd, .hostname = own.hostname, .terminal = own.flags & IMG_BUNDLE_TERMINAL};
    rc = img__lease_take(store, &lease, err);
    if (rc == 0)
        rc = img__unpack_find(store, reference, &unpack, &bundle.image, err);
    if (rc == 0)
        rc = try_config(&bundle, err);
    if (rc == 0)
        rc = make_bundle(&bundle, destination, &made, err);
    if (rc)
        return img__prefix(err, rc, "unpack %s", reference);
    made.target = *img_image_target(bundle.image);
    if (result)
        *result = made;
    return 0;
}
