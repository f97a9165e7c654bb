/* SPDX-License-Identifier: Apache-2.0
 *
 * The config.json of a bundle (runtime-spec 1.0, config.md), made from an image config by the rules
 * of image-spec's conversion.md.
 */
#ifndef IMG_CORE_RUNTIME_CONFIG_H
#define IMG_CORE_RUNTIME_CONFIG_H

#include "core/config.h"
#include "core/user.h"

/* size ids from inside in the container are those from outside on. */
struct runtime_mapping {
    uint32_t inside, outside, size;
};

/* Who may write to a volume: what the directory in its place in the image says. */
struct runtime_volume {
    bool known; /* else the runtime decides */
    uint32_t uid, gid, mode;
};

struct runtime_options {
    const char *const *cmd; /* in the place of the image's; NULL: that one */
    const char *hostname;   /* NULL: "container" */
    bool terminal;
    bool rootless; /* for a user who is not root: no cgroups, the host's network */
    /* Of a user namespace; without, there is none. rootless needs them. */
    const struct runtime_mapping *uids, *gids;
    size_t uid_count, gid_count;
    const struct runtime_volume *volumes; /* one for each of the image's, in their order; or NULL */
};

/* The document, canonical. IMG_EUNSUPPORTED if the image is not for linux, IMG_EINVAL if there is
 * nothing to run, IMG_EFORMAT if the config has a value that no runtime takes. */
int img__runtime_config_write(const struct config *config, const struct user *user,
                              const struct runtime_options *options, struct buf *out,
                              img_error *err);

#endif
