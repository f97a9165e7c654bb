/* SPDX-License-Identifier: Apache-2.0
 *
 * The display of what is under way, fed by the events of the library. All of it goes to one stream,
 * which is stderr outside of tests.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

#include <libimg/libimg.h>

#include "memory.h"
#include <stdio.h>

enum progress_mode {
    PROGRESS_TTY,   /* a row per item, redrawn */
    PROGRESS_PLAIN, /* a line per item at its end, and one every ten seconds */
    PROGRESS_JSON,  /* an object per event */
    PROGRESS_QUIET, /* warnings only */
    PROGRESS_NONE,  /* nothing */
};

/* The mode of the word after --progress; NULL is auto, for which $IMGTOOL_PROGRESS, the terminal
 * and the environment of a CI count. IMG_EINVAL for a word that is no mode. */
int progress_choose(const char *word, enum progress_mode *out, img_error *err);

struct progress;

struct progress_options {
    enum progress_mode mode;
    FILE *stream;
    int64_t (*now_ms)(void); /* NULL: the monotonic clock */
};

struct progress *progress_new(const struct progress_options *options);
void progress_free(struct progress *p);

void progress_event(struct progress *p, const img_event *event);

/* Shows all that has ended, takes the rest off the screen and forgets it. Before other output and
 * at the end of each call into the library. */
void progress_end(struct progress *p);

/* A line of text among the rows. level is IMG_LOG_..., or NOTE for what the command itself tells.
 */
#define PROGRESS_NOTE 0
void progress_line(struct progress *p, int level, const char *text);

AUTO_POINTER(progress, struct progress, progress_free)

#endif
