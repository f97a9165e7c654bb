/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of an origin (registry.md W2, W3, K1, K5).
 *
 * Tries: each request brings a fifth of another try, and there are a few to begin with. So single
 * failures are mended, while an outage is not asked about again by each of many transfers.
 *
 * Parallelism: halved by a 429, one more every 10 s. Those that were under way together are refused
 * together; they count once.
 */
#include "net/origin.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "net/url.h"

#define ORIGINS_KEPT 64
#define GROW_MS 10000
#define PARALLEL_USUAL 8u
#define CREDIT_OF_RETRY 5u
#define CREDIT_FIRST (10u * CREDIT_OF_RETRY)
#define CREDIT_MAX (50u * CREDIT_OF_RETRY)
#define HTTP2_FAILURES_MAX 3

static int make_key(const char *url, struct buf *out, img_error *err)
{
    struct url_origin origin;
    int rc = img__url_origin(url, &origin, err);
    if (rc < 0)
        return rc;
    img__buf_puts(out, origin.https ? "https://" : "http://");
    for (size_t i = 0; i < origin.host_len; i++)
        img__buf_putc(out, img__to_lower(origin.host[i]));
    img__buf_printf(out, ":%u", (unsigned)origin.port);
    return img__buf_check(out, "the URL", err);
}

/* Makes room by forgetting the one that was met longest ago: new ones are put in front. */
static void forget_one(struct origins *origins)
{
    struct origin **link = &origins->first, **last = NULL;
    if (origins->count < ORIGINS_KEPT)
        return;
    for (; *link; link = &(*link)->next)
        if ((*link)->users == 0)
            last = link;
    if (!last)
        return;
    struct origin *gone = *last;
    *last = gone->next;
    free(gone);
    origins->count--;
}

int img__origin_take(struct origins *origins, const char *url, struct origin **out, img_error *err)
{
    struct buf key auto_(buf) = BUF_INIT(URL_MAX);
    int rc = make_key(url, &key, err);
    if (rc < 0)
        return rc;
    for (struct origin *origin = origins->first; origin; origin = origin->next) {
        if (strcmp(origin->key, key.data) == 0) {
            origin->users++;
            *out = origin;
            return 0;
        }
    }
    forget_one(origins);
    struct origin *origin = calloc(1, sizeof(*origin) + key.len + 1);
    if (!origin)
        return img__fail_memory(err);
    memcpy(origin->key, key.data, key.len + 1);
    origin->credit = CREDIT_FIRST;
    origin->users = 1;
    origin->next = origins->first;
    origins->first = origin;
    origins->count++;
    *out = origin;
    return 0;
}

void img__origin_give(struct origin *origin)
{
    if (origin)
        origin->users--;
}

void img__origins_free(struct origins *origins)
{
    while (origins->first) {
        struct origin *origin = origins->first;
        origins->first = origin->next;
        free(origin);
    }
}

uint32_t img__origin_limit(const struct origin *origin, uint32_t most, int64_t now_ms)
{
    if (origin->limit == 0)
        return most;
    uint64_t grown = origin->limit + (uint64_t)(now_ms - origin->limit_ms) / GROW_MS;
    return grown < most ? (uint32_t)grown : most;
}

bool img__origin_has_room(const struct origin *origin, uint32_t most, bool priority, int64_t now_ms)
{
    if (now_ms < origin->pause_end_ms)
        return false;
    return origin->active < img__origin_limit(origin, most, now_ms) + (priority ? 1 : 0);
}

void img__origin_too_many(struct origin *origin, uint32_t most, int64_t begun_ms, int64_t now_ms)
{
    if (origin->limit && begun_ms <= origin->limit_ms)
        return;
    uint32_t limit = img__origin_limit(origin, most, now_ms);
    /* The many that HTTP/2 allows may be more than there ever were. */
    if (limit > PARALLEL_USUAL)
        limit = origin->active > PARALLEL_USUAL ? origin->active : PARALLEL_USUAL;
    origin->limit = limit > 1 ? limit / 2 : 1;
    origin->limit_ms = now_ms;
}

void img__origin_pause(struct origin *origin, int64_t end_ms)
{
    if (origin->pause_end_ms < end_ms)
        origin->pause_end_ms = end_ms;
}

void img__origin_count_request(struct origin *origin)
{
    if (origin->credit < CREDIT_MAX)
        origin->credit++;
}

bool img__origin_can_retry(const struct origin *origin)
{
    return origin->credit >= CREDIT_OF_RETRY;
}

void img__origin_count_retry(struct origin *origin)
{
    origin->credit -= origin->credit < CREDIT_OF_RETRY ? origin->credit : CREDIT_OF_RETRY;
}

void img__origin_http2_failed(struct origin *origin)
{
    if (++origin->http2_failures >= HTTP2_FAILURES_MAX)
        origin->http1_only = true;
}

void img__origin_http2_worked(struct origin *origin)
{
    origin->knows_http2 = true;
    origin->http2_failures = 0;
}
