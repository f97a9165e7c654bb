/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists that come in pages: tags, the catalog, referrers (registry.md G1, G2).
 */
#ifndef IMG_REGISTRY_PAGER_H
#define IMG_REGISTRY_PAGER_H

#include "registry/call.h"

#define PAGE_BYTES_MAX ((uint64_t)16 << 20)
#define PAGES_MAX 10000u

/* What became of a page. */
struct page {
    size_t entries;    /* that it has */
    size_t fresh;      /* of these, how many no page before had */
    bool enough;       /* no more pages are wanted */
    struct buf follow; /* the path of the page to ask for if this one does not tell; empty: none */
};

struct pager {
    struct access *access;
    const char *const *headers; /* of each request; may be NULL */
    /* Looks at an answer with status 200. page is empty before. */
    int (*take)(const struct http_response *response, struct page *page, void *arg, img_error *err);
    void *arg;
};

/* Asks for path and for what each answer calls the next page. Another origin than that of the
 * request, a page that was there already, one that has nothing new, and more pages than the
 * registry's pages_max are errors: IMG_EREFUSED, IMG_EFORMAT, IMG_ELIMIT. */
int img__pager_run(const struct pager *pager, const char *path, img_error *err);

#endif
