/* SPDX-License-Identifier: Apache-2.0
 *
 * Registries, seen from ops/: a client's state, and a repository as an endpoint
 * (distribution-spec 1.1).
 */
#ifndef IMG_REGISTRY_REGISTRY_H
#define IMG_REGISTRY_REGISTRY_H

#include <libimg/client.h>

#include "core/endpoint.h"

struct registry;

/* options are complete and checked; everything in them is copied. */
int img__registry_new(const img_client_options *options, struct registry **out, img_error *err);
void img__registry_free(struct registry *registry);

enum registry_access {
    REGISTRY_PULL,
    REGISTRY_PUSH,
};

/* The repository and the tag or digest that reference names. The registry must outlive the
 * endpoint. */
int img__registry_endpoint(struct registry *registry, const img_reference *reference,
                           enum registry_access access, struct endpoint **out, img_error *err);

/* Two endpoints of one client, between which is copied. If they are of one host, the requests to
 * either carry the same token, with the rights that both and mounts between them need. *mount_from:
 * the repository that to can mount from; NULL if they are of two hosts, or the same (*same). */
int img__registry_join(struct endpoint *from, struct endpoint *to, const char **mount_from,
                       bool *same, img_error *err);

/* key is a host, perhaps with a namespace: "ghcr.io", "ghcr.io/team". */

/* Asks /v2/ of the host whether it takes the credential: IMG_EAUTH if not. If it asks for none at
 * all the log has a warning. */
int img__registry_try_credential(struct registry *registry, const char *key,
                                 const img_credential *credential, img_error *err);

/* Keeps a credential where the options or the environment say, or with the helper that is named
 * there; takes one away from where it is found first. The log tells where that was. */
int img__registry_store_credential(struct registry *registry, const char *key,
                                   const img_credential *credential, img_error *err);
int img__registry_erase_credential(struct registry *registry, const char *key, img_error *err);

/* Tells fn which credential would be used, as img_client_explain() has it. */
int img__registry_explain(struct registry *registry, const img_reference *reference,
                          img_explain_fn fn, void *arg, img_error *err);

/* As img_client_check() has it. */
int img__registry_check(struct registry *registry, const img_reference *reference,
                        img_explain_fn fn, void *arg, img_error *err);

IMG_AUTO_POINTER(registry, struct registry, img__registry_free)

#endif
