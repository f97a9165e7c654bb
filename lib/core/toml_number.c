/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of TOML that have no brackets and no quotes: booleans, integers, floats and times.
 * Each is a word; what it may look like is checked before it is converted.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/toml_read.h"

#define WORD_MAX 128
#define SCALE_MAX 800 /* beyond it all is 0 or infinite */

static bool is_word(char c)
{
    return img__is_alnum(c) || (c && strchr("+-_.:", c));
}

/* A date may have a blank before its time of day. */
static size_t word_length(const char *at)
{
    size_t len = 0;
    while (is_word(at[len]))
        len++;
    if (len == 10 && at[4] == '-' && at[10] == ' ' && img__is_digit(at[11]) &&
        img__is_digit(at[12]) && at[13] == ':')
        for (len++; is_word(at[len]);)
            len++;
    return len;
}

static bool is_digit_of(char c, unsigned base)
{
    if (base == 16)
        return img__is_digit(c) || (img__to_lower(c) >= 'a' && img__to_lower(c) <= 'f');
    return c >= '0' && c < (char)('0' + base);
}

/* Digits with single underscores between them, copied without these; how far they go. */
static const char *take_digits(const char *text, unsigned base, struct buf *out)
{
    const char *at = text;
    while (is_digit_of(*at, base) ||
           (*at == '_' && at > text && at[-1] != '_' && is_digit_of(at[1], base))) {
        if (*at != '_')
            img__buf_putc(out, *at);
        at++;
    }
    return at;
}

static int convert_integer(struct toml_reader *r, const char *digits, int base, struct toml *out)
{
    char *end;
    errno = 0;
    long long value = strtoll(digits, &end, base);
    if (errno || *end)
        return img__toml_fail(r, "the integer %s has more than 64 bits", digits);
    out->type = TOML_INTEGER;
    out->integer = value;
    return 0;
}

/* 0x, 0o and 0b. */
static int take_radix(struct toml_reader *r, const char *word, struct toml *out)
{
    auto_(buf) struct buf digits = BUF_INIT(WORD_MAX);
    unsigned base = word[1] == 'x' ? 16 : word[1] == 'o' ? 8 : 2;
    const char *end = take_digits(word + 2, base, &digits);
    if (digits.len == 0 || *end)
        return img__toml_fail(r, "\"%.10s\" is no integer", word);
    return convert_integer(r, img__buf_text(&digits), (int)base, out);
}

static bool is_special(const char *word)
{
    if (*word == '+' || *word == '-')
        word++;
    return strcmp(word, "inf") == 0 || strcmp(word, "nan") == 0;
}

static int take_special(const char *word, struct toml *out)
{
    out->type = TOML_FLOAT;
    out->number = img__text_ends(word, "inf") ? (double)INFINITY : (double)NAN;
    if (*word == '-')
        out->number = -out->number;
    return 0;
}

/* By hand, so that no locale has a say in what a point is. The last digits may be off. */
static double convert_float(const char *digits, long scale)
{
    double value = 0;
    for (const char *d = digits; *d; d++)
        if (img__is_digit(*d))
            value = value * 10 + (*d - '0');
    for (long n = 0; n < scale && n < SCALE_MAX; n++)
        value *= 10;
    for (long n = 0; n < -scale && n < SCALE_MAX; n++)
        value /= 10;
    return value;
}

static const char *take_fraction(const char *at, struct buf *digits, long *scale)
{
    if (*at != '.')
        return at;
    size_t before = digits->len;
    const char *end = take_digits(at + 1, 10, digits);
    *scale -= (long)(digits->len - before);
    return end == at + 1 ? at : end;
}

static const char *take_exponent(const char *at, long *scale)
{
    auto_(buf) struct buf digits = BUF_INIT(WORD_MAX);
    if (*at != 'e' && *at != 'E')
        return at;
    const char *start = at + 1;
    bool negative = *start == '-';
    if (*start == '+' || *start == '-')
        start++;
    const char *end = take_digits(start, 10, &digits);
    if (end == start)
        return at;
    long exponent = digits.len > 5 ? 99999 : strtol(img__buf_text(&digits), NULL, 10);
    *scale += negative ? -exponent : exponent;
    return end;
}

