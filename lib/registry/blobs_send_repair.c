/* SPDX-License-Identifier: Apache-2.0
 *
 * What to do when a request of an upload failed (registry.md U6, U9, U10, W2). By what happened:
 *
 *   CUT      the connection broke   ask the session how far it is, go on from there; a small blob
 *                                   begins anew. A way that breaks twice is left
 *   PASSING  500, 502, 503 ...      the same
 *   BUSY     429, or Retry-After    the same, but the way is not to blame
 *   LARGE    413                    pieces, half as large as what was refused, in this session
 *   FORM     405, 501, 400          this way is not known here: the next one, in a new session
 *   LOST     404, 416               the session is not what we think: ask it, or begin anew
 *   MUDDLED  400 DIGEST_INVALID     what arrived was not what we sent: anew, once
 *
 * There are registries that forget a session whose connection broke (docker-registry 2 does). What
 * goes to them after that is sent in pieces small enough to come through, each on a connection of
 * its own.
 *
 * A session that can't be asked, or gives no way forward, is given up for a new one, at most three
 * times besides those that another way needs. Whatever is done again waits a little first, and as
 * long as a Retry-After says.
 */
#include <string.h>
#include <time.h>

#include "core/digest.h"
#include "registry/blobs_send.h"
#include "registry/errors.h"

#define SESSIONS_MAX 3
#define PAUSE_FIRST_MS 200
#define PAUSE_MAX_MS 30000
#define PROGRESS_BYTES ((uint64_t)64 * 1024) /* less between two failures is none */

enum trouble {
    TROUBLE_FATAL,
    TROUBLE_CUT,
    TROUBLE_PASSING,
    TROUBLE_BUSY,
    TROUBLE_LARGE,
    TROUBLE_FORM,
    TROUBLE_LOST,
    TROUBLE_MUDDLED,
};

static void give_up(struct send *send)
{
    img__send_failed(send, send->code, &send->err);
}

/* What is told if nothing helps. */
static void remember(struct send *send, const struct call *call, int code,
                     const struct http_response *response, const img_error *err)
{
    if (code)
        send->err = *err;
    else
        code = img__call_refused(call, response, &send->err);
    send->code = code;
}

static enum trouble classify_bad_request(const struct send *send)
{
    if (strcmp(send->err.registry_code, "DIGEST_INVALID") == 0)
        return TROUBLE_MUDDLED;
    if (send->patching || strcmp(send->err.registry_code, "UNSUPPORTED") == 0)
        return TROUBLE_FORM;
    return strcmp(send->err.registry_code, "BLOB_UPLOAD_INVALID") == 0 ? TROUBLE_MUDDLED
                                                                       : TROUBLE_FATAL;
}

static enum trouble classify(const struct send *send, const struct http_response *response)
{
    if (!response)
        return send->code == IMG_ENETWORK ? TROUBLE_CUT : TROUBLE_FATAL;
    switch (response->status) {
    case 400:
        return classify_bad_request(send);
    case 404:
    case 410:
    case 416:
        return TROUBLE_LOST;
    case 405:
    case 501:
        return TROUBLE_FORM;
    case 413:
        return TROUBLE_LARGE;
    case 429:
        return TROUBLE_BUSY;
    case 408:
    case 425:
    case 500:
    case 502:
    case 503:
    case 504:
    case 522:
        return response->retry_after_ms >= 0 ? TROUBLE_BUSY : TROUBLE_PASSING;
    default:
        return TROUBLE_FATAL;
    }
}

/* Longer each time, and not the same for all that broke at once. */
static uint32_t pause_ms(const struct send *send, const struct http_response *response)
{
    struct timespec now;
    if (response && response->retry_after_ms >= 0)
        return (uint32_t)response->retry_after_ms;
    uint32_t shift = send->failures < 8 ? send->failures : 8;
    uint32_t limit = (uint32_t)PAUSE_FIRST_MS << shift;
    if (limit > PAUSE_MAX_MS)
        limit = PAUSE_MAX_MS;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return limit / 4 + (uint32_t)(now.tv_nsec / 1000) % (limit / 4);
}

/* What was sent of it in this session is given up. */
static void begin_anew(struct send *send, uint32_t delay_ms)
{
    img__upload_learn(&send->ways, &img__send_host(send)->ways);
    enum upload_way way = img__upload_choose(&send->ways, &send->limits, img__send_size(send));
    if (way == UPLOAD_NONE || send->sessions >= SESSIONS_MAX + send->detours)
        give_up(send);
    else
        img__send_anew(send, delay_ms);
}

/* The session is gone; but if all had been sent, perhaps since it has ended well. */
static void on_looked(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg)
{
    struct send *send = arg;
    (void)call;
    if (code)
        img__send_failed(send, code, err);
    else if (response->status == 200)
        img__send_done(send, IMG_EVENT_DONE, NULL);
    else
        begin_anew(send, 0);
}

static void session_lost(struct send *send)
{
    img_error err;
    bool all_sent = !send->patching && send->part_sent == send->part;
    bool cut = send->code == IMG_ENETWORK && send->part_sent > 0 && !all_sent;
    if (cut && img__upload_forgot(&send->ways, send->part_sent))
        send->detours++;
    if (!all_sent || img__send_size(send) < UPLOAD_RESUMED) {
        begin_anew(send, 0);
        return;
    }
    int result = img__send_ask_blob(send, on_looked, &err);
    if (result)
        img__send_failed(send, result, &err);
}

