/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known of an origin (scheme, host, port) while a client lives: how much it may be asked at
 * once, until when not at all, how many more tries it gets, and what it can't take. No network
 * here, and time is an argument.
 */
#ifndef IMG_NET_ORIGIN_H
#define IMG_NET_ORIGIN_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define ORIGIN_STREAMS_MAX 100u /* at once over HTTP/2 */

struct origin {
    struct origin *next;
    unsigned users;  /* transfers whose hop this is or will be; 0: it may be forgotten */
    unsigned active; /* those with curl */

    int64_t pause_end_ms; /* nothing is begun before */
    uint32_t limit;       /* at limit_ms, after a 429; grows since; 0: none */
    int64_t limit_ms;
    uint32_t credit;  /* of tries, see origin.c */
    bool knows_http2; /* it answered so */
    bool knows_http1; /* it answered so where HTTP/2 was offered */
    bool http1_only;  /* it fails at HTTP/2 */
    unsigned http2_failures;
    bool no_expect; /* it does not know Expect: 100-continue */
    char key[];     /* "https://host:port", in lower case */
};

struct origins {
    struct origin *first;
    unsigned count;
};

/* The origin of a URL, with one user more. */
int img__origin_take(struct origins *origins, const char *url, struct origin **out, img_error *err);
void img__origin_give(struct origin *origin); /* one user less; NULL is fine */
void img__origins_free(struct origins *origins);

/* How many transfers it may have now, of the many that are allowed otherwise; at least 1. */
uint32_t img__origin_limit(const struct origin *origin, uint32_t most, int64_t now_ms);
/* May one more begin? One with priority may have a place beyond the limit. */
bool img__origin_has_room(const struct origin *origin, uint32_t most, bool priority,
                          int64_t now_ms);

/* It said 429 to a transfer that began at begun_ms: half as many at once from now on, unless that
 * was said already to others of the same time. */
void img__origin_too_many(struct origin *origin, uint32_t most, int64_t begun_ms, int64_t now_ms);
void img__origin_pause(struct origin *origin, int64_t end_ms); /* never shorter than before */

/* A request to it begins. */
void img__origin_count_request(struct origin *origin);
/* May a request be sent again? Each time that it is costs. */
bool img__origin_can_retry(const struct origin *origin);
void img__origin_count_retry(struct origin *origin);

void img__origin_http2_failed(struct origin *origin);
void img__origin_http2_worked(struct origin *origin);

#endif
