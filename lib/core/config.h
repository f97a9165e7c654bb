/* SPDX-License-Identifier: Apache-2.0
 *
 * The image config (image-spec, config.md): reading it, and authoring one, new or from a base whose
 * unknown fields survive.
 */
#ifndef IMG_CORE_CONFIG_H
#define IMG_CORE_CONFIG_H

#include "base/strv.h"
#include "core/document.h"

struct config {
    struct json *json;     /* all of it; what is changed is changed here */
    img_platform platform; /* a view, as parsed */
    img_digest *diff_ids;  /* a view, as parsed */
    size_t diff_id_count;
    bool cmd_set; /* cmd was set, not inherited: a new entrypoint then leaves it */
};

#define CONFIG_INIT                                                                                \
    {                                                                                              \
        NULL, {"", "", "", ""}, NULL, 0, false                                                     \
    }

/* what names it for messages. rootfs.type must be "layers". */
int img__config_parse(const char *what, const void *data, size_t len, struct config *out,
                      img_error *err);
/* An empty one for a platform: keys in their fixed order. */
int img__config_new(const img_platform *platform, struct config *out, img_error *err);
void img__config_free(struct config *config); /* leaves it empty */

/* Fields as <libimg/image.h> names them: created, author, user, workdir, stop-signal. "" if not
 * set, NULL if there is no such field. */
const char *img__config_field(const struct config *config, const char *field);
/* Lists: entrypoint, cmd, env, label, expose, volume; label is "K=V". Replaces what is in out.
 * IMG_EINVAL if there is no such list. */
int img__config_list(const struct config *config, const char *list, struct strv *out,
                     img_error *err);

/* Editing, with the names of <libimg/build.h>. Values are checked: IMG_EINVAL says what is wrong.
 * New keys go to their fixed place whatever the order of the calls; what is there keeps its own.
 * An empty value, or an empty argv, unsets. */
/* The fields of img__config_field(). */
int img__config_set(struct config *config, const char *field, const char *value, img_error *err);
/* env, label, expose or volume; annotations are the manifest's. */
int img__config_put(struct config *config, const char *set, const char *value, img_error *err);
int img__config_set_argv(struct config *config, const char *list, const char *const *argv,
                         img_error *err);
/* A layer more: its diffID and a row of history, which gets filled up first if the base's is short
 * (M3). created is RFC 3339; in created_by bytes that are not UTF-8 become '?'. */
int img__config_add_layer(struct config *config, const img_digest *diff_id, const char *created,
                          const char *created_by, img_error *err);

/* Takes a field or a whole list away, or of a list what has this key, if that is not NULL: of env
 * and label the name, of expose and volume the value. Beyond the names above there are healthcheck,
 * onbuild and shell. *was: it was there. */
int img__config_unset(struct config *config, const char *what, const char *key, bool *was,
                      img_error *err);
/* Of env "K=TEXT" puts TEXT behind the value of K, or before it; of entrypoint and cmd it is one
 * word more. IMG_ENOTFOUND: there is no such variable. */
int img__config_extend(struct config *config, const char *list, const char *text, bool before,
                       img_error *err);
/* os, architecture, variant and, if it is not "", os.version. */
int img__config_set_platform(struct config *config, const img_platform *platform, img_error *err);
/* Replaces all layers by one, and the history by one row. */
int img__config_flatten(struct config *config, const img_digest *diff_id, const char *created_by,
                        img_error *err);

/* Puts a config upon another base; the diffIDs of old are the first ones of image. *kept gets what
 * the image has otherwise than either base: "env PATH", "label a", "Entrypoint". */
int img__config_rebase(struct config *image, const struct config *old, const struct config *new,
                       struct strv *kept, img_error *err);

static inline void img__auto_config(struct config *config)
{
    img__config_free(config);
}

#endif
