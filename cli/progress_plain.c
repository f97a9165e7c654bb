/* SPDX-License-Identifier: Apache-2.0
 *
 * Plain lines, for logs: quiet but alive. Each item has one line, at its end; while nothing ends,
 * one line in ten seconds sums up what is under way. The quiet view is here, too: lines only.
 */
#include "progress_view.h"

#include <stdbool.h>
#include <stdint.h>

#define ALIVE_MS 10000

static void print_alive(struct progress *p)
{
    uint64_t done = 0, total = 0;
    double rate = 0;
    char done_text[FORMAT_MAX], total_text[FORMAT_MAX], rate_text[FORMAT_MAX], eta[FORMAT_MAX];
    bool total_known = true;

    for (size_t i = 0; i < p->item_count; i++) {
        done += p->items[i].done_bytes;
        total += p->items[i].total_bytes;
        rate += p->items[i].rate_bytes;
        total_known = total_known && p->items[i].total_bytes > 0;
    }
    format_size(done_text, done);
    format_size(total_text, total);
    format_size(rate_text, (uint64_t)rate);
    fprintf(p->stream, "%zu under way, %zu finished: %s", p->item_count, p->ended_count, done_text);
    if (total_known)
        fprintf(p->stream, " of %s", total_text);
    fprintf(p->stream, ", %s/s", rate_text);
    if (total_known && rate >= 1 && total >= done) {
        format_clock(eta, (uint64_t)((double)(total - done) / rate));
        fprintf(p->stream, ", eta %s", eta);
    }
    putc('\n', p->stream);
}

static void plain_event(struct progress *p, struct item *item, const img_event *event)
{
    int64_t now_ms = p->now_ms();

    (void)event;
    if (item_ended(item)) {
        progress_print_ended(p->stream, item);
        progress_forget(p, item);
        p->drawn_ms = now_ms;
    } else if (p->drawn_ms == 0) {
        p->drawn_ms = now_ms;
    } else if (now_ms - p->drawn_ms >= ALIVE_MS) {
        print_alive(p);
        p->drawn_ms = now_ms;
    }
    fflush(p->stream);
}

static void plain_line(struct progress *p, int level, const char *text)
{
    progress_print_line(p->stream, level, text);
}

static void quiet_line(struct progress *p, int level, const char *text)
{
    if (level != PROGRESS_NOTE)
        progress_print_line(p->stream, level, text);
}

const struct view progress_view_plain = {.event = plain_event, .line = plain_line};
const struct view progress_view_quiet = {.line = quiet_line};
