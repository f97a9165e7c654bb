/* SPDX-License-Identifier: Apache-2.0
 *
 * A ring of buffers between two threads. A buffer belongs to the thread that fills it, then, once
 * it is counted as filled, to the reader, until that has emptied it. The buffer in which next ended
 * or failed is the last one: the thread is gone, and what it said stands beside the bytes.
 */
#include "layer/ahead.h"

#include <string.h>

#include "base/thread.h"

#define RING_BUFFERS 8u

struct ahead_buffer {
    size_t len;
    int ended; /* 0: more follows; 1: this was all; negative: and then next failed */
    uint8_t data[IMG_IO_CHUNK];
};

struct ahead {
    struct source base;
    struct source *next;
    bool threaded;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved; /* a buffer was filled or emptied, or stop was set */
    unsigned filled;      /* buffers that are the reader's */
    bool stop;
    img_error failure; /* of next; set before the last buffer is counted */
    /* The reader's alone. */
    unsigned first; /* of the filled buffers */
    size_t taken;   /* bytes of it */
    struct ahead_buffer *ring;
};

/* ---- the thread ---- */

static void fill(struct ahead *self, struct ahead_buffer *buffer)
{
    buffer->len = 0;
    buffer->ended = 0;
    while (buffer->len < sizeof(buffer->data) && !buffer->ended) {
        ssize_t got = img__source_read(self->next, buffer->data + buffer->len,
                                       sizeof(buffer->data) - buffer->len, &self->failure);
        if (got > 0)
            buffer->len += (size_t)got;
        else
            buffer->ended = got ? (int)got : 1;
    }
}

/* False: the reader wants no more. */
static bool wait_for_room(struct ahead *self)
{
    pthread_mutex_lock(&self->lock);
    while (self->filled == RING_BUFFERS && !self->stop)
        pthread_cond_wait(&self->moved, &self->lock);
    bool go_on = !self->stop;
    pthread_mutex_unlock(&self->lock);
    return go_on;
}

static void *make(void *arg)
{
    struct ahead *self = arg;
    for (unsigned at = 0; wait_for_room(self); at = (at + 1) % RING_BUFFERS) {
        fill(self, &self->ring[at]);
        bool ended = self->ring[at].ended != 0;
        pthread_mutex_lock(&self->lock);
        self->filled++;
        pthread_cond_signal(&self->moved);
        pthread_mutex_unlock(&self->lock);
        if (ended)
            break;
    }
    return NULL;
}

/* ---- the reader ---- */

static struct ahead_buffer *wait_for_bytes(struct ahead *self)
{
    pthread_mutex_lock(&self->lock);
    while (self->filled == 0)
        pthread_cond_wait(&self->moved, &self->lock);
    pthread_mutex_unlock(&self->lock);
    return &self->ring[self->first];
}

static void give_back(struct ahead *self)
{
    self->first = (self->first + 1) % RING_BUFFERS;
    self->taken = 0;
    pthread_mutex_lock(&self->lock);
    self->filled--;
    pthread_cond_signal(&self->moved);
    pthread_mutex_unlock(&self->lock);
}

static ssize_t ahead_read(struct source *source, void *data, size_t len, img_error *err)
{
    struct ahead *self = (struct ahead *)source;
    if (!self->threaded)
        return img__source_read(self->next, data, len, err);
    struct ahead_buffer *buffer = wait_for_bytes(self);
    if (self->taken == buffer->len && buffer->ended) {
        if (buffer->ended < 0 && err)
            *err = self->failure;
        return buffer->ended < 0 ? buffer->ended : 0;
    }
    size_t part = buffer->len - self->taken;
    if (part > len)
        part = len;
    memcpy(data, buffer->data + self->taken, part);
    self->taken += part;
    if (self->taken == buffer->len && !buffer->ended)
        give_back(self);
    return (ssize_t)part;
}

static void stop(struct ahead *self)
{
    if (!self->threaded)
        return;
    pthread_mutex_lock(&self->lock);
    self->stop = true;
    pthread_cond_signal(&self->moved);
    pthread_mutex_unlock(&self->lock);
    pthread_join(self->thread, NULL);
}

static void ahead_free(struct source *source)
{
    struct ahead *self = (struct ahead *)source;
    stop(self);
    pthread_cond_destroy(&self->moved);
    pthread_mutex_destroy(&self->lock);
    img__source_free(self->next);
    free(self->ring);
    free(self);
}

static const struct source_ops ahead_ops = {.read = ahead_read, .free = ahead_free};

int img__source_ahead(struct source *next, struct source **out, img_error *err)
{
    auto_free struct ahead *self = calloc(1, sizeof(*self));
    if (self)
        self->ring = malloc(RING_BUFFERS * sizeof(self->ring[0]));
    if (!self || !self->ring) {
        img__source_free(next);
        return img__fail_memory(err);
    }
    self->base.ops = &ahead_ops;
    self->next = next;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->moved, NULL);
    self->threaded = img__thread_start(&self->thread, make, self);
    *out = &steal(self)->base;
    return 0;
}
