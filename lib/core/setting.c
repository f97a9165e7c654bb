/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of settings, checked when they are set: what a runtime would refuse, or read as something
 * else, is better refused where it was typed. Messages never show the value of a pair, which may be
 * a secret.
 */
#include "core/setting.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SIGNAL_MAX 64u
#define RTMIN_STEPS_MAX 15u /* as Docker and runc know them: RTMIN+15, RTMAX-14 */
#define RTMAX_STEPS_MAX 14u

static const char *const signals[] = {
    "ABRT", "ALRM",   "BUS",  "CHLD",   "CLD",   "CONT", "FPE",  "HUP",   "ILL",
    "INT",  "IO",     "IOT",  "KILL",   "PIPE",  "POLL", "PROF", "PWR",   "QUIT",
    "SEGV", "STKFLT", "STOP", "SYS",    "TERM",  "TRAP", "TSTP", "TTIN",  "TTOU",
    "URG",  "USR1",   "USR2", "VTALRM", "WINCH", "XCPU", "XFSZ", "RTMIN", "RTMAX"};

static const char *const protocols[] = {"tcp", "udp", "sctp"};

int img__setting_check_utf8(const char *what, const char *value, img_error *err)
{
    while (*value) {
        size_t len = img__text_utf8(value);
        if (len == 0)
            return img__fail(err, IMG_EINVAL, "%s: the text is not UTF-8", what);
        value += len;
    }
    return 0;
}

int img__setting_check_line(const char *what, const char *value, img_error *err)
{
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return img__fail(err, IMG_EINVAL, "%s '%.100s' has a control character", what, value);
    return img__setting_check_utf8(what, value, err);
}

int img__setting_check_pair(const char *what, const char *value, img_error *err)
{
    const char *equals = strchr(value, '=');
    if (!equals)
        return img__fail(err, IMG_EINVAL, "%s '%.100s' has no '=': write KEY=VALUE", what, value);
    if (equals == value)
        return img__fail(err, IMG_EINVAL, "%s has an empty key: write KEY=VALUE", what);
    return img__setting_check_utf8(what, value, err);
}

int img__setting_check_path(const char *what, const char *value, img_error *err)
{
    if (value[0] != '/')
        return img__fail(err, IMG_EINVAL, "%s '%.200s' is not an absolute path: begin it with '/'",
                         what, value);
    return img__setting_check_line(what, value, err);
}

/* Does text match a pattern where 9 is any digit? Returns what is behind it. */
static const char *match(const char *text, const char *pattern)
{
    for (; *pattern; text++, pattern++)
        if (*pattern == '9' ? !img__is_digit(*text) : *text != *pattern)
            return NULL;
    return text;
}

static unsigned two_digits(const char *text)
{
    return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

static unsigned days_of(unsigned year, unsigned month)
{
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (month == 2)
        return leap ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

static bool is_time(const char *text)
{
    const char *rest = match(text, "9999-99-99T99:99:99");
    if (!rest)
        return false;
    unsigned year = two_digits(text) * 100 + two_digits(text + 2);
    unsigned month = two_digits(text + 5), day = two_digits(text + 8);
    if (month < 1 || month > 12 || day < 1 || day > days_of(year, month) ||
        two_digits(text + 11) > 23 || two_digits(text + 14) > 59 || two_digits(text + 17) > 60)
        return false;
    if (*rest == '.') {
        size_t digits = strspn(rest + 1, "0123456789");
        if (digits == 0)
            return false;
        rest += 1 + digits;
    }
    if (strcmp(rest, "Z") == 0)
        return true;
    const char *end = *rest == '-' ? match(rest, "-99:99") : match(rest, "+99:99");
    return end && !*end && two_digits(rest + 1) <= 23 && two_digits(rest + 4) <= 59;
}

int img__setting_check_time(const char *what, const char *value, img_error *err)
{
    if (!is_time(value))
        return img__fail(err, IMG_EINVAL, "%s '%.60s' is not a time like 2024-01-31T12:00:00Z",
                         what, value);
    return 0;
}

/* "RTMIN+3", "RTMAX-2"; prefix has its sign. */
static bool is_real_time(const char *name, const char *prefix, uint64_t steps_max)
{
    uint64_t steps;
    return img__text_starts(name, prefix) && name[strlen(prefix)] != '0' &&
           img__text_number(name + strlen(prefix), steps_max, &steps);
}

static bool is_signal(const char *name)
{
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (strcmp(name, signals[i]) == 0)
            return true;
    return is_real_time(name, "RTMIN+", RTMIN_STEPS_MAX) ||
           is_real_time(name, "RTMAX-", RTMAX_STEPS_MAX);
}

int img__setting_parse_signal(const char *what, const char *value, char out[SETTING_SIGNAL_MAX],
                              img_error *err)
{
    const char *name = img__text_starts_nocase(value, "SIG") ? value + 3 : value;
    char upper[SETTING_SIGNAL_MAX - 3] = "";
    uint64_t number;

    if (img__text_number(value, SIGNAL_MAX, &number) && number > 0) {
        snprintf(out, SETTING_SIGNAL_MAX, "%u", (unsigned)number);
        return 0;
    }
    for (size_t i = 0; name[i] && i < sizeof(upper) - 1; i++)
        upper[i] = img__is_lower(name[i]) ? (char)(name[i] - 'a' + 'A') : name[i];
    if (strlen(name) >= sizeof(upper) || !is_signal(upper))
        return img__fail(err, IMG_EINVAL,
                         "%s '%.60s' is not a signal like SIGTERM or a number from 1 to %u", what,
                         value, SIGNAL_MAX);
    snprintf(out, SETTING_SIGNAL_MAX, "SIG%s", upper);
    return 0;
}

static bool parse_port(const char *text, size_t len, uint16_t *out)
{
    char digits[8] = "";
    uint64_t number;
    if (len == 0 || len >= sizeof(digits))
        return false;
    memcpy(digits, text, len);
    if (!img__text_number(digits, UINT16_MAX, &number) || number == 0)
        return false;
    *out = (uint16_t)number;
    return true;
}

static bool parse_protocol(const char *text, struct port_range *out)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (!img__text_equal_nocase(text, protocols[i]))
            continue;
        snprintf(out->protocol, sizeof(out->protocol), "%s", protocols[i]);
        return true;
    }
    return false;
}

int img__setting_parse_ports(const char *what, const char *value, struct port_range *out,
                             img_error *err)
{
    struct port_range range = {0};
    size_t len = strcspn(value, "/"), first = strcspn(value, "-/");
    bool ok = parse_port(value, first, &range.first);
    range.last = range.first;
    if (ok && first < len)
        ok = parse_port(value + first + 1, len - first - 1, &range.last) &&
             range.first <= range.last;
    if (!ok)
        return img__fail(
            err, IMG_EINVAL,
            "%s '%.60s' is not a port from 1 to 65535 like 80, 80/udp or 8000-8010/tcp", what,
            value);
    if (!parse_protocol(value[len] ? value + len + 1 : "tcp", &range))
        return img__fail(err, IMG_EINVAL, "%s '%.60s': the protocol must be tcp, udp or sctp", what,
                         value);
    *out = range;
    return 0;
}
