/* SPDX-License-Identifier: Apache-2.0
 *
 * The auth file, as docker, podman and skopeo share it: {"auths": {"host/ns": {"auth": ...}},
 * "credHelpers": {"host": "name"}, "credsStore": "name"}.
 */
#ifndef IMG_REGISTRY_AUTHFILE_H
#define IMG_REGISTRY_AUTHFILE_H

#include "core/json.h"
#include "registry/authplaces.h"
#include "registry/credentials.h"

#define AUTHFILE_MAX ((size_t)1024 * 1024)
#define AUTHFILE_KEY_MAX ((size_t)1024)

/* What one place has for a repository. */
struct auth_found {
    bool there;           /* the place itself; all else may be empty */
    struct account entry; /* of "auths": for the repository, else for what is above it */
    bool specific;        /* its key has a namespace: it goes before the helper */
    bool left_empty;      /* the host has an entry with nothing in it: a helper should know more */
    char *key;            /* of the entry: auths["ghcr.io"] */
    char *helper;         /* that keeps credentials for the host: "pass" */
    char *helper_key;     /* who says so: credHelpers["ghcr.io"], credsStore */
};

int img__authfile_find(const struct auth_place *place, const char *host, const char *repository,
                       struct auth_found *out, img_error *err);
void img__auth_found_free(struct auth_found *found); /* leaves it empty */

/* Fills helper and helper_key alone. */
int img__authfile_find_helper(const struct json *root, const char *path, const char *host,
                              struct auth_found *out, img_error *err);

/* Changes what the file has for a key, under all of its spellings; what else it holds stays.
 * Erasing nothing is IMG_ENOTFOUND. */
int img__authfile_store(const struct auth_place *place, const char *key,
                        const img_credential *credential, img_error *err);
int img__authfile_leave(const struct auth_place *place, const char *key, img_error *err); /* {} */
int img__authfile_erase(const struct auth_place *place, const char *key, img_error *err);

/* *out NULL: there is no file. An empty one is as good as {}. */
int img__authfile_load(const struct auth_place *place, struct json **out, img_error *err);

/* The form in which keys are compared: without scheme, /v1/, /v2/, default port; the names of
 * Docker Hub are docker.io. False if it is no key at all. */
bool img__authfile_key_normal(const char *key, struct buf *out);
/* Does key stand for what wanted says in its normal form? normal is for the work. */
int img__authfile_key_is(const char *key, const char *wanted, struct buf *normal, bool *is,
                         img_error *err);

static inline void img__auto_auth_found(struct auth_found *found)
{
    img__auth_found_free(found);
}

#endif
