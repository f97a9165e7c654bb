/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks: progress and log lines. They run on the thread that called into the library, and never
 * after that call has returned. They must not use the handles that the call was given.
 */
#ifndef LIBIMG_CALLBACKS_H
#define LIBIMG_CALLBACKS_H

#include <libimg/values.h>

#ifdef __cplusplus
extern "C" {
#endif

/* img_event.kind. An item that was started ends with exactly one of the others but PROGRESS, unless
 * the call fails: then what has not ended yet gets no event any more. */
#define IMG_EVENT_STARTED 1
#define IMG_EVENT_PROGRESS 2
#define IMG_EVENT_DONE 3    /* its bytes were moved, or made */
#define IMG_EVENT_EXISTS 4  /* nothing moved: the registry has it */
#define IMG_EVENT_MOUNTED 5 /* nothing moved: the registry took it from another repository */
#define IMG_EVENT_CACHED 6  /* nothing moved: the store has it */

/* Something happened to an item: a blob or a manifest on its way, a layer in the making. */
typedef struct img_event {
    int kind;
    uint32_t id;          /* of the item, unique within the call */
    const char *what;     /* "layer 3/7", "config", "manifest" */
    const char *from;     /* MOUNTED: the repository; else NULL */
    const char *digest;   /* "" while it is not known */
    uint64_t done_bytes;  /* so far */
    uint64_t total_bytes; /* 0: not known yet */
} img_event;

/* Returns 0 to go on; anything else ends the call with IMG_ECANCELED. event is valid during the
 * call only. */
typedef int (*img_event_fn)(const img_event *event, void *arg);

/* Takes a piece of data, which is valid during the call only; returns as the above. */
typedef int (*img_data_fn)(const void *data, size_t len, void *arg);

#define IMG_LOG_WARNING 1
#define IMG_LOG_INFO 2
#define IMG_LOG_DEBUG 3 /* each request and its answer, without secrets */

/* line ends without a newline and holds no control characters. */
typedef void (*img_log_fn)(int level, const char *line, void *arg);

#define IMG_INPUT_FILE 1      /* its data or its metadata go into a layer, or were compared */
#define IMG_INPUT_DIRECTORY 2 /* what is in it was listed or looked up: each name counts */
/* Of which only what it is counts: a symbolic link, as itself, a device, a pipe, a directory that
 * something else is mounted on. When it is replaced, its directory changes. */
#define IMG_INPUT_OTHER 3

/* Something of this machine that the result depends on, kind is IMG_INPUT_...: path begins as the
 * caller of the library named it, so it may be relative, and is valid during the call only. It may
 * come more than once. What rules leave out does not come, but the directory that it is in does.
 * Returns 0 to go on; anything else ends the call with IMG_ECANCELED. */
typedef int (*img_input_fn)(const char *path, uint32_t kind, void *arg);

#ifdef __cplusplus
}
#endif

#endif
