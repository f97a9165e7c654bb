/* SPDX-License-Identifier: Apache-2.0
 *
 * A source without bytes and a sink without room hold their transfer up, in that direction and for
 * as long as they say so: curl stops reading from that socket, so that TCP slows the peer down.
 * They are asked again when they tell (img__http_wake()), and at each tick in case nobody does.
 */
#include "base/sigpipe.h"
#include "net/internal.h"

void img__http_wake(struct http *http)
{
    http->woken = true;
}

/* direction: read_paused or write_paused of this transfer. */
void img__pause(struct transfer *transfer, bool *direction)
{
    *direction = true;
    transfer->paused_ms = img__net_now_ms();
    img__queue_hold(transfer, false);
}

int64_t img__pause_end_ms(const struct transfer *transfer)
{
    return transfer->http->woken ? 0 : transfer->paused_ms + NET_TICK_MS;
}

static void resume(struct transfer *transfer)
{
    struct sigpipe hold;
    /* First, since curl may call back from within. */
    transfer->read_paused = transfer->write_paused = false;
    img__queue_hold(transfer, true);
    img__sigpipe_hold(&hold);
    CURLcode rc = curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
    img__sigpipe_release(&hold);
    if (rc != CURLE_OK)
        img__outcome_settle(transfer, rc);
}

void img__pause_resume(struct http *http)
{
    int64_t now = img__net_now_ms();
    bool woken = http->woken;
    http->woken = false;
    for (struct transfer *t = http->first; t; t = t->next)
        if (t->state == TRANSFER_ACTIVE && img__is_paused(t) && !t->canceled &&
            (woken || img__pause_end_ms(t) <= now))
            resume(t);
}
