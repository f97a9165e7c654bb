/* SPDX-License-Identifier: Apache-2.0
 *
 * Words that are offered where a command line is being typed: the kinds of them that there are.
 */
#ifndef CLI_OFFER_H
#define CLI_OFFER_H

#include <stddef.h>

enum offer_kind {
    OFFER_NOTHING,
    OFFER_FILES,
    OFFER_DIRS,
    OFFER_IMAGES,   /* names in the store */
    OFFER_PLACES,   /* as in "imgtool help places"; names in the store, too */
    OFFER_OUTPUTS,  /* as in "imgtool help outputs" */
    OFFER_COMMANDS, /* of imgtool */
    OFFER_TOPICS,   /* commands, and topics of the help */
};

struct offer {
    const char *typed;     /* so far, of the word */
    const char *before;    /* what stands before it in the same word, "--option=" */
    const char *store_dir; /* NULL: the default */
    const char *rest;      /* set: what the shell adds, "files" or "dirs"; NULL: nothing */
};

/* Prints a word if it begins as what is typed; meaning may be NULL, its first line counts. */
void offer_word(const struct offer *offer, const char *word, const char *meaning);
/* Prints those of a list, separated by blanks. */
void offer_list(const struct offer *offer, const char *list);
void offer_kind(struct offer *offer, enum offer_kind kind);

#endif
