/* SPDX-License-Identifier: Apache-2.0
 *
 * The user of a config, as numbers: looked up in the texts of an image's passwd and group files.
 */
#ifndef IMG_CORE_USER_H
#define IMG_CORE_USER_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define USER_ID_MAX 4294967294u /* 2^32-1 means "none" to the kernel */
#define USER_GROUPS_MAX 65536u  /* the kernel's own limit */

/* The bytes of /etc/passwd and /etc/group; NULL and 0 for what is not there. */
struct user_files {
    const char *passwd;
    size_t passwd_len;
    const char *group;
    size_t group_len;
};

struct user {
    uint32_t uid, gid;
    uint32_t *groups; /* supplementary ones, as the group file has them */
    size_t group_count;
    char *home; /* as the passwd file has it, maybe no UTF-8; NULL if it has none */
};

#define USER_INIT                                                                                  \
    {                                                                                              \
        0, 0, NULL, 0, NULL                                                                        \
    }

/* spec is NAME[:GROUP] or UID[:GROUP], and GROUP a name or a GID; "" is 0. The first line that fits
 * counts. IMG_ENOTFOUND if there is no such name, IMG_EINVAL if a number is too large, IMG_EFORMAT
 * if the line that counts is malformed. */
int img__user_find(const char *spec, const struct user_files *files, struct user *out,
                   img_error *err);
void img__user_free(struct user *user); /* leaves it empty */

static inline void img__auto_user(struct user *user)
{
    img__user_free(user);
}

#endif
