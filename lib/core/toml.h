/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading TOML 1.0: registries.conf and hosts.toml are written in it, and no library for C that
 * reads it is packaged in Debian. All of the language is read, strictly, and nothing is written. A
 * document is bounded in bytes, values and depth; a NUL in a string is refused though TOML has it,
 * and so is an integer of more than 64 bits.
 */
#ifndef IMG_CORE_TOML_H
#define IMG_CORE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

#define TOML_BYTES_MAX ((size_t)512 * 1024)
#define TOML_VALUES_MAX 10000u
#define TOML_DEPTH_MAX 32u

enum toml_type {
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_TIME, /* of any of the four kinds; text is as it was written */
    TOML_ARRAY,
    TOML_TABLE,
};

struct toml {
    enum toml_type type;
    unsigned line; /* where it was written first, from 1 */
    char *key;     /* in a table; NULL in an array, and of the document */
    char *text;    /* of STRING and TIME */
    int64_t integer;
    double number;
    bool boolean;
    struct toml **items; /* of ARRAY and TABLE, in the order of the text */
    size_t count;
    /* For the reader: what may still be said of it. */
    bool closed;     /* nothing can be added: an inline table, an array by brackets */
    bool named;      /* by a header of its own */
    unsigned dotted; /* the section whose dotted keys made it; 0: none */
};

/* *out is a table. Failures are IMG_EFORMAT or IMG_ELIMIT and begin with "NAME:LINE: ". */
int img__toml_parse(const char *name, const char *text, size_t len, struct toml **out,
                    img_error *err);
void img__toml_free(struct toml *toml); /* NULL is fine */

/* A member of a table; NULL if it is not there. */
const struct toml *img__toml_get(const struct toml *table, const char *key);

/* "a string", "an array of tables", ... */
const char *img__toml_type_name(enum toml_type type);

IMG_AUTO_POINTER(toml, struct toml, img__toml_free)

#endif
