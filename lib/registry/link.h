/* SPDX-License-Identifier: Apache-2.0
 *
 * The Link header (RFC 8288).
 */
#ifndef IMG_REGISTRY_LINK_H
#define IMG_REGISTRY_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The target of the first link of one Link header whose relations have rel, which is lower case,
 * written to out as it stands there. false: there is none. What follows a link that is malformed is
 * not looked at. */
bool img__link_find(const char *value, size_t len, const char *rel, struct buf *out);

#endif
