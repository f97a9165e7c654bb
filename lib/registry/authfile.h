/* SPDX-License-Identifier: Apache-2.0
 *
 * The auth file, as docker, podman and skopeo share it: {"auths": {"host/ns": {"auth": ...}}}.
 */
#ifndef IMG_REGISTRY_AUTHFILE_H
#define IMG_REGISTRY_AUTHFILE_H

#include "registry/credentials.h"

/* Where it is: option, else $REGISTRY_AUTH_FILE, else $DOCKER_CONFIG/config.json, else
 * $HOME/.docker/config.json. *out NULL: none of these is set. */
int img__authfile_path(const char *option, char **out, img_error *err);

/* Finds the entry for host/repository, else for what is above it, down to the host alone. No file
 * and no entry leave out as it is. *helper: there is none, but a helper program has it, perhaps. */
int img__authfile_find(const char *path, const char *host, const char *repository,
                       struct account *out, bool *helper, img_error *err);

/* Replaces and removes what the file has for the host as a whole, under all spellings; what else it
 * holds stays. Erasing nothing is IMG_ENOTFOUND. */
int img__authfile_store(const char *path, const char *host, const img_credential *credential,
                        img_error *err);
int img__authfile_erase(const char *path, const char *host, img_error *err);

/* The form in which keys are compared: without scheme, /v1/, /v2/, default port; the names of
 * Docker Hub are docker.io. False if it is no key at all. */
bool img__authfile_key_normal(const char *key, struct buf *out);

#endif
