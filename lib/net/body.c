/* SPDX-License-Identifier: Apache-2.0
 *
 * curl's callbacks for bytes. They run inside curl_multi_perform(), where no handle may be touched:
 * a failure is noted in the transfer, curl is told to stop, and the loop does the rest.
 */
#include <string.h>

#include "net/internal.h"

static void url_for_message(const struct transfer *transfer, struct buf *out)
{
    img__url_for_message(transfer->here.data, out);
}

int img__body_tell(struct transfer *transfer, uint64_t bytes)
{
    const struct http_request *want = &transfer->want;
    transfer->told_bytes = bytes;
    if (!want->on_bytes || transfer->code < 0)
        return transfer->code;
    transfer->told_ms = img__net_now_ms();
    int rc = want->on_bytes(bytes, want->on_bytes_arg, &transfer->err);
    if (rc < 0)
        transfer->code = rc;
    return transfer->code;
}

static int deliver(struct transfer *transfer, const char *data, size_t len)
{
    int rc = img__sink_write(transfer->want.sink, data, len, &transfer->err);
    if (rc == IMG__EAGAIN)
        return img__pause(transfer, &transfer->write_paused), rc;
    if (rc < 0)
        return transfer->code = rc;
    transfer->delivered += len;
    return transfer->want.body_size ? 0 : img__body_tell(transfer, transfer->delivered);
}

static int keep(struct transfer *transfer, const char *data, size_t len)
{
    struct buf *body = &transfer->answer->response.body;
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__buf_append(body, data, len);
    if (!body->failed)
        return transfer->want.body_size ? 0 : img__body_tell(transfer, body->len);
    if (body->failed == IMG_ENOMEM)
        return transfer->code = img__fail_memory(&transfer->err);
    url_for_message(transfer, &url);
    return transfer->code =
               img__fail(&transfer->err, IMG_ELIMIT, "%s %s: the answer is larger than %zu bytes",
                         transfer->method, img__buf_text(&url), body->max);
}

/* What explains a failure is kept as far as it is short; the rest is not even read. */
static int keep_some(struct transfer *transfer, const char *data, size_t len)
{
    struct buf *body = &transfer->answer->response.body;
    size_t room = NET_BODY_KEPT - body->len;
    transfer->body_cut = len > room;
    img__buf_append(body, data, len < room ? len : room);
    if (body->failed)
        return transfer->code = img__fail_memory(&transfer->err);
    return transfer->body_cut ? -1 : 0;
}

size_t img__body_on_write(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    size_t len = size * count;
    int rc;
    if (transfer->canceled)
        return 0;
    if (transfer->answer->response.status / 100 != 2)
        rc = keep_some(transfer, data, len);
    else if (transfer->want.sink)
        rc = deliver(transfer, data, len);
    else
        rc = keep(transfer, data, len);
    if (rc == IMG__EAGAIN)
        return CURL_WRITEFUNC_PAUSE;
    img__net_moved(transfer);
    return rc == 0 ? len : 0;
}

size_t img__body_on_read(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *transfer = arg;
    uint64_t left = transfer->want.body_size - transfer->sent;
    size_t len = size * count;
    if (transfer->canceled)
        return CURL_READFUNC_ABORT;
    if (left == 0)
        return 0;
    /* The server kept us waiting for its word: it does not know what Expect means. */
    if (transfer->expects && !transfer->continued)
        transfer->origin->no_expect = true;
    transfer->body_touched = true;
    ssize_t got = img__source_read(transfer->want.body, data, left < len ? (size_t)left : len,
                                   &transfer->err);
    if (got > 0) {
        img__net_moved(transfer);
        transfer->sent += (uint64_t)got;
        return (size_t)got;
    }
    if (got == IMG__EAGAIN)
        return img__pause(transfer, &transfer->read_paused), CURL_READFUNC_PAUSE;
    if (got < 0)
        transfer->code = (int)got;
    else
        transfer->code = img__fail(&transfer->err, IMG_EIO,
                                   "the body to send ended after %llu of %llu bytes: did the file "
                                   "change?",
                                   (unsigned long long)transfer->sent,
                                   (unsigned long long)transfer->want.body_size);
    return CURL_READFUNC_ABORT;
}

/* Asked when curl sends again by itself, over a new connection since a kept one had died. */
int img__body_on_seek(void *arg, curl_off_t offset, int origin)
{
    struct transfer *transfer = arg;
    if (offset != 0 || origin != SEEK_SET || transfer->code < 0)
        return CURL_SEEKFUNC_FAIL;
    /* Nobody knows what arrived of the first attempt. */
    if (transfer->want.once && transfer->sent)
        return CURL_SEEKFUNC_FAIL;
    transfer->sent = 0;
    if (transfer->body_touched) {
        int rc = img__source_rewind(transfer->want.body, &transfer->err);
        if (rc < 0)
            return transfer->code = rc, CURL_SEEKFUNC_FAIL;
    }
    return CURL_SEEKFUNC_OK;
}

int img__body_on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                          curl_off_t up)
{
    struct transfer *transfer = arg;
    uint64_t moved = (uint64_t)down + (uint64_t)up;
    (void)down_total;
    (void)up_total;
    if (transfer->moved_ms && moved != transfer->moved_bytes) {
        transfer->moved_bytes = moved;
        img__net_moved(transfer);
        if ((uint64_t)up != transfer->sent_bytes)
            transfer->asked_ms = transfer->moved_ms;
        transfer->sent_bytes = (uint64_t)up;
    }
    if (transfer->want.body_size && (uint64_t)up != transfer->told_bytes)
        img__body_tell(transfer, (uint64_t)up);
    return transfer->canceled || transfer->code < 0;
}
