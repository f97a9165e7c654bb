/* SPDX-License-Identifier: Apache-2.0
 *
 * The value of --add, SRC:DEST[:mode=OCTAL,uid=N,gid=N], and that of --layer, where :DEST may be
 * missing.
 */
#ifndef CLI_ADD_SPEC_H
#define CLI_ADD_SPEC_H

#include <libimg/libimg.h>

struct add_spec {
    char *source;
    char *destination; /* NULL: not given */
    img_add_options options;
};

/* On success free the spec with add_spec_free(). */
int add_spec_parse(const char *option, const char *text, struct add_spec *out, img_error *err);
void add_spec_free(struct add_spec *spec);

#endif
