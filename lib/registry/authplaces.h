/* SPDX-License-Identifier: Apache-2.0
 *
 * Where credentials are kept: the files that docker, podman and skopeo share, in their order.
 */
#ifndef IMG_REGISTRY_AUTHPLACES_H
#define IMG_REGISTRY_AUTHPLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"

#define AUTH_PLACES_MAX 8
#define AUTH_ENVIRONMENT "DOCKER_AUTH_CONFIG"

enum auth_kind {
    AUTH_FILE,   /* {"auths": {...}, "credHelpers": ...} */
    AUTH_LEGACY, /* ~/.dockercfg: what is in "auths" is all of it */
    AUTH_TEXT,   /* $DOCKER_AUTH_CONFIG: the content itself */
};

struct auth_place {
    enum auth_kind kind;
    bool named; /* by the caller or by REGISTRY_AUTH_FILE: it should be readable */
    char *path; /* "$DOCKER_AUTH_CONFIG" for a text */
};

struct auth_places {
    struct auth_place list[AUTH_PLACES_MAX];
    size_t count;
};

/* In the order in which they count. With an option it is that file and no other. Whether they are
 * there is not looked at. */
int img__auth_places_find(const char *option, struct auth_places *out, img_error *err);
void img__auth_places_free(struct auth_places *places);

/* Where login writes: option, else $REGISTRY_AUTH_FILE, else $DOCKER_CONFIG/config.json, else
 * $HOME/.docker/config.json. path NULL: none of these is set. */
int img__auth_place_to_write(const char *option, struct auth_place *out, img_error *err);

static inline void img__auto_auth_places(struct auth_places *places)
{
    img__auth_places_free(places);
}

#endif
