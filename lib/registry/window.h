/* SPDX-License-Identifier: Apache-2.0
 *
 * A part of a source as a source of its own: what one request of an upload carries.
 */
#ifndef IMG_REGISTRY_WINDOW_H
#define IMG_REGISTRY_WINDOW_H

#include "base/io.h"

/* To be rewound means to its first byte, wherever in the inner source that is. */
struct window {
    struct source base;
    struct source *inner;
    uint64_t start, len;
    uint64_t at;       /* within the window */
    uint64_t inner_at; /* UINT64_MAX: not known */
};

/* Takes inner over, also on failure. It is at its first byte; the window is empty. */
int img__window_new(struct source *inner, struct window **out, img_error *err);
void img__window_free(struct window *window); /* NULL is fine */

/* The window is now these bytes. The inner source is moved when they are read, if it must be. */
void img__window_set(struct window *window, uint64_t start, uint64_t len);

#endif
