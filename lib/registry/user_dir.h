/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a user's settings are.
 */
#ifndef IMG_REGISTRY_USER_DIR_H
#define IMG_REGISTRY_USER_DIR_H

#include "base/err.h"

#define USER_PATH_MAX ((size_t)64 * 1024)

/* NAME in $XDG_CONFIG_HOME or ~/.config; *out is NULL if neither is known. */
int img__user_config(const char *name, char **out, img_error *err);

#endif