/* The session goes on with the bytes that it has. */
static void resume(struct send *send, uint64_t have)
{
    bool stuck = send->err.http_status == 416 && have <= send->at;
    if (have > send->at) {
        bool enough = have - send->at >= PROGRESS_BYTES || have == img__send_size(send);
        send->at = have;
        if (enough)
            send->failures = 0;
    }
    if (stuck && (send->way != UPLOAD_PIECES || !img__upload_shrink(&send->ways, send->part))) {
        begin_anew(send, 0);
        return;
    }
    enum upload_way way = img__upload_choose(&send->ways, &send->limits, img__send_size(send));
    if (way == UPLOAD_WHOLE && send->at)
        way = send->ways.no_stream ? UPLOAD_PIECES : UPLOAD_STREAM;
    send->way = way == UPLOAD_NONE ? send->way : way;
    img__send_go_on(send);
}

static void on_status(const struct call *call, int code, const struct http_response *response,
                      const img_error *err, void *arg)
{
    struct send *send = arg;
    img_error local;
    size_t len = 0;
    uint64_t have = 0;
    if (code) {
        img__send_failed(send, code, err);
        return;
    }
    const char *range = img__http_header(response, "Range", 0, &len);
    bool told = img__upload_progress(range, len, &have);
    bool trusted = send->way == UPLOAD_PIECES && send->at; /* our count of what was accepted */
    if (response->status / 100 != 2 || have > img__send_size(send) || (!told && !trusted)) {
        session_lost(send);
        return;
    }
    if (img__http_header(response, "Location", 0, &len))
        code = img__send_take_location(send, call, response, &local);
    if (code)
        img__send_failed(send, code, &local);
    else
        resume(send, have);
}

static void ask_status(struct send *send, uint32_t delay_ms)
{
    img_error err;
    int result = img__send_ask(send, "GET", send->location, delay_ms, on_status, &err);
    if (result)
        img__send_failed(send, result, &err);
}

/* Nobody's fault, or not for certain. */
static void mend(struct send *send, enum trouble trouble, uint32_t delay_ms)
{
    bool worth_it = img__send_size(send) >= UPLOAD_RESUMED;
    bool again = ++send->failures > 1;
    if (send->failures >= send->batch->repository->registry->tries) {
        give_up(send);
        return;
    }
    bool whole_cut = trouble == TROUBLE_CUT && worth_it && send->way == UPLOAD_WHOLE;
    if (trouble != TROUBLE_BUSY && send->part && (again || whole_cut))
        img__upload_rule_out(&send->ways, send->way, false, img__send_size(send));
    /* Pieces are not ruled out, so another session for them is no detour. */
    if (trouble == TROUBLE_PASSING && send->part && again && send->way != UPLOAD_PIECES)
        send->detours++;
    if (worth_it)
        ask_status(send, delay_ms);
    else
        begin_anew(send, delay_ms);
}

static void mend_large(struct send *send)
{
    if (!img__upload_shrink(&send->ways, send->part)) {
        give_up(send);
        return;
    }
    img__upload_shrink(&img__send_host(send)->ways, send->part);
    send->way = UPLOAD_PIECES;
    img__send_go_on(send);
}

static void mend_form(struct send *send)
{
    bool told = send->err.http_status == 405 || send->err.http_status == 501;
    if (send->part == 0) {
        give_up(send);
        return;
    }
    if (send->way == UPLOAD_PIECES && !send->patching && !send->ways.no_put_body) {
        send->ways.no_put_body = true;
        img__send_go_on(send);
        return;
    }
    send->detours++;
    img__upload_rule_out(&send->ways, send->way, true, img__send_size(send));
    if (told)
        img__upload_rule_out(&img__send_host(send)->ways, send->way, true, 0);
    begin_anew(send, 0);
}

static void mend_lost(struct send *send, int status)
{
    if (++send->failures >= send->batch->repository->registry->tries)
        give_up(send);
    else if (status == 416 && img__send_size(send) >= UPLOAD_RESUMED)
        ask_status(send, 0);
    else
        session_lost(send);
}

static void mend_muddled(struct send *send)
{
    bool first = !send->muddled;
    send->muddled = true;
    if (first)
        begin_anew(send, 0);
    else
        give_up(send);
}

void img__send_trouble(struct send *send, const struct call *call, int code,
                       const struct http_response *response, const img_error *err)
{
    remember(send, call, code, response, err);
    enum trouble trouble = send->batch->code ? TROUBLE_FATAL : classify(send, response);
    switch (trouble) {
    case TROUBLE_FATAL:
        give_up(send);
        break;
    case TROUBLE_LARGE:
        mend_large(send);
        break;
    case TROUBLE_FORM:
        mend_form(send);
        break;
    case TROUBLE_LOST:
        mend_lost(send, response->status);
        break;
    case TROUBLE_MUDDLED:
        mend_muddled(send);
        break;
    default:
        mend(send, trouble, pause_ms(send, response));
        break;
    }
}
