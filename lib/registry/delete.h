/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting in a registry (registry.md G7, G8): a tag, a manifest or a blob, and nothing that was
 * not named.
 */
#ifndef IMG_REGISTRY_DELETE_H
#define IMG_REGISTRY_DELETE_H

#include "registry/repository.h"

/* The tag of the reference alone: what it stood for stays. IMG_EUNSUPPORTED: the registry deletes
 * no tags. */
int img__tag_delete(struct repository *repository, img_error *err);

/* The manifest or index that the reference has the digest of, and so all of its tags, not what it
 * reaches. If it has a subject, that one's list of referrers is told. */
int img__manifest_delete(struct repository *repository, img_error *err);

/* The blob that the reference has the digest of. */
int img__blob_delete(struct repository *repository, img_error *err);

#endif
