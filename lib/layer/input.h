/* SPDX-License-Identifier: Apache-2.0
 *
 * A source behind a buffer: what the readers of this room look into and take from, knowing at which
 * byte they are.
 */
#ifndef IMG_LAYER_INPUT_H
#define IMG_LAYER_INPUT_H

#include "base/io.h"

#define INPUT_BACK ((size_t)16) /* how far pos may be set back after a fill */

struct input {
    struct source *source; /* borrowed */
    uint8_t *data;
    size_t pos; /* of the next byte in data */
    size_t len;
    uint64_t offset; /* of data[0] in the source */
};

int img__input_open(struct input *input, struct source *source, img_error *err);
void img__input_close(struct input *input);
/* Forgets all, for a source that was rewound. */
void img__input_reset(struct input *input);

/* Makes want bytes (at most IMG_IO_CHUNK) available at pos unless the source ends before; returns
 * how many are. */
ssize_t img__input_fill(struct input *input, size_t want, img_error *err);
/* Takes exactly len bytes unless the source ends before: how many. */
ssize_t img__input_take(struct input *input, void *data, size_t len, img_error *err);
/* Takes at least one byte, with no copy in between if many are wanted; 0 at the end. */
ssize_t img__input_read(struct input *input, void *data, size_t len, img_error *err);

static inline const uint8_t *img__input_at(const struct input *input)
{
    return input->data + input->pos;
}
static inline uint64_t img__input_offset(const struct input *input)
{
    return input->offset + input->pos;
}

#endif
