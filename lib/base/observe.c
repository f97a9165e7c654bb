/* SPDX-License-Identifier: Apache-2.0
 *
 * Telling the caller. Log lines are cleaned like messages, since they quote servers and files.
 */
#include "base/observe.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

#define PROGRESS_STEP_BYTES ((uint64_t)64 * 1024)

void img__log(const struct observer *observer, int level, const char *format, ...)
{
    if (!observer || !observer->on_log)
        return;
    char raw[2048], clean[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    img__text_clean(raw, clean, sizeof(clean));
    observer->on_log(level, clean, observer->on_log_arg);
}

int img__input(const struct inputs *inputs, const char *path, uint32_t kind, img_error *err)
{
    if (!inputs->fn || inputs->fn(path, kind, inputs->arg) == 0)
        return 0;
    return img__fail(err, IMG_ECANCELED, "interrupted");
}

static int emit(struct item *item, int kind, img_error *err)
{
    struct observer *observer = item->observer;
    if (!observer || !observer->on_event)
        return 0;
    item->event.kind = kind;
    if (observer->on_event(&item->event, observer->on_event_arg) == 0)
        return 0;
    return img__fail(err, IMG_ECANCELED, "interrupted");
}

int img__item_start(struct item *item, struct observer *observer, const char *what,
                    const char *digest, uint64_t total_bytes, img_error *err)
{
    *item = (struct item){.observer = observer};
    item->event.id = observer ? ++observer->last_id : 0;
    item->event.what = what;
    item->event.digest = digest;
    item->event.total_bytes = total_bytes;
    return emit(item, IMG_EVENT_STARTED, err);
}

int img__item_progress(struct item *item, uint64_t done_bytes, img_error *err)
{
    item->event.done_bytes = done_bytes;
    if (done_bytes >= item->reported_bytes &&
        done_bytes - item->reported_bytes < PROGRESS_STEP_BYTES)
        return 0;
    item->reported_bytes = done_bytes;
    return emit(item, IMG_EVENT_PROGRESS, err);
}

int img__item_idle(struct item *item, img_error *err)
{
    return emit(item, IMG_EVENT_PROGRESS, err);
}

int img__item_end(struct item *item, int kind, const char *from, img_error *err)
{
    item->event.from = from;
    if (kind == IMG_EVENT_DONE && item->event.total_bytes)
        item->event.done_bytes = item->event.total_bytes;
    return emit(item, kind, err);
}
