/* SPDX-License-Identifier: Apache-2.0
 *
 * Who watches a transfer that is with curl (registry.md W4, W5): while it is connected curl's own
 * timeout does, which leaves out the wait for a free connection. Then, as a body goes or comes, it
 * has to move at all and not too slowly; and in between the server has its time to answer, which
 * neither interim answers nor single bytes of a header make longer. A server may hash a large body
 * before it answers, and part of that body may still be on its way: it gets five times as long.
 * There is no limit to the whole.
 */
#include <errno.h>
#include <string.h>

#include "net/internal.h"

#define LARGE_FACTOR 5
#define LARGE_BYTES ((uint64_t)1024 * 1024)

static bool is_asked(const struct transfer *transfer)
{
    return !transfer->in_body && transfer->sent == transfer->want.body_size;
}

static int64_t answer_limit_ms(const struct transfer *transfer)
{
    const struct http_request *want = &transfer->want;
    int64_t limit = transfer->http->header_timeout_ms;
    bool commit = want->body_size == 0 && strcmp(transfer->method, "PUT") == 0;
    return commit || want->body_size >= LARGE_BYTES ? limit * LARGE_FACTOR : limit;
}

/* One that source or sink hold up has not stalled while anything else moves or waits for its time;
 * and if nothing does, then the others go first, since what they wait for may free it. */
static int64_t stalled_ms(const struct transfer *transfer)
{
    const struct http *http = transfer->http;
    if (img__is_paused(transfer))
        return http->moved_ms + 2 * (int64_t)http->stall_timeout_ms;
    return transfer->moved_ms + http->stall_timeout_ms;
}

static bool is_watched(const struct transfer *transfer)
{
    return transfer->state == TRANSFER_ACTIVE && transfer->moved_ms && !transfer->canceled;
}

static void drop(struct transfer *transfer, const char *what, int64_t ms)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    img__fail(&transfer->err, IMG_ENETWORK,
              "%s %s: %s %lld.%lld s: the server or the network hangs", transfer->method,
              img__buf_text(&url), what, (long long)(ms / 1000), (long long)(ms % 1000 / 100));
    transfer->err.sys_errno = ETIMEDOUT;
    img__outcome_dropped(transfer);
}

/* Is the time over in which so many bytes should have moved? Else another such time begins. */
static bool is_slow(struct transfer *transfer, int64_t now)
{
    const struct http *http = transfer->http;
    bool measured = !is_asked(transfer) && !img__is_paused(transfer);
    uint64_t moved = transfer->moved_bytes - transfer->pace_bytes;
    if (measured && transfer->pace_ms && now - transfer->pace_ms < http->slow_timeout_ms)
        return false;
    bool slow = measured && transfer->pace_ms &&
                moved * 1000 < (uint64_t)http->slow_bytes_per_s * http->slow_timeout_ms;
    transfer->pace_ms = measured ? now : 0;
    transfer->pace_bytes = transfer->moved_bytes;
    return slow;
}

static void watch_one(struct transfer *transfer, int64_t now)
{
    const struct http *http = transfer->http;
    if (is_asked(transfer) && !img__is_paused(transfer)) {
        if (now >= transfer->asked_ms + answer_limit_ms(transfer))
            drop(transfer, "no answer within", answer_limit_ms(transfer));
    } else if (now >= stalled_ms(transfer)) {
        drop(transfer, "nothing moved for", now - transfer->moved_ms);
    } else if (is_slow(transfer, now)) {
        drop(transfer, "next to nothing moved for", http->slow_timeout_ms);
    }
}

void img__watch(struct http *http)
{
    int64_t now = img__net_now_ms();
    for (struct transfer *t = http->first; t; t = t->next) {
        /* A server's Retry-After is longer than a stall; who waits for that transfer waits too. */
        if (t->state == TRANSFER_WAITING && img__queue_due_ms(t) > now)
            http->moved_ms = now;
        if (is_watched(t))
            watch_one(t, now);
    }
}

int64_t img__watch_wake_ms(const struct transfer *transfer)
{
    if (!is_watched(transfer))
        return INT64_MAX;
    if (is_asked(transfer) && !img__is_paused(transfer))
        return transfer->asked_ms + answer_limit_ms(transfer);
    int64_t wake = stalled_ms(transfer);
    int64_t pace = transfer->pace_ms + transfer->http->slow_timeout_ms;
    return transfer->pace_ms && pace < wake ? pace : wake;
}
