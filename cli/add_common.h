/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of build that say what all added files, directories and archives look like.
 */
#ifndef CLI_ADD_COMMON_H
#define CLI_ADD_COMMON_H

#include "options.h"

/* Reads --chmod, --mtime and the like. out points into args. */
int add_common_parse(const struct arguments *args, img_add_options *out, img_error *err);
/* Gives own what it does not have from common. */
void add_common_merge(const img_add_options *common, img_add_options *own);

#endif
