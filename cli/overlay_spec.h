/* SPDX-License-Identifier: Apache-2.0
 *
 * The value of --overlay: UPPER[:LOWER]..., the lower directories as in the mount option lowerdir.
 */
#ifndef CLI_OVERLAY_SPEC_H
#define CLI_OVERLAY_SPEC_H

#include <libimg/libimg.h>

/* *out is the upper directory, the lower ones, NULL; free it with overlay_spec_free(). */
int overlay_spec_parse(const char *text, char ***out, img_error *err);
void overlay_spec_free(char **paths); /* NULL is fine */

#endif
