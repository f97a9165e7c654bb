/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the store share: the handle, what lies where in the directory, its locks.
 *
 *     oci-layout            the version of the layout; what makes the directory a store
 *     index.json            the names (names.h)
 *     blobs/ALGORITHM/HEX   the blobs, never changed once they have their name
 *     .libimg-lock          flock: exclusive while index.json is replaced, and for the collector
 *     .libimg-lease         flock: shared by who writes blobs, exclusive for the collector
 *     .libimg-part-*        parts of blobs, what broken downloads left (partial.c)
 *     .libimg-recall        what was seen in registries (recall.c)
 *     .libimg-cache/        what builds remember, and may forget (cache.c)
 *     .tmp-*                files in the making; not in blobs/, where other tools expect digests
 */
#ifndef IMG_STORE_INTERNAL_H
#define IMG_STORE_INTERNAL_H

#include "base/fs.h"
#include "core/digest.h"
#include "store/store.h"

#define STORE_LAYOUT "oci-layout"
#define STORE_INDEX "index.json"
#define STORE_BLOBS "blobs"
#define STORE_OWN_PREFIX ".libimg-"
#define STORE_LOCK STORE_OWN_PREFIX "lock"
#define STORE_LEASE STORE_OWN_PREFIX "lease"
#define STORE_PART STORE_OWN_PREFIX "part-"
#define STORE_RECALL STORE_OWN_PREFIX "recall"

#define STORE_CACHE STORE_OWN_PREFIX "cache"

#define STORE_FILE_MODE 0644
#define STORE_FOLDER_MODE 0755
#define STORE_DOCUMENT_MAX ((uint64_t)16 << 20) /* as much as a client may be told to bring */

struct img_store {
    char *path; /* absolute */
    int dir_fd;
};

/* "a/b", owned; NULL: no memory. */
char *img__store_join(const char *a, const char *b);

/* Opens a lock file, made if need be, and locks it: operation is flock()'s. With LOCK_NB *fd stays
 * -1 if another one has it. Closing unlocks. */
int img__store_lock(const img_store *store, const char *file, int operation, int *fd,
                    img_error *err);

/* "blobs/sha256/HEX", beneath the store: for any digest that parses. */
struct blob_path {
    char text[160];
};
int img__store_blob_path(const img_digest *digest, struct blob_path *out, img_error *err);

/* The folder of an algorithm's blobs, refused if it or blobs/ is a symbolic link. create: it is
 * made if it is not there; else it fails with IMG_ENOTFOUND. */
int img__store_folder(const img_store *store, const char *algorithm, bool create, int *fd,
                      img_error *err);
/* The same for the algorithm of a digest. */
int img__store_folder_of(const img_store *store, const img_digest *digest, bool create, int *fd,
                         img_error *err);

/* Is there a regular file of this size? */
bool img__store_holds(int folder, const char *name, uint64_t size_bytes);

/* cache.c: the folder of what builds remember; -1 where there is none. create: it is made. */
int img__store_cache_folder(const img_store *store, bool create);
/* Removes the files that nobody used for long, and the oldest ones if there are too many. */
void img__store_cache_trim(const img_store *store);

/* partial.c: is this the name of a part of a blob, and of which? */
bool img__part_digest(const char *name, img_digest *out);

#endif
