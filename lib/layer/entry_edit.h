/* SPDX-License-Identifier: Apache-2.0
 *
 * What the options of a scan make of the metadata of an entry, wherever the entry comes from.
 */
#ifndef IMG_LAYER_ENTRY_EDIT_H
#define IMG_LAYER_ENTRY_EDIT_H

#include "layer/scan.h"

void img__entry_edit(const struct scan_options *options, struct entry *entry);

#endif
