/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of a blob (RFC 9110, section 14; registry.md L9): what an answer says it holds.
 */
#ifndef IMG_REGISTRY_RANGE_H
#define IMG_REGISTRY_RANGE_H

#include "net/http.h"

struct range {
    uint64_t first;
    uint64_t last; /* of the bytes that are sent */
    uint64_t total;
};

/* Reads "bytes 0-9/100". False if it is anything else, also if the total is not told or the numbers
 * make no sense. */
bool img__range_parse(const char *text, struct range *out);

/* Copies the ETag of an answer if it is a strong one, fit to be sent back in If-Range; else "". */
void img__range_etag(const struct http_response *response, char *out, size_t size);

#endif
