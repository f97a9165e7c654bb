/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the TOML reader share.
 */
#ifndef IMG_CORE_TOML_READ_H
#define IMG_CORE_TOML_READ_H

#include "base/buf.h"
#include "base/strv.h"
#include "core/toml.h"

struct toml_reader {
    const char *name;
    const char *at; /* the bytes end with a NUL at end */
    const char *end;
    unsigned line;
    unsigned section; /* counts headers, from 1 */
    unsigned values;
    img_error *err;
};

/* "NAME:LINE: ..." */
__attribute__((format(printf, 2, 3))) int img__toml_fail(struct toml_reader *r, const char *format,
                                                         ...);

/* toml_text.c */
static inline bool img__toml_is_blank(char c)
{
    return c == ' ' || c == '\t';
}
void img__toml_skip_blanks(struct toml_reader *r);
/* Blanks, then perhaps a comment, and the end of the line. */
int img__toml_end_line(struct toml_reader *r);
/* Blanks, comments and line ends. */
int img__toml_skip_lines(struct toml_reader *r);
/* A string in any of its four forms; at its first quote. */
int img__toml_string(struct toml_reader *r, char **out);
/* A key, of one part or more with dots between. */
int img__toml_key(struct toml_reader *r, struct strv *out);

/* toml_number.c: true, a number or a time. */
int img__toml_plain(struct toml_reader *r, struct toml *out);

#endif
