/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of what is left out of a tree, with the meaning of Docker's .dockerignore: '*', '?' and
 * classes stay within a name, "**" does not; '!' takes things in again; the last rule that matches
 * counts; what matches a directory matches all beneath it (layers.md C28).
 */
#ifndef IMG_LAYER_IGNORE_H
#define IMG_LAYER_IGNORE_H

#include <stdbool.h>

#include "base/buf.h"

#define IGNORE_FILE_MAX ((size_t)4 << 20)
#define IGNORE_PATTERN_MAX ((size_t)8192)

struct ignore;

int img__ignore_new(struct ignore **out, img_error *err);
void img__ignore_free(struct ignore *ignore);

/* Adds a rule. Blanks around it and slashes at its ends go, "." and ".." are resolved; an empty one
 * is none. where stands before messages. IMG_EINVAL for a bad pattern, as Go's path.Match has it.
 */
int img__ignore_add(struct ignore *ignore, const char *pattern, const char *where, img_error *err);
/* Adds a rule a line, but for comments, which begin with '#'. name is that of the file. */
int img__ignore_add_lines(struct ignore *ignore, const struct buf *text, const char *name,
                          img_error *err);

enum ignore_verdict {
    IGNORE_TAKE,
    IGNORE_LEAVE_OUT, /* with all that is beneath */
    IGNORE_LOOK,      /* left out, but something beneath may be taken */
};

/* path is beneath the top of the tree, in the form of entry.path. Not by two threads at once. */
enum ignore_verdict img__ignore_judge(struct ignore *ignore, const char *path);

IMG_AUTO_POINTER(ignore, struct ignore, img__ignore_free)

#endif
