/* SPDX-License-Identifier: Apache-2.0
 *
 * The tags of a repository and the repositories of a registry, name by name as they come
 * (distribution-spec, "Listing Tags"; registry.md G1-G6).
 */
#ifndef IMG_REGISTRY_TAGS_H
#define IMG_REGISTRY_TAGS_H

#include "registry/registry.h"

#define NAMES_LISTED_MAX ((uint64_t)1000000)

struct listing {
    uint64_t limit;     /* names; 0: all, which are at most NAMES_LISTED_MAX */
    uint32_t page_size; /* to ask for; 0: the registry decides */
    bool probe;         /* ask for what follows the last name where a page names no next one */
    /* Each name once, in the order of the registry; what it returns ends the list with it. The text
     * is a valid tag, or path of a repository. */
    int (*take)(const char *name, void *arg, img_error *err);
    void *arg;
};

/* Of the repository that reference names. */
int img__registry_tags(struct registry *registry, const img_reference *reference,
                       const struct listing *listing, img_error *err);

/* host as img__reference_parse_registry() gives it. IMG_EAUTH and IMG_EUNSUPPORTED: the registry
 * does not offer this. */
int img__registry_catalog(struct registry *registry, const char *host,
                          const struct listing *listing, img_error *err);

/* The names of a page; for tests and the fuzzer, too. */
struct names_page {
    const char *key;  /* "tags" or "repositories" */
    const char *what; /* for messages */
    /* Each string that is not empty; what it returns ends the page. */
    int (*take)(const char *name, void *arg, img_error *err);
    void *arg;
};
int img__names_page_read(const struct names_page *page, const char *body, size_t len,
                         img_error *err);

#endif
