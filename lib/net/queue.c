/* SPDX-License-Identifier: Apache-2.0
 *
 * What begins when: of what is due, documents and tokens before blobs, each in the order in which
 * it came, as far as its origin has room. No transfer waits for one to another origin, unless all
 * places of the loop are taken.
 */
#include "net/internal.h"

#define ACTIVE_MAX 100u

int64_t img__queue_due_ms(const struct transfer *transfer)
{
    const struct origin *origin = transfer->origin;
    return transfer->due_ms > origin->pause_end_ms ? transfer->due_ms : origin->pause_end_ms;
}

uint32_t img__queue_most(const struct transfer *transfer)
{
    const struct http *http = transfer->http;
    if (transfer->origin->knows_http2 && !img__setup_wants_http1(transfer))
        return ORIGIN_STREAMS_MAX;
    return http->connections ? http->connections : ACTIVE_MAX;
}

/* One that source or sink hold up needs its place for nothing: what it waits for may need it. */
void img__queue_hold(struct transfer *transfer, bool hold)
{
    if (transfer->holds_place == hold)
        return;
    transfer->holds_place = hold;
    transfer->http->active_count += hold ? 1 : (size_t)-1;
    transfer->origin->active += hold ? 1 : (unsigned)-1;
}

static bool has_room(const struct transfer *transfer, int64_t now)
{
    bool priority = transfer->want.priority > 0;
    return transfer->http->active_count < ACTIVE_MAX + (priority ? 1 : 0) &&
           img__origin_has_room(transfer->origin, img__queue_most(transfer), priority, now);
}

void img__queue_begin(struct http *http)
{
    int64_t now = img__net_now_ms();
    for (int priority = 1; priority >= 0; priority--)
        for (struct transfer *t = http->first; t; t = t->next)
            if (t->state == TRANSFER_WAITING && !t->canceled &&
                (t->want.priority > 0) == priority && img__queue_due_ms(t) <= now &&
                has_room(t, now))
                img__transfer_begin(t);
}

int64_t img__queue_wake_ms(const struct transfer *transfer, int64_t now)
{
    int64_t due = img__queue_due_ms(transfer);
    /* Who waits for a place gets it when another transfer ends, or the limit of its origin grows.
     */
    if (due > now)
        return due;
    return has_room(transfer, now) ? now : now + NET_GROW_CHECK_MS;
}
