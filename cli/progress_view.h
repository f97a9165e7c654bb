/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the display: the items under way, and one view per mode that shows them.
 */
#ifndef CLI_PROGRESS_VIEW_H
#define CLI_PROGRESS_VIEW_H

#include <stdbool.h>

#include "format.h"
#include "progress.h"

#define PROGRESS_ROWS_MAX 256
#define PROGRESS_WHAT_COLUMNS 14 /* "add an archive" */

struct item {
    uint32_t id;
    int kind;        /* the last event: IMG_EVENT_... */
    char what[40];   /* printable, as the following */
    char digest[13]; /* the first letters of its hexadecimal part; "" while unknown */
    char from[96];
    uint64_t done_bytes;
    uint64_t total_bytes;
    int64_t started_ms;
    int64_t ended_ms;
    int64_t sample_ms; /* when and with what rate_bytes was reckoned last */
    uint64_t sample_bytes;
    double rate_bytes; /* a second, smoothed */
    int64_t shown_ms;  /* json: of the last PROGRESS event; 0: never */
};

struct view;

struct progress {
    const struct view *view;
    FILE *stream;
    int64_t (*now_ms)(void);
    struct item *items; /* those that did not end, or whose end was not shown */
    size_t item_count;
    size_t ended_count; /* in this call */
    int64_t drawn_ms;   /* tty, plain: the last redraw or line; 0: never */
    /* tty: the letters in each row on the screen, which are all below the permanent lines. */
    uint16_t drawn_rows[PROGRESS_ROWS_MAX];
    size_t drawn_count;
};

/* Any member may be NULL. */
struct view {
    void (*event)(struct progress *p, struct item *item, const img_event *event);
    void (*end)(struct progress *p);
    void (*line)(struct progress *p, int level, const char *text);
};

extern const struct view progress_view_tty;
extern const struct view progress_view_plain;
extern const struct view progress_view_json;
extern const struct view progress_view_quiet;

static inline bool item_ended(const struct item *item)
{
    return item->kind != IMG_EVENT_STARTED && item->kind != IMG_EVENT_PROGRESS;
}

/* Takes an item that has ended off the list. */
void progress_forget(struct progress *p, struct item *item);

/* The line of an item that has ended, with its newline. */
void progress_print_ended(FILE *stream, const struct item *item);

/* "imgtool: warning: text". */
void progress_print_line(FILE *stream, int level, const char *text);

#endif
