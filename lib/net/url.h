/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs: resolving (RFC 3986, section 5), adding to the query, comparing origins.
 */
#ifndef IMG_NET_URL_H
#define IMG_NET_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define URL_MAX ((size_t)16 * 1024)

/* target, absolute or relative to base, written to out (which may hold base). base NULL: target
 * must be absolute. Only http and https come out, without fragment; user information and control
 * characters are refused. The bytes of the query stay as they are, but for blanks and bytes beyond
 * ASCII, which are percent-encoded. */
int img__url_resolve(const char *base, const char *target, struct buf *out, img_error *err);

/* Appends ?name=value or &name=value, the value percent-encoded, to the URL in url. */
void img__url_append_query(struct buf *url, const char *name, const char *value);

/* Appends text percent-encoded (all but the unreserved characters). */
void img__url_append_encoded(struct buf *out, const char *text);

/* Who answers for a URL. host points into the URL; an IPv6 address has its brackets. */
struct url_origin {
    bool https;
    const char *host;
    size_t host_len;
    uint16_t port;
};
int img__url_origin(const char *url, struct url_origin *out, img_error *err);

/* Same scheme, host and port? False if either is no URL. */
bool img__url_same_origin(const char *a, const char *b);

/* Is the host localhost, *.localhost, 127.0.0.0/8 or ::1? Names are not looked up. */
bool img__url_is_loopback(const char *url);

/* The URL without query and user information, for messages. */
void img__url_for_message(const char *url, struct buf *out);

#endif
