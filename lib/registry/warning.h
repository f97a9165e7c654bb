/* SPDX-License-Identifier: Apache-2.0
 *
 * Warnings of registries (distribution-spec, "Warnings"; registry.md Z5).
 */
#ifndef IMG_REGISTRY_WARNING_H
#define IMG_REGISTRY_WARNING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "registry/call.h"

#define WARNING_BYTES_MAX ((size_t)4096)

/* The text of the next "299 - text" of a Warning header, from *at on, which moves behind it, into
 * out, which is cleared, may be full, and says so in its own way. false: there is no other. Other
 * codes, and other agents than "-", are caches' and passed over. */
bool img__warning_next(const char *value, size_t len, size_t *at, struct buf *out);

/* Logs what the answer warns of, once per host and text. Where a redirect led has no say. */
void img__warnings_show(const struct call *call, const struct http_response *response);

#endif
