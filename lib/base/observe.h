/* SPDX-License-Identifier: Apache-2.0
 *
 * The caller's eyes: where progress events and log lines go. All NULL is nobody.
 */
#ifndef IMG_BASE_OBSERVE_H
#define IMG_BASE_OBSERVE_H

#include <libimg/callbacks.h>

struct observer {
    img_event_fn on_event;
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
    uint32_t last_id; /* of the items so far */
};

/* Who is told of what a result depends on. NULL is nobody. */
struct inputs {
    img_input_fn fn;
    void *arg;
};

/* Tells of one. Returns 0, or IMG_ECANCELED. */
int img__input(const struct inputs *inputs, const char *path, uint32_t kind, img_error *err);

/* One thing on its way, from STARTED to its end. */
struct item {
    struct observer *observer; /* may be NULL */
    img_event event;
    uint64_t reported_bytes; /* at the last PROGRESS event */
};

__attribute__((format(printf, 3, 4))) void img__log(const struct observer *observer, int level,
                                                    const char *format, ...);

/* Each returns 0, or IMG_ECANCELED if the callback says so. what and digest are borrowed for the
 * life of the item; digest may be "". */
int img__item_start(struct item *item, struct observer *observer, const char *what,
                    const char *digest, uint64_t total_bytes, img_error *err);
/* Tells of done bytes; an event goes out for every 64 KiB or so. */
int img__item_progress(struct item *item, uint64_t done_bytes, img_error *err);
/* Nothing moved for a while: an event goes out all the same, so that the callback can end it. */
int img__item_idle(struct item *item, img_error *err);
/* kind is how it ended, from is for IMG_EVENT_MOUNTED. */
int img__item_end(struct item *item, int kind, const char *from, img_error *err);

#endif
