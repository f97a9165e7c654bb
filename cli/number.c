/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole numbers without a sign, in full: nothing is cut or guessed.
 */
#include "number.h"

#include <string.h>

#include "fail.h"

/* Where the digits end; NULL: there are none, or too many. */
static const char *digits(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return NULL;
    *out = value;
    return at == text ? NULL : at;
}

int number_parse(const struct arguments *args, const char *name, uint64_t max, uint64_t *out,
                 img_error *err)
{
    const char *text = option_value(args, name), *end;
    uint64_t value = 0;

    if (!text)
        return 0;
    end = digits(text, &value);
    if (!end || *end || value < 1 || value > max)
        return cli_fail(err, IMG_EINVAL, "--%s %s: a number from 1 to %llu is needed", name, text,
                        (unsigned long long)max);
    *out = value;
    return 0;
}

int number_parse_bytes(const struct arguments *args, const char *name, uint64_t *out,
                       img_error *err)
{
    static const char units[] = "KMGT";
    const char *text = option_value(args, name), *end, *unit;
    uint64_t value = 0;

    if (!text)
        return 0;
    end = digits(text, &value);
    unit = end && *end ? strchr(units, *end) : NULL;
    if (unit && __builtin_mul_overflow(value, UINT64_C(1) << 10 * (unit - units + 1), &value))
        end = NULL;
    if (!end || end[unit ? 1 : 0] || value < 1)
        return cli_fail(err, IMG_EINVAL,
                        "--%s %s: a number of bytes is needed, as 500M; K, M, G and T are powers "
                        "of 1024",
                        name, text);
    *out = value;
    return 0;
}
