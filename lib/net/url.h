/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: resolving (RFC 3986, section 5), adding to the query, comparing origins.
 */
#ifndef IMG_NET_URL_H
#define IMG_NET_URL_H

#include <stdbool.h>

#include "base/buf.h"

#define URL_MAX ((size_t)16 * 1024)

/* target, absolute or relative to base, written to out. Only http and https come out; user
 * information and control characters are refused. The bytes of the query stay as they are. */
int img__url_resolve(const char *base, const char *target, struct buf *out, img_error *err);

/* Appends ?name=value or &name=value, the value percent-encoded, to the URL in url. */
void img__url_append_query(struct buf *url, const char *name, const char *value);

/* Appends text percent-encoded (all but the unreserved characters). */
void img__url_append_encoded(struct buf *out, const char *text);

/* Same scheme, host and port? */
bool img__url_same_origin(const char *a, const char *b);

/* The URL without query and user information, for messages. */
void img__url_for_message(const char *url, struct buf *out);

#endif
