/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows on a terminal. What has ended becomes a permanent line; below these is a block of one row
 * per item under way, never higher than the screen, which is overwritten at most ten times a
 * second. The cursor rests below the block and is never hidden, so that nothing needs to be
 * restored when the program is killed. The size of the screen is asked for at each redraw; rows
 * that a narrower window has wrapped since are counted as they are now.
 *
 * A redraw is made up in memory and written at once.
 */
#include "memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "progress_view.h"

#define PAUSE_MS 100
#define BAR_MAX 30
#define BAR_MIN 5
#define ROW_MAX 512
/* What stands beside the bar: name 27, sizes 18, rate 11, eta 12, and the bar's brackets 3. */
#define BESIDE_BAR 71
#define NARROW 50 /* with fewer columns there is no digest */

struct screen {
    size_t columns;
    size_t rows;
};

static struct screen screen_size(void)
{
    const char *fixed = getenv("IMGTOOL_TEST_TTY");
    struct winsize size = {0};
    unsigned columns = 80, rows = 24;

    if (fixed) {
        if (sscanf(fixed, "%ux%u", &columns, &rows) != 2)
            columns = 80, rows = 24;
    } else if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_row) {
        columns = size.ws_col;
        rows = size.ws_row;
    }
    if (columns < 2)
        columns = 2;
    return (struct screen){columns, rows < 2 ? 2 : rows};
}

struct row {
    size_t limit; /* of letters in text */
    char text[ROW_MAX];
};

static struct row row_begin(struct screen screen)
{
    size_t limit = screen.columns - 1;

    return (struct row){.limit = limit < ROW_MAX - 1 ? limit : ROW_MAX - 1};
}

/* All of part or, if there is no room, nothing of it; after that no further parts. */
static void append(struct row *row, const char *part)
{
    size_t len = strlen(row->text), part_len = strlen(part);

    if (len + part_len > row->limit)
        row->limit = len;
    else
        memcpy(row->text + len, part, part_len + 1);
}

static void append_bar(struct row *row, const struct item *item, size_t cells)
{
    char bar[BAR_MAX + 1], text[BAR_MAX + 4];
    size_t full = 0;

    if (item->total_bytes && item->done_bytes >= item->total_bytes)
        full = cells;
    else if (item->total_bytes)
        full = (size_t)((double)item->done_bytes / (double)item->total_bytes * (double)cells);
    memset(bar, ' ', cells);
    memset(bar, '=', full);
    bar[cells] = '\0';
    if (full < cells && item->total_bytes)
        bar[full] = '>';
    snprintf(text, sizeof(text), " [%s]", bar);
    append(row, text);
}

static void append_numbers(struct row *row, const struct item *item)
{
    char done[FORMAT_MAX], total[FORMAT_MAX], rate[FORMAT_MAX], clock[FORMAT_MAX];
    char text[5 * FORMAT_MAX];

    format_size(done, item->done_bytes);
    format_size(total, item->total_bytes);
    snprintf(text, sizeof(text), " %8s%c%-8s", done, item->total_bytes ? '/' : ' ',
             item->total_bytes ? total : "");
    append(row, text);
    if (item->rate_bytes < 1)
        return;
    format_size(rate, (uint64_t)item->rate_bytes);
    snprintf(text, sizeof(text), " %8s/s", rate);
    append(row, text);
    if (item->total_bytes <= item->done_bytes)
        return;
    format_clock(clock,
                 (uint64_t)((double)(item->total_bytes - item->done_bytes) / item->rate_bytes));
    snprintf(text, sizeof(text), " eta %s", clock);
    append(row, text);
}

static struct row format_row(const struct item *item, struct screen screen)
{
    size_t cells = screen.columns > BESIDE_BAR ? screen.columns - BESIDE_BAR : 0;
    struct row row = row_begin(screen);
    char name[sizeof(item->what) + sizeof(item->digest) + 16];

    snprintf(name, sizeof(name), "%-*s", PROGRESS_WHAT_COLUMNS, item->what);
    append(&row, name);
    snprintf(name, sizeof(name), " %-12s", item->digest);
    if (screen.columns >= NARROW)
        append(&row, name);
    if (cells >= BAR_MIN)
        append_bar(&row, item, cells < BAR_MAX ? cells : BAR_MAX);
    append_numbers(&row, item);
    return row;
}

/* Puts the cursor where the block begins. */
static void go_to_start(struct progress *p, FILE *out, struct screen screen)
{
    size_t up = 0;

    for (size_t i = 0; i < p->drawn_count; i++)
        up += 1 + (p->drawn_rows[i] ? (p->drawn_rows[i] - 1u) / screen.columns : 0);
    if (up >= screen.rows)
        up = screen.rows - 1;
    if (up > 0)
        fprintf(out, "\r\033[%zuA", up);
    p->drawn_count = 0;
}

static void draw_row(struct progress *p, FILE *out, const char *row)
{
    p->drawn_rows[p->drawn_count++] = (uint16_t)strlen(row);
    fprintf(out, "%s\033[K\n", row);
}

static void draw_ended(struct progress *p, FILE *out)
{
    for (size_t i = 0; i < p->item_count;) {
        struct item *item = &p->items[i];

        if (!item_ended(item)) {
            i++;
            continue;
        }
        /* Clears the row first: the line may be longer than the screen is wide. */
        fputs("\033[K", out);
        progress_print_ended(out, item);
        progress_forget(p, item);
    }
}

static void draw_block(struct progress *p, FILE *out, struct screen screen)
{
    size_t room = screen.rows - 1 < PROGRESS_ROWS_MAX ? screen.rows - 1 : PROGRESS_ROWS_MAX;
    size_t shown = p->item_count;
    struct row row;

    if (shown > room)
        shown = room - 1;
    for (size_t i = 0; i < shown; i++) {
        row = format_row(&p->items[i], screen);
        draw_row(p, out, row.text);
    }
    if (shown < p->item_count) {
        char more[48];

        snprintf(more, sizeof(more), "and %zu more", p->item_count - shown);
        row = row_begin(screen);
        append(&row, more);
        draw_row(p, out, row.text);
    }
}

/* text is a permanent line, NULL for none. With block false only permanent lines remain. */
static void redraw(struct progress *p, const char *text, bool block)
{
    struct screen screen = screen_size();
    auto_free char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);

    if (!out)
        return;
    go_to_start(p, out, screen);
    draw_ended(p, out);
    if (text)
        fprintf(out, "\033[K%s", text);
    if (block)
        draw_block(p, out, screen);
    fputs("\033[J", out);
    if (fclose(out) == 0) {
        fwrite(bytes, 1, len, p->stream);
        fflush(p->stream);
    }
    p->drawn_ms = p->now_ms();
}

static void tty_event(struct progress *p, struct item *item, const img_event *event)
{
    (void)item;
    (void)event;
    if (p->drawn_ms == 0 || p->now_ms() - p->drawn_ms >= PAUSE_MS)
        redraw(p, NULL, true);
}

static void tty_end(struct progress *p)
{
    if (p->item_count || p->drawn_count)
        redraw(p, NULL, false);
}

static void tty_line(struct progress *p, int level, const char *text)
{
    auto_free char *bytes = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&bytes, &len);

    if (!out)
        return;
    progress_print_line(out, level, text);
    if (fclose(out) == 0)
        redraw(p, bytes, p->item_count > 0);
}

const struct view progress_view_tty = {.event = tty_event, .end = tty_end, .line = tty_line};
