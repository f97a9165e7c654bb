/* SPDX-License-Identifier: Apache-2.0
 *
 * Places: where a repository can be read. The origin is always one of them, mirrors may come before
 * it. What is written goes to the origin alone, and so never comes here (registry.md X1-X6).
 *
 * To read something, walk them until one has it:
 *
 *     uint64_t tried = 0;
 *     while ((place = img__place_next(repository, by_tag, &tried)))
 *         ... img__place_path(), .access = place->access; on failure img__place_failed(place)
 */
#ifndef IMG_REGISTRY_PLACES_H
#define IMG_REGISTRY_PLACES_H

#include "registry/registry.h"
#include "registry/repository.h"

/* The origin and as many mirrors as a walk can keep apart. */
#define PLACES_MAX 64

struct place {
    struct access *access; /* the repository's own for the origin, else mirror_access */
    char path[256];        /* of the repository at that host */
    char ns[272];          /* whose proxy it is, the value of ns=; "": it is none */
    bool mirror;
    bool by_tag;    /* it is asked what a tag means */
    bool by_digest; /* it is asked for content */
    char base[256]; /* what paths begin with, "/v2" */
    char *why;      /* "FILE:LINE" that names it; NULL: the reference */
    struct access mirror_access;
    struct account mirror_account; /* never that of the origin */
};

/* The best place that is not in *tried, which it is put into. by_tag: a tag is asked for, else a
 * digest. Mirrors come in their order, then the origin, then those mirrors that failed within the
 * last 60 s. NULL: there is no other. */
struct place *img__place_next(struct repository *repository, bool by_tag, uint64_t *tried);

/* It did not give what was asked for (404, 5xx, 401, timeout, stall, wrong digest). harmed: and so
 * it won't give others either, which is remembered for 60 s. */
void img__place_failed(struct place *place, bool harmed);

/* The path of a request, for struct call_request: KIND is "manifests", "blobs", ...; NAME is a tag
 * or digest. */
int img__place_path(const struct place *place, const char *kind, const char *name, struct buf *out,
                    img_error *err);

/* For endpoint.c: finds the places of a repository, and sets its access's host. A repository that
 * is read may really be elsewhere: then its reference says so from here on. */
int img__places_make(struct repository *repository, enum registry_access access, img_error *err);
void img__places_free(struct repository *repository);

/* The host that pushes, logins and questions about the registry go to: the one that is named. path
 * "": the registry itself. Fails if it is blocked. */
int img__place_home(struct registry *registry, const char *domain, const char *path,
                    struct host **out, img_error *err);

#endif
