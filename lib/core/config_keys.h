/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of a config: their order, and by what name users call them. For config*.c only.
 */
#ifndef IMG_CORE_CONFIG_KEYS_H
#define IMG_CORE_CONFIG_KEYS_H

#include "core/config.h"

/* A field or a list as <libimg/image.h> names it. */
struct config_name {
    const char *name, *key;
    enum json_kind kind;
    bool top; /* beside "config", not in it */
};

/* NULL if there is none. */
const struct config_name *img__config_find_field(const char *name);
const struct config_name *img__config_find_list(const char *name);
/* The object that has its key; may be NULL. */
const struct json *img__config_home(const struct config *config, const struct config_name *name);

/* In the order in which they are written. */
extern const char *const img__config_image_keys[];
extern const char *const img__config_config_keys[];
extern const char *const img__config_rootfs_keys[];

#endif
