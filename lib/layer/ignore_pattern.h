/* SPDX-License-Identifier: Apache-2.0
 *
 * One pattern of ignore.h.
 */
#ifndef IMG_LAYER_IGNORE_PATTERN_H
#define IMG_LAYER_IGNORE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

enum token_kind {
    TOKEN_LETTER,
    TOKEN_ONE,     /* ?: a letter but '/' */
    TOKEN_SOME,    /* *: letters but '/' */
    TOKEN_CLASS,   /* [a-z], [^a-z] */
    TOKEN_ANY,     /* **: letters */
    TOKEN_FOLDERS, /* two stars and a slash: nothing, or letters and a '/' */
};

struct letter_range {
    uint32_t low;
    uint32_t high;
};

struct token {
    enum token_kind kind;
    uint32_t letter;
    bool negated;
    struct letter_range *ranges;
    size_t range_count;
};

struct ignore_pattern {
    struct token *tokens;
    size_t count;
    char *literal; /* the whole pattern, if nothing in it is special */
    size_t literal_len;
};

/* text is clean. IMG_EINVAL for a bad class or escape. */
int img__ignore_pattern_parse(const char *text, struct ignore_pattern *out, img_error *err);
void img__ignore_pattern_free(struct ignore_pattern *pattern);

/* Room for the states of patterns of up to so many tokens; grows only. */
struct ignore_states {
    uint64_t *now;
    uint64_t *next;
    size_t words;
};
int img__ignore_states_reserve(struct ignore_states *states, size_t tokens, img_error *err);
void img__ignore_states_free(struct ignore_states *states);

struct ignore_match {
    bool covers;  /* matches the path, or a directory that it is in */
    bool beneath; /* may match something beneath the path */
};
struct ignore_match img__ignore_pattern_match(const struct ignore_pattern *pattern,
                                              struct ignore_states *states, const char *path);

#endif
