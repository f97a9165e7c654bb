/* SPDX-License-Identifier: Apache-2.0
 *
 * One JSON object per line and event, for programs. Of the PROGRESS events, ten a second and item
 * are passed on.
 */
#include "json_out.h"

#include <stdbool.h>
#include <stdint.h>

#include "progress_view.h"

#define PAUSE_MS 100

static const char *event_name(int kind)
{
    switch (kind) {
    case IMG_EVENT_STARTED:
        return "started";
    case IMG_EVENT_PROGRESS:
        return "progress";
    case IMG_EVENT_DONE:
        return "done";
    case IMG_EVENT_EXISTS:
        return "exists";
    case IMG_EVENT_MOUNTED:
        return "mounted";
    case IMG_EVENT_CACHED:
        return "cached";
    default:
        return "other";
    }
}

static void write_event(FILE *stream, const img_event *event)
{
    struct json_out j = {.stream = stream, .compact = true};

    json_begin_object(&j, NULL);
    json_put_string(&j, "event", event_name(event->kind));
    json_put_uint(&j, "id", event->id);
    json_put_string(&j, "what", event->what);
    json_put_string(&j, "digest", event->digest);
    if (event->from)
        json_put_string(&j, "from", event->from);
    json_put_uint(&j, "done_bytes", event->done_bytes);
    json_put_uint(&j, "total_bytes", event->total_bytes);
    json_end_object(&j);
    fflush(stream);
}

static void json_event(struct progress *p, struct item *item, const img_event *event)
{
    int64_t now_ms = p->now_ms();

    if (event->kind != IMG_EVENT_PROGRESS || item->shown_ms == 0 ||
        now_ms - item->shown_ms >= PAUSE_MS) {
        write_event(p->stream, event);
        item->shown_ms = now_ms;
    }
    if (item_ended(item))
        progress_forget(p, item);
}

static void json_line(struct progress *p, int level, const char *text)
{
    static const char *const names[] = {"note", "warning", "info", "debug"};
    struct json_out j = {.stream = p->stream, .compact = true};

    json_begin_object(&j, NULL);
    json_put_string(&j, "event",
                    names[level >= 0 && level <= IMG_LOG_DEBUG ? level : IMG_LOG_DEBUG]);
    json_put_string(&j, "message", text);
    json_end_object(&j);
    fflush(p->stream);
}

const struct view progress_view_json = {.event = json_event, .line = json_line};
