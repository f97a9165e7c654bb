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

/* The object "config", made if need be; NULL: no memory. */
struct json *img__config_open(struct config *config);
/* A member of "config" or of the whole; value is taken over. */
int img__config_set_member(struct config *config, const struct config_name *name,
                           struct json *value, img_error *err);
void img__config_unset_member(struct config *config, const struct config_name *name);

/* "history", made if need be; NULL: no memory. */
struct json *img__config_open_history(struct config *config);
/* Makes as many rows of history stand for a layer as there are layers: what is too many is marked
 * as empty, what is missing gets a row that says so. False: no memory. */
bool img__config_fill_history(struct json *history, size_t layer_count);

/* In the order in which they are written. */
extern const char *const img__config_image_keys[];
extern const char *const img__config_config_keys[];
extern const char *const img__config_rootfs_keys[];

#endif
