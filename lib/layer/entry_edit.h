/* SPDX-License-Identifier: Apache-2.0
 *
 * What the options of a scan make of the metadata of an entry, wherever the entry comes from.
 */
#ifndef IMG_LAYER_ENTRY_EDIT_H
#define IMG_LAYER_ENTRY_EDIT_H

#include "layer/scan.h"

void img__entry_edit(const struct scan_options *options, struct entry *entry);
/* Owner and group, and those in access lists, from the ids of this machine to those of the image,
 * if the options have a map. place names the entry in messages. */
int img__entry_unmap(const struct scan_options *options, const char *place, struct entry *entry,
                     img_error *err);

#endif
