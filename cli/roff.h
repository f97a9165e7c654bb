/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing manual pages in the macros of man(7), from texts as the help has them.
 */
#ifndef CLI_ROFF_H
#define CLI_ROFF_H

#include <stdbool.h>
#include <stdio.h>

struct roff {
    FILE *stream;
    bool begun; /* there is text below the heading, so that what comes is another paragraph */
};

/* Begins a page. name is in lower case: "imgtool-build". */
void roff_begin(struct roff *roff, const char *name, int section, const char *summary);
void roff_heading(struct roff *roff, const char *heading);
void roff_subheading(struct roff *roff, const char *heading);

/* Text as it is, within a line; "imgtool" is the name of the program. */
void roff_words(struct roff *roff, const char *text);

/* Paragraphs, with empty lines between them. Lines that begin with a blank are kept as they are. */
void roff_text(struct roff *roff, const char *text);

/* What is typed: words in capital letters are italic, all else is bold. */
void roff_usage(struct roff *roff, const char *text);

/* The head of an item: what follows is its text. The words are printed by the caller, between. */
void roff_item(struct roff *roff);
void roff_item_text(struct roff *roff);

/* "name(section)", with a comma before it unless it is the first. */
void roff_reference(struct roff *roff, const char *name, int section);

#endif
