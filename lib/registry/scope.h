/* SPDX-License-Identifier: Apache-2.0
 *
 * Scopes, as token services know them: a list of "type:name:action,action" with spaces between
 * (registry.md A9). The name may hold colons.
 */
#ifndef IMG_REGISTRY_SCOPE_H
#define IMG_REGISTRY_SCOPE_H

#include "base/buf.h"

#define SCOPE_MAX ((size_t)8 * 1024)

/* Adds "repository:PATH:ACTIONS" to a list. */
void img__scope_add_repository(struct buf *scope, const char *path, const char *actions);

/* All of both lists into out: what first has comes first, since there are token services that read
 * nothing else, and the actions of one resource are joined. */
void img__scope_merge(const char *first, const char *second, struct buf *out);

#endif
