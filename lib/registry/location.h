/* SPDX-License-Identifier: Apache-2.0
 *
 * Where an upload goes on: the Location of the answer that began it.
 */
#ifndef IMG_REGISTRY_LOCATION_H
#define IMG_REGISTRY_LOCATION_H

#include "base/buf.h"

/* location as the answer from base means it. One that falls from https back to http on the same
 * host is lifted up again, as a proxy in front that ends TLS makes it necessary; on another host it
 * is refused. */
int img__location_resolve(const char *base, const char *location, struct buf *out, img_error *err);

#endif