static int take_number(struct toml_reader *r, const char *word, struct toml *out)
{
    auto_(buf) struct buf digits = BUF_INIT(WORD_MAX + 1);
    long scale = 0;
    bool negative = *word == '-';
    const char *start = word + (*word == '+' || *word == '-');
    if (negative)
        img__buf_putc(&digits, '-');
    const char *whole = take_digits(start, 10, &digits);
    if (whole == start || (*start == '0' && whole > start + 1))
        return img__toml_fail(r, "\"%.10s\" is no value", word);
    const char *end = take_exponent(take_fraction(whole, &digits, &scale), &scale);
    if (*end)
        return img__toml_fail(r, "\"%.10s\" is no number", word);
    if (end == whole)
        return convert_integer(r, img__buf_text(&digits), 10, out);
    out->type = TOML_FLOAT;
    out->number = convert_float(img__buf_text(&digits), scale);
    if (negative)
        out->number = -out->number;
    return 0;
}

/* As many digits as pattern has 0s, and its other characters. NULL: not so. */
static const char *match(const char *text, const char *pattern)
{
    for (; *pattern; pattern++, text++)
        if (*pattern == '0' ? !img__is_digit(*text) : *text != *pattern)
            return NULL;
    return text;
}

static int two(const char *digits)
{
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

static bool is_date(const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = two(text) * 100 + two(text + 2), month = two(text + 5), day = two(text + 8);
    if (year < 1 || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (leap ? 1 : 0);
}

/* What follows a time of day; NULL if it is none. */
static const char *match_clock(const char *text)
{
    const char *end = match(text, "00:00:00");
    if (!end || two(text) > 23 || two(text + 3) > 59 || two(text + 6) > 59)
        return NULL;
    if (*end != '.')
        return end;
    const char *fraction = ++end;
    while (img__is_digit(*end))
        end++;
    return end == fraction ? NULL : end;
}

static bool is_offset(const char *text)
{
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0 || !*text)
        return true;
    const char *end = *text == '+' || *text == '-' ? match(text + 1, "00:00") : NULL;
    return end && !*end && two(text + 1) <= 23 && two(text + 4) <= 59;
}

static bool is_time(const char *word)
{
    const char *end = match(word, "0000-00-00");
    if (!end) {
        end = match_clock(word);
        return end && !*end;
    }
    if (!is_date(word))
        return false;
    if (!*end)
        return true;
    if (*end != 'T' && *end != 't' && *end != ' ')
        return false;
    end = match_clock(end + 1);
    return end && is_offset(end);
}

static int take_time(struct toml_reader *r, const char *word, struct toml *out)
{
    if (!is_time(word))
        return img__toml_fail(r, "\"%.10s\" is no date and no time", word);
    out->type = TOML_TIME;
    out->text = strdup(word);
    return out->text ? 0 : img__fail_memory(r->err);
}

int img__toml_plain(struct toml_reader *r, struct toml *out)
{
    char word[WORD_MAX];
    size_t len = word_length(r->at);
    if (len == 0 || len >= sizeof(word))
        return img__toml_fail(r, "a value is due where \"%.10s\" stands", r->at);
    memcpy(word, r->at, len);
    word[len] = '\0';
    r->at += len;
    out->type = TOML_BOOL;
    out->boolean = strcmp(word, "true") == 0;
    if (out->boolean || strcmp(word, "false") == 0)
        return 0;
    if (word[0] == '0' && word[1] && strchr("xob", word[1]))
        return take_radix(r, word, out);
    if (is_special(word))
        return take_special(word, out);
    if (match(word, "0000-") || match(word, "00:"))
        return take_time(r, word, out);
    return take_number(r, word, out);
}
