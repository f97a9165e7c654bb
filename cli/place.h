/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a place where images are, as far as the command line needs to look into it.
 */
#ifndef CLI_PLACE_H
#define CLI_PLACE_H

#include <stdbool.h>

#include <libimg/libimg.h>

enum place_kind {
    PLACE_OTHER, /* a reference, or what only the library knows */
    PLACE_OCI,
    PLACE_OCI_ARCHIVE,
    PLACE_DOCKER_ARCHIVE,
    PLACE_PIPE,
};

struct place {
    enum place_kind kind;
    char *path;       /* a directory or a file, "-" of a pipe; NULL of others */
    const char *name; /* behind it, in the text that was split; NULL: none */
};

/* Free it with place_free(). */
void place_split(const char *text, struct place *out);
void place_free(struct place *place);

static inline void auto_place(struct place *place)
{
    place_free(place);
}

/* A path as it is written in the text of a place, to be freed. */
char *place_escape(const char *path);

/* Can an image be read there, as far as its syntax and the presence of a file tell? what is the
 * option, for messages. */
int place_check_source(const char *text, const char *what, img_error *err);

#endif
