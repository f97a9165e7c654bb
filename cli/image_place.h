/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of images on the command line, and what is printed of them. The library takes them apart;
 * here it only matters of which kind one is.
 */
#ifndef CLI_IMAGE_PLACE_H
#define CLI_IMAGE_PLACE_H

#include "cli.h"

bool place_starts(const char *text, const char *prefix);
/* Does it say where it is, or is it a name alone? */
bool place_has_transport(const char *text);
/* A name alone becomes one of the store. To be freed. */
char *place_in_store(const char *text);
/* A name alone becomes one that is where other is: in the registry, the layout or else the store.
 * To be freed. */
char *place_beside(const char *other, const char *text);

/* Is the image itself what is printed? */
bool place_is_stdout(const char *place);
bool place_is_archive(const char *place);

/* The pinned name of what is there now, or its digest, or an object with both; nothing if the image
 * is printed. */
int place_print_result(const struct cli *cli, const char *place, const img_descriptor *descriptor,
                       img_error *err);

void place_print_plan(const img_copy_plan *plan);
/* changed: of an edit; else NULL. */
void place_print_plan_json(const img_copy_plan *plan, const bool *changed);

#endif
