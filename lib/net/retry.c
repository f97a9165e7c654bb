/* SPDX-License-Identifier: Apache-2.0
 *
 * Trying again: which answers, how often, after what pause (full jitter over 0.25 s doubled each
 * time, at most 30 s; a server's Retry-After goes first, at most 5 minutes).
 */
#include <string.h>
#include <sys/random.h>

#include "base/text.h"
#include "net/internal.h"

#define PAUSE_FIRST_MS 250
#define PAUSE_MAX_MS 30000
#define RETRY_AFTER_MAX_S 300
#define BRIEF_TRIES 4 /* 1.75 s of pauses at most */

enum again img__retry_status(const struct http_response *response)
{
    static const short passing[] = {408, 425, 429, 500, 502, 503, 504, 522};
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (response->status == passing[i])
            return response->status == 429 || response->retry_after_ms >= 0 ? AGAIN_TOLD
                                                                            : AGAIN_OFTEN;
    return AGAIN_NEVER;
}

uint32_t img__retry_tries(enum again again, uint32_t tries)
{
    static const uint32_t most[] = {[AGAIN_NEVER] = 1,
                                    [AGAIN_BRIEFLY] = BRIEF_TRIES,
                                    [AGAIN_ONCE] = 2,
                                    [AGAIN_OFTEN] = UINT32_MAX,
                                    [AGAIN_TOLD] = UINT32_MAX};
    return tries < most[again] ? tries : most[again];
}

/* 0..limit, each as likely. */
static int64_t jitter(int64_t limit)
{
    uint32_t value;
    if (getrandom(&value, sizeof(value), GRND_NONBLOCK) != (ssize_t)sizeof(value))
        return limit / 2;
    return (int64_t)(((uint64_t)value * (uint64_t)(limit + 1)) >> 32);
}

/* Seconds, or a date; the server's own clock is asked where it told its time. -1: nothing said. */
static int64_t retry_after_s(const struct http_response *response)
{
    char *text auto_free = img__header_copy(response, "Retry-After");
    char *date auto_free = img__header_copy(response, "Date");
    uint64_t seconds;
    if (!text || !*text)
        return -1;
    if (strspn(text, "0123456789") == strlen(text))
        return img__text_number(text, RETRY_AFTER_MAX_S, &seconds) ? (int64_t)seconds
                                                                   : RETRY_AFTER_MAX_S;
    time_t then = curl_getdate(text, NULL);
    time_t now = date ? curl_getdate(date, NULL) : -1;
    if (then == -1)
        return -1;
    if (now == -1)
        now = time(NULL);
    return then > now ? then - now : 0;
}

int64_t img__retry_after_ms(const struct http_response *response)
{
    int64_t asked = retry_after_s(response);
    return asked < 0 ? -1 : (asked < RETRY_AFTER_MAX_S ? asked : RETRY_AFTER_MAX_S) * 1000;
}

int64_t img__retry_pause_ms(uint32_t failures, const struct http_response *response)
{
    int64_t limit = PAUSE_FIRST_MS;
    for (uint32_t i = 1; i < failures && limit < PAUSE_MAX_MS; i++)
        limit *= 2;
    int64_t pause = jitter(limit < PAUSE_MAX_MS ? limit : PAUSE_MAX_MS);
    if (!response || response->retry_after_ms < 0)
        return pause;
    return response->retry_after_ms + jitter(PAUSE_FIRST_MS);
}
