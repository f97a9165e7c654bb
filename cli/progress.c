/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of items under way and their rates. How they are shown is up to the views, one per mode.
 * Time comes from a clock that tests replace.
 */
#include "fail.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "memory.h"
#include "name.h"
#include "progress_view.h"
#include "text.h"

#define SAMPLE_MS 500

static const struct {
    const char *word;
    enum progress_mode mode;
    const struct view *view;
} modes[] = {
    {"tty", PROGRESS_TTY, &progress_view_tty},
    {"plain", PROGRESS_PLAIN, &progress_view_plain},
    {"json", PROGRESS_JSON, &progress_view_json},
    {"rawjson", PROGRESS_JSON, &progress_view_json}, /* as docker buildx spells it */
    {"quiet", PROGRESS_QUIET, &progress_view_quiet},
    {"none", PROGRESS_NONE, NULL},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value && *value && !text_is(value, "0") && !text_is(value, "false");
}

static enum progress_mode choose_auto(void)
{
    const char *term = getenv("TERM");

    if (getenv("IMGTOOL_TEST_TTY"))
        return PROGRESS_TTY;
    if (!isatty(STDERR_FILENO) || !term || text_is(term, "dumb") || is_set("CI"))
        return PROGRESS_PLAIN;
    return PROGRESS_TTY;
}

int progress_choose(const char *word, enum progress_mode *out, img_error *err)
{
    const char *source = "--progress";

    if (!word || text_is(word, "auto")) {
        word = getenv("IMGTOOL_PROGRESS");
        source = "$IMGTOOL_PROGRESS";
    }
    if (!word || !*word || text_is(word, "auto")) {
        *out = choose_auto();
        return 0;
    }
    for (size_t i = 0; i < MODES; i++) {
        if (text_is(word, modes[i].word)) {
            *out = modes[i].mode;
            return 0;
        }
    }
    return cli_fail(err, IMG_EINVAL,
                    "%s: unknown mode '%s'; there are auto, tty, plain, json, quiet and none",
                    source, word);
}

static int64_t monotonic_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct progress *progress_new(const struct progress_options *options)
{
    struct progress *p = xcalloc(1, sizeof(*p));

    for (size_t i = 0; i < MODES; i++)
        if (modes[i].mode == options->mode)
            p->view = modes[i].view;
    p->stream = options->stream;
    p->now_ms = options->now_ms ? options->now_ms : monotonic_ms;
    return p;
}

void progress_free(struct progress *p)
{
    progress_end(p);
    free(p->items);
    free(p);
}

/* An id that comes again after its end is a new item: ids are unique within one call only. */
static struct item *item_of(struct progress *p, const img_event *event)
{
    struct item *item;

    for (size_t i = 0; i < p->item_count; i++)
        if (p->items[i].id == event->id && !item_ended(&p->items[i]))
            return &p->items[i];
    p->items = xreallocarray(p->items, p->item_count + 1, sizeof(*p->items));
    item = &p->items[p->item_count++];
    memset(item, 0, sizeof(*item));
    item->id = event->id;
    item->started_ms = item->sample_ms = p->now_ms();
    item->sample_bytes = event->done_bytes;
    return item;
}

static void update_rate(struct item *item, int64_t now_ms)
{
    int64_t passed_ms = now_ms - item->sample_ms;
    double rate;

    if (passed_ms < SAMPLE_MS || item->done_bytes < item->sample_bytes)
        return;
    rate = (double)(item->done_bytes - item->sample_bytes) * 1000.0 / (double)passed_ms;
    item->rate_bytes = item->rate_bytes > 0 ? (item->rate_bytes + rate) / 2 : rate;
    item->sample_ms = now_ms;
    item->sample_bytes = item->done_bytes;
}

static void update(struct progress *p, struct item *item, const img_event *event)
{
    const char *hex = event->digest ? strchr(event->digest, ':') : NULL;

    item->kind = event->kind;
    item->done_bytes = event->done_bytes;
    item->total_bytes = event->total_bytes;
    copy_printable(item->what, sizeof(item->what), event->what ? event->what : "");
    copy_printable(item->digest, sizeof(item->digest), hex ? hex + 1 : "");
    copy_printable(item->from, sizeof(item->from), event->from ? event->from : "");
    update_rate(item, p->now_ms());
    if (item_ended(item)) {
        item->ended_ms = p->now_ms();
        p->ended_count++;
    }
}

void progress_event(struct progress *p, const img_event *event)
{
    struct item *item;

    if (!p->view || !p->view->event)
        return;
    item = item_of(p, event);
    update(p, item, event);
    p->view->event(p, item, event);
}

void progress_end(struct progress *p)
{
    if (p->view && p->view->end)
        p->view->end(p);
    p->item_count = 0;
    p->ended_count = 0;
    p->drawn_ms = 0;
}

void progress_line(struct progress *p, int level, const char *text)
{
    if (p->view && p->view->line)
        p->view->line(p, level, text);
}

void progress_forget(struct progress *p, struct item *item)
{
    size_t index = (size_t)(item - p->items);

    p->item_count--;
    memmove(item, item + 1, (p->item_count - index) * sizeof(*item));
}

/* "38.0 MB in 1.2 s, 31.6 MB/s"; times too short to mean something are left out. */
static void print_done(FILE *stream, const struct item *item)
{
    int64_t took_ms = item->ended_ms - item->started_ms;
    uint64_t bytes = item->done_bytes ? item->done_bytes : item->total_bytes;
    char size[FORMAT_MAX], time[FORMAT_MAX], rate[FORMAT_MAX];

    format_size(size, bytes);
    fputs(size, stream);
    if (took_ms < 100)
        return;
    format_duration(time, took_ms);
    format_size(rate, (uint64_t)((double)bytes * 1000.0 / (double)took_ms));
    fprintf(stream, " in %s, %s/s", time, rate);
}

void progress_print_ended(FILE *stream, const struct item *item)
{
    char size[FORMAT_MAX];

    fprintf(stream, "%-*s %-12s ", PROGRESS_WHAT_COLUMNS, item->what, item->digest);
    switch (item->kind) {
    case IMG_EVENT_DONE:
        fputs("done    ", stream);
        print_done(stream, item);
        break;
    case IMG_EVENT_EXISTS:
    case IMG_EVENT_CACHED:
        format_size(size, item->total_bytes);
        fprintf(stream, "%-7s %s", item->kind == IMG_EVENT_EXISTS ? "exists" : "cached", size);
        break;
    case IMG_EVENT_MOUNTED:
        fprintf(stream, "mounted from %s", item->from);
        break;
    default:
        fputs("ended", stream);
        break;
    }
    putc('\n', stream);
}

void progress_print_line(FILE *stream, int level, const char *text)
{
    static const char *const words[] = {"", "warning: ", "info: ", "debug: "};

    fprintf(stream, LIBIMG_TOOL_NAME ": %s",
            words[level >= 0 && level <= IMG_LOG_DEBUG ? level : IMG_LOG_DEBUG]);
    name_print(stream, text);
    putc('\n', stream);
}
