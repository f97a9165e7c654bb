/* SPDX-License-Identifier: Apache-2.0
 *
 * The buffer between a source and a reader. The INPUT_BACK bytes before pos survive a fill, since
 * ISA-L gives bytes back that it has read too far.
 */
#include "layer/input.h"

#include <assert.h>
#include <string.h>

#define CAPACITY (INPUT_BACK + IMG_IO_CHUNK)

int img__input_open(struct input *input, struct source *source, img_error *err)
{
    *input = (struct input){.source = source, .data = malloc(CAPACITY)};
    return input->data ? 0 : img__fail_memory(err);
}

void img__input_close(struct input *input)
{
    free(input->data);
    input->data = NULL;
}

void img__input_reset(struct input *input)
{
    input->pos = input->len = 0;
    input->offset = 0;
}

static void make_room(struct input *input)
{
    size_t gone = input->pos > INPUT_BACK ? input->pos - INPUT_BACK : 0;
    memmove(input->data, input->data + gone, input->len - gone);
    input->offset += gone;
    input->pos -= gone;
    input->len -= gone;
}

ssize_t img__input_fill(struct input *input, size_t want, img_error *err)
{
    assert(want <= IMG_IO_CHUNK);
    if (input->len - input->pos < want)
        make_room(input);
    while (input->len - input->pos < want) {
        ssize_t got =
            img__source_read(input->source, input->data + input->len, CAPACITY - input->len, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        input->len += (size_t)got;
    }
    return (ssize_t)(input->len - input->pos);
}

static size_t take_buffered(struct input *input, void *data, size_t len)
{
    if (len > input->len - input->pos)
        len = input->len - input->pos;
    memcpy(data, img__input_at(input), len);
    input->pos += len;
    return len;
}

ssize_t img__input_read(struct input *input, void *data, size_t len, img_error *err)
{
    if (input->pos == input->len && len >= IMG_IO_CHUNK) {
        ssize_t got = img__source_read(input->source, data, len, err);
        if (got > 0) {
            input->offset += input->len + (size_t)got;
            input->pos = input->len = 0;
        }
        return got;
    }
    ssize_t got = len ? img__input_fill(input, 1, err) : 0;
    return got <= 0 ? got : (ssize_t)take_buffered(input, data, len);
}

ssize_t img__input_take(struct input *input, void *data, size_t len, img_error *err)
{
    size_t done = 0;
    while (done < len) {
        ssize_t got = img__input_read(input, (char *)data + done, len - done, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}
