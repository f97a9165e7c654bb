/* SPDX-License-Identifier: Apache-2.0
 *
 * Times by their two exact forms. Nothing here depends on the clock, the locale or the time zone.
 */
#include "time_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_seconds(const char *text, int64_t *out)
{
    const char *digits = text + (*text == '-');
    char *end;

    if (!is_digit(*digits))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *out = value;
    return !*end && errno == 0;
}

/* Takes what pattern says, where 0 is a digit and all else itself, and gives the numbers. */
static const char *take(const char *text, const char *pattern, int *numbers)
{
    for (; *pattern; text++, pattern++) {
        if (*pattern != '0' && *pattern != *text)
            return NULL;
        if (*pattern == '0' && !is_digit(*text))
            return NULL;
        if (*pattern == '0')
            *numbers = *numbers * 10 + (*text - '0');
        if (*pattern == '0' && pattern[1] != '0')
            numbers++;
    }
    return text;
}

/* "Z", or "+02:00" and how many seconds that is. */
static bool take_zone(const char *text, int64_t *seconds)
{
    int numbers[2] = {0};
    const char *end = text + 1;

    *seconds = 0;
    if (*text == '+' || *text == '-') {
        end = take(text + 1, "00:00", numbers);
        *seconds = (int64_t)(numbers[0] * 60 + numbers[1]) * (*text == '-' ? -60 : 60);
    } else if (*text != 'Z' && *text != 'z') {
        return false;
    }
    return end && !*end && numbers[0] < 24 && numbers[1] < 60;
}

static bool parse_rfc3339(const char *text, int64_t *out)
{
    int n[6] = {0};
    int64_t zone;
    const char *rest = take(text, "0000-00-00", n);

    if (rest && (*rest == 'T' || *rest == 't' || *rest == ' '))
        rest = take(rest + 1, "00:00:00", n + 3);
    else
        rest = NULL;
    if (rest && *rest == '.' && is_digit(rest[1]))
        for (rest++; is_digit(*rest);)
            rest++;
    if (!rest || !take_zone(rest, &zone) || n[3] > 23 || n[4] > 59 || n[5] > 59)
        return false;
    struct tm tm = {.tm_year = n[0] - 1900,
                    .tm_mon = n[1] - 1,
                    .tm_mday = n[2],
                    .tm_hour = n[3],
                    .tm_min = n[4],
                    .tm_sec = n[5]};
    *out = (int64_t)timegm(&tm) - zone;
    /* timegm() makes the 2nd of March of the 30th of February. */
    return tm.tm_mon == n[1] - 1 && tm.tm_mday == n[2];
}

bool time_parse(const char *text, int64_t *out)
{
    return *text == '@' ? parse_seconds(text + 1, out)
                        : parse_seconds(text, out) || parse_rfc3339(text, out);
}
