/* SPDX-License-Identifier: Apache-2.0
 *
 * The store, seen from ops/: leases, ingest, names, and an image of it as an endpoint.
 *
 * Whoever writes blobs that no name reaches yet holds a lease; the collector removes nothing as
 * long as there is one.
 */
#ifndef IMG_STORE_STORE_H
#define IMG_STORE_STORE_H

#include <libimg/store.h>

#include "core/endpoint.h"

struct lease;

/* Shared: any number at once, of any processes. Waits for a collector at work. Works in a store
 * that may only be read, too. */
int img__lease_take(img_store *store, struct lease **out, img_error *err);
void img__lease_free(struct lease *lease);

/* A sink for a blob whose digest is not known: when it is closed, digest and size are written to
 * *digest and *size_bytes and the blob is in the store, durably. */
int img__store_ingest(img_store *store, img_digest *digest, uint64_t *size_bytes, struct sink **out,
                      img_error *err);

/* A sink for a blob that is promised: the close fails unless digest and size are right. *out is
 * NULL if the store has it already. */
int img__store_accept(img_store *store, const img_descriptor *descriptor, struct sink **out,
                      img_error *err);

/* The same, but it goes on with what an earlier try left, as open_partial in core/endpoint.h. */
int img__store_accept_part(img_store *store, const img_descriptor *descriptor, struct sink **out,
                           uint64_t *have_bytes, img_error *err);

/* Removes what it would go on with, unless someone is at work on it. */
void img__store_drop_part(img_store *store, const img_descriptor *descriptor);

/* Reads a blob that is there; one whose bytes are not the promised ones is removed, so that it can
 * be brought again. */
int img__store_mend(img_store *store, const img_descriptor *descriptor, img_error *err);

/* A blob as a source that verifies and can be rewound. */
int img__store_source(img_store *store, const img_descriptor *descriptor, struct source **out,
                      img_error *err);

bool img__store_has(img_store *store, const img_descriptor *descriptor);

int img__store_put_document(img_store *store, const struct document *document, img_error *err);
/* Verified; at most limit_bytes. */
int img__store_get_document(img_store *store, const img_descriptor *descriptor,
                            uint64_t limit_bytes, struct document *out, img_error *err);

/* The manifest or index that has a digest, read to know what it is; whether anything names it does
 * not matter. IMG_ENOTFOUND, without a message, if there is none. */
int img__store_find_document(img_store *store, const img_digest *digest, img_descriptor *out,
                             img_error *err);

/* Sets names (as img__reference_store_name() writes them, or texts that are to stand as they are;
 * ended by NULL) to a descriptor, all or none. A platform in it is kept in index.json. */
int img__store_set_names(img_store *store, const char *const *names,
                         const img_descriptor *descriptor, img_error *err);

/* The name, as it stands there, of what a text names as in img_store_resolve(): its digest if it
 * has none. The caller frees it. */
int img__store_label(img_store *store, const char *reference, char **out, img_error *err);

/* What pushes and pulls of this store have seen in a registry: a guess, since others write there,
 * too. */
enum store_recall {
    STORE_RECALL_NOTHING,
    STORE_RECALL_REPOSITORY, /* this image, under whatever name */
    STORE_RECALL_NAME,       /* this image under this name */
};
enum store_recall img__store_recall(const img_store *store, const img_reference *name,
                                    const img_digest *digest);
/* That it can't be kept is no failure. */
void img__store_remember(const img_store *store, const img_reference *name,
                         const img_digest *digest);

/* What builds remember of earlier ones. A file of it may be gone, be damaged or come from anyone
 * who writes to the store: it costs or saves time, no more. Names are of letters, digits and '-'.
 */
/* *out NULL: there is none. */
void img__store_cache_read(const img_store *store, const char *name, struct source **out);
/* A sink that becomes the file when it is closed. What is in there for long, or too much, goes. */
int img__store_cache_write(const img_store *store, const char *name, struct sink **out,
                           img_error *err);

/* An image of the store. name is a full reference; NULL: no name, for blobs and documents alone. */
int img__store_endpoint(img_store *store, const char *name, struct endpoint **out, img_error *err);
/* What it has already is read before it counts as there (img__store_mend()), whatever its size;
 * else that is done for documents and small blobs alone. */
void img__store_endpoint_verify(struct endpoint *endpoint);

IMG_AUTO_POINTER(store, img_store, img_store_free)
IMG_AUTO_POINTER(lease, struct lease, img__lease_free)

#endif
