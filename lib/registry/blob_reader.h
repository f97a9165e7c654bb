/* SPDX-License-Identifier: Apache-2.0
 *
 * A blob of a repository as a source, for a transfer in the same loop that sends it elsewhere.
 */
#ifndef IMG_REGISTRY_BLOB_READER_H
#define IMG_REGISTRY_BLOB_READER_H

#include "registry/repository.h"

/* It verifies, can be rewound and put at a byte, and says IMG__EAGAIN while the loop has not
 * brought more; then img__http_wake() is called as soon as it has. It may be freed at any moment.
 * The repository must outlive it. */
int img__blob_reader(struct repository *repository, const img_descriptor *descriptor,
                     struct source **out, img_error *err);

/* Those that are freed may have downloads that have not come to their end; frees all, for
 * endpoint.c. */
void img__blob_readers_free(struct repository *repository);

#endif
