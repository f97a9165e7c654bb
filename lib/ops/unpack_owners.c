/* SPDX-License-Identifier: Apache-2.0
 *
 * One policy (layers.md A19, A20). Who has CAP_CHOWN sets owners, mapped if that was asked for; who
 * has not, or asked for rootless, sets none: no helper program is started, and nothing is guessed.
 * Devices are made by who sets owners and is not kept from it, as in a user namespace.
 */
#include "ops/unpack_owners.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "base/fs.h"
#include "base/text.h"

#define SUBIDS_LIMIT ((size_t)4 << 20)

static bool may_chown(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capget, &header, data) == 0 &&
           (data[0].effective & (UINT32_C(1) << CAP_CHOWN));
}

/* A null device, as every image may have one, by a name that nothing else has. The directory may be
 * part of an image already: its time stays. */
static bool may_make_devices(int dir_fd)
{
    char name[32];
    uint64_t number;
    struct stat stat;
    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number) ||
        fstat(dir_fd, &stat) != 0)
        return false;
    snprintf(name, sizeof(name), ".probe-%016" PRIx64, number);
    if (mknodat(dir_fd, name, S_IFCHR | 0600, makedev(1, 3)) != 0)
        return false;
    unlinkat(dir_fd, name, 0);
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, stat.st_mtim};
    futimens(dir_fd, times);
    return true;
}

/* ---- maps ---- */

static bool has_ranges(const char *const *texts)
{
    return texts && texts[0];
}

static int add_ranges(struct id_map *map, bool is_gid, const char *const *texts, img_error *err)
{
    for (; texts && *texts; texts++) {
        int rc = img__id_map_add_text(map, is_gid, *texts, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* The user is named as the files name it: nobody else is asked who that is. */
static int add_subids(struct id_map *map, const char *text, img_error *err)
{
    static const char *const files[] = {"/etc/subuid", "/etc/subgid"};
    uint64_t number;
    bool numeric = img__text_number(text, ID_USER_UNKNOWN - 1, &number);
    struct id_user user = {numeric ? "" : text, numeric ? (uint32_t)number : ID_USER_UNKNOWN};
    int rc = 0;
    for (int is_gid = 0; rc == 0 && is_gid < 2; is_gid++) {
        auto_(buf) struct buf lines = BUF_INIT(SUBIDS_LIMIT);
        rc = img__fs_read(AT_FDCWD, files[is_gid], &lines, err);
        if (rc == 0)
            rc = img__id_map_add_subids(map, is_gid, &user, img__buf_text(&lines), files[is_gid],
                                        err);
    }
    return rc;
}

int img__unpack_owners_find(const img_unpack_options *options, int dir_fd,
                            struct unpack_owners *out, img_error *err)
{
    *out = (struct unpack_owners){.owners = may_chown()};
    if (options->flags & IMG_UNPACK_ROOTLESS)
        out->owners = false;
    int rc = add_ranges(&out->map, false, options->uid_map, err);
    if (rc == 0)
        rc = add_ranges(&out->map, true,
                        has_ranges(options->gid_map) ? options->gid_map : options->uid_map, err);
    if (rc == 0 && options->subid_user)
        rc = add_subids(&out->map, options->subid_user, err);
    if (rc)
        return rc;
    if (!out->owners && !img__id_map_is_empty(&out->map))
        return img__fail(err, IMG_EINVAL,
                         "to map owners takes the right to set them: run it as root, or in a user "
                         "namespace");
    out->devices = out->owners && may_make_devices(dir_fd);
    return 0;
}
