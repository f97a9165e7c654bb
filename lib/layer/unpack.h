/* SPDX-License-Identifier: Apache-2.0
 *
 * What gunzip.c and unzstd.c have in common: a source of what comes in parts, gzip members or zstd
 * frames, one behind the other.
 */
#ifndef IMG_LAYER_UNPACK_H
#define IMG_LAYER_UNPACK_H

#include <stdbool.h>

#include "layer/input.h"

struct unpack;

struct unpack_ops {
    const char *format; /* "gzip" */
    const char *part;   /* "member" */
    /* Are the got bytes at the input the begin of a part? At least magic_bytes unless it ends. */
    bool (*is_part)(const uint8_t *at, size_t got);
    size_t magic_bytes;
    /* Begins a part: reads its header. */
    int (*begin)(struct unpack *unpack, img_error *err);
    /* How many bytes came out, which may be none, or a code. Clears inside at the end of the part.
     */
    ssize_t (*some)(struct unpack *unpack, void *data, size_t len, img_error *err);
    /* Back to before the first part, and freeing what the format holds. */
    void (*reset)(struct unpack *unpack);
    void (*close)(struct unpack *unpack);
};

/* Stands first in the struct of a format. */
struct unpack {
    struct source base;
    const struct unpack_ops *ops;
    struct source *next;
    char *name;
    struct input input;
    uint64_t parts; /* begun so far */
    uint64_t part_offset;
    bool inside;   /* a part */
    bool trailing; /* what follows the last part is ignored */
    int failed;
};

/* Completes unpack, which was allocated all zero, and takes it and next over, also on failure. */
int img__unpack_open(struct unpack *unpack, const struct unpack_ops *ops, const char *name,
                     struct source *next, struct source **out, img_error *err);

/* "NAME: the gzip member at byte N REASON" */
int img__unpack_fail(const struct unpack *unpack, const char *reason, img_error *err);

/* The formats. Each takes next over, also on failure. */
int img__source_gunzip(const char *name, struct source *next, struct source **out, img_error *err);
int img__source_unzstd(const char *name, struct source *next, struct source **out, img_error *err);
/* source is one of these. */
void img__unpack_allow_trailing(struct source *source);

#endif
