/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser: RFC 8259 without the freedoms that programs take differently (RFC 7493; registry.md
 * Z3, layers.md M5).
 *
 * It is not jansson's, which, when memory runs out within a string, leaves a byte of it away and
 * goes on. And values are counted here, since "[[],[],[]..." takes a hundred times its size.
 */
#include "core/json_parse.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

#define NUMBER_LEN_MAX 400u
#define KEY_SHOWN_MAX 128

static const char byte_order_mark[] = "\xef\xbb\xbf";

struct parser {
    const char *what;
    const char *start, *at, *end;
    struct buf text; /* of the last string or number */
    unsigned depth, containers, values;
};

static int parse_value(struct parser *p, struct json **out, img_error *err);

static int fail_at(const struct parser *p, const char *reason, img_error *err)
{
    size_t line = 1;
    if (p->at >= p->end)
        return img__fail(err, IMG_EFORMAT,
                         "%s is not valid JSON: it ends too early, after %zu bytes", p->what,
                         (size_t)(p->end - p->start));
    for (const char *c = p->start; c < p->at; c++)
        line += *c == '\n';
    return img__fail(err, IMG_EFORMAT, "%s is not valid JSON: line %zu: %s", p->what, line, reason);
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

/* Takes c, after blanks, if it is next. */
static bool take(struct parser *p, char c)
{
    skip_blanks(p);
    if (p->at == p->end || *p->at != c)
        return false;
    p->at++;
    return true;
}

/* Four hexadecimal digits. */
static bool take_hex(struct parser *p, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        const char *digit = p->at < p->end && *p->at ? strchr(digits, img__to_lower(*p->at)) : NULL;
        if (!digit)
            return false;
        value = value << 4 | (unsigned)(digit - digits);
    }
    *out = value;
    return true;
}

static void put_utf8(struct buf *out, unsigned c)
{
    if (c < 0x80) {
        img__buf_putc(out, (char)c);
        return;
    }
    unsigned following = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    img__buf_putc(out, (char)(leads[following] | c >> (6 * following)));
    while (following-- > 0)
        img__buf_putc(out, (char)(0x80 | (c >> (6 * following) & 0x3f)));
}

/* What is behind "\u": a character, or two surrogates that make one. */
static int parse_code(struct parser *p, img_error *err)
{
    unsigned code, low;
    if (!take_hex(p, &code))
        return fail_at(p, "\\u needs four hexadecimal digits", err);
    if (code == 0)
        return fail_at(p, "a string must not have NUL in it", err);
    if (code >= 0xd800 && code <= 0xdfff) {
        bool pair = code < 0xdc00 && p->end - p->at > 2 && p->at[0] == '\\' && p->at[1] == 'u';
        p->at += pair ? 2 : 0;
        if (!pair || !take_hex(p, &low) || low < 0xdc00 || low > 0xdfff)
            return fail_at(p, "a surrogate stands alone", err);
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(&p->text, code);
    return 0;
}

/* What is behind a backslash. */
static int parse_escape(struct parser *p, img_error *err)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    const char *name = p->at < p->end && *p->at ? strchr(names, *p->at) : NULL;
    if (name) {
        img__buf_putc(&p->text, values[name - names]);
        p->at++;
        return 0;
    }
    if (p->at == p->end || *p->at != 'u')
        return fail_at(p, "an unknown escape in a string", err);
    p->at++;
    return parse_code(p, err);
}

static int check_utf8(const struct parser *p, img_error *err)
{
    for (const char *c = img__buf_text(&p->text); *c;) {
        size_t len = img__text_utf8(c);
        if (len == 0)
            return fail_at(p, "a string is not UTF-8", err);
        c += len;
    }
    return 0;
}

static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != '"' && c != '\\';
}

/* Into p->text; the quote before it was taken. */
static int parse_string(struct parser *p, img_error *err)
{
    int rc = 0;
    img__buf_clear(&p->text);
    while (!rc) {
        const char *run = p->at;
        while (p->at < p->end && is_plain(*p->at))
            p->at++;
        img__buf_append(&p->text, run, (size_t)(p->at - run));
        if (p->at == p->end)
            return fail_at(p, "", err);
        if (*p->at == '"')
            break;
        if (*p->at != '\\')
            return fail_at(p, "a string must not have control characters in it", err);
        p->at++;
        rc = parse_escape(p, err);
    }
    if (!rc)
        rc = img__buf_check(&p->text, p->what, err);
    if (!rc)
        rc = check_utf8(p, err);
    p->at++;
    return rc;
}

static size_t skip_digits(struct parser *p)
{
    const char *start = p->at;
    while (p->at < p->end && img__is_digit(*p->at))
        p->at++;
    return (size_t)(p->at - start);
}

/* Moves past a number; false if it is none. */
static bool skip_number(struct parser *p, bool *real)
{
    *real = false;
    if (*p->at == '-')
        p->at++;
    const char *first = p->at;
    size_t digits = skip_digits(p);
    if (digits == 0 || (digits > 1 && *first == '0'))
        return false;
    if (p->at < p->end && *p->at == '.') {
        *real = true;
        p->at++;
        if (skip_digits(p) == 0)
            return false;
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        *real = true;
        p->at++;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
            p->at++;
        if (skip_digits(p) == 0)
            return false;
    }
    return true;
}

static bool to_integer(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    int64_t value = 0;
    for (text += negative; *text; text++) {
        int digit = *text - '0';
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *out = value;
    return true;
}

static int parse_number(struct parser *p, struct json **out, img_error *err)
{
    const char *start = p->at;
    int64_t integer;
    double number;
    bool real;
    if (!skip_number(p, &real))
        return fail_at(p, "a number is malformed", err);
    img__buf_clear(&p->text);
    img__buf_append(&p->text, start, (size_t)(p->at - start));
    int rc = img__buf_check(&p->text, p->what, err);
    if (rc)
        return rc;
    p->at = start;
    if (p->text.len > NUMBER_LEN_MAX)
        return fail_at(p, "a number has too many digits", err);
    if (!real) {
        if (!to_integer(p->text.data, &integer))
            return fail_at(p, "an integer does not fit in 64 bits", err);
        *out = img__json_signed(integer);
    } else {
        number = img__json_to_double(p->text.data);
        if (!isfinite(number))
            return fail_at(p, "a number is too large", err);
        *out = img__json_real(number);
    }
    p->at = start + p->text.len;
    return *out ? 0 : img__fail_memory(err);
}

static bool take_word(struct parser *p, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(p->end - p->at) < len || memcmp(p->at, word, len) != 0)
        return false;
    p->at += len;
    return true;
}

static int parse_word(struct parser *p, struct json **out, img_error *err)
{
    if (take_word(p, "true"))
        *out = img__json_bool(true);
    else if (take_word(p, "false"))
        *out = img__json_bool(false);
    else if (take_word(p, "null"))
        *out = img__json_null();
    else
        return fail_at(p, "a value is expected", err);
    return *out ? 0 : img__fail_memory(err);
}

static int parse_element(struct parser *p, struct json *array, img_error *err)
{
    struct json *value = NULL;
    int rc = parse_value(p, &value, err);
    if (!rc && !img__json_append(array, value))
        return img__fail_memory(err);
    return rc;
}

static int parse_pair(struct parser *p, struct json *object, img_error *err)
{
    struct json *value = NULL;
    if (!take(p, '"'))
        return fail_at(p, "a key is expected", err);
    int rc = parse_string(p, err);
    if (rc)
        return rc;
    auto_free char *key = strdup(img__buf_text(&p->text));
    if (!key)
        return img__fail_memory(err);
    if (img__json_has(object, key))
        return img__fail(err, IMG_EFORMAT, "%s has the key \"%.*s\" twice", p->what, KEY_SHOWN_MAX,
                         key);
    if (!take(p, ':'))
        return fail_at(p, "':' is expected", err);
    rc = parse_value(p, &value, err);
    if (!rc && !img__json_set(object, key, value))
        return img__fail_memory(err);
    return rc;
}

static int enter(struct parser *p, img_error *err)
{
    if (++p->depth > JSON_DEPTH_MAX)
        return img__fail(err, IMG_ELIMIT, "%s is nested more than %u levels deep", p->what,
                         JSON_DEPTH_MAX);
    if (++p->containers > JSON_CONTAINERS_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %u objects and arrays", p->what,
                         JSON_CONTAINERS_MAX);
    return 0;
}

/* The array or object whose first bracket was taken. */
static int parse_container(struct parser *p, char close, struct json **out, img_error *err)
{
    bool array = close == ']';
    auto_(json) struct json *json = array ? img__json_array() : img__json_object();
    int rc = enter(p, err);
    if (!rc && !json)
        rc = img__fail_memory(err);
    bool more = !rc && !take(p, close);
    while (more) {
        rc = array ? parse_element(p, json, err) : parse_pair(p, json, err);
        more = !rc && take(p, ',');
        if (!rc && !more && !take(p, close))
            rc = fail_at(p, array ? "',' or ']' is expected" : "',' or '}' is expected", err);
    }
    p->depth--;
    if (!rc)
        *out = steal(json);
    return rc;
}

static int parse_text(struct parser *p, struct json **out, img_error *err)
{
    int rc = parse_string(p, err);
    if (rc)
        return rc;
    *out = img__json_string(img__buf_text(&p->text));
    return *out ? 0 : img__fail_memory(err);
}

static int parse_value(struct parser *p, struct json **out, img_error *err)
{
    if (++p->values > JSON_VALUES_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %u values", p->what, JSON_VALUES_MAX);
    if (take(p, '{'))
        return parse_container(p, '}', out, err);
    if (take(p, '['))
        return parse_container(p, ']', out, err);
    if (take(p, '"'))
        return parse_text(p, out, err);
    if (p->at < p->end && (*p->at == '-' || img__is_digit(*p->at)))
        return parse_number(p, out, err);
    return parse_word(p, out, err);
}

/* Refuses what is no JSON at first sight. */
static int check_start(struct parser *p, img_error *err)
{
    bool marked = p->end - p->at >= 3 && memcmp(p->at, byte_order_mark, 3) == 0;
    p->at += marked ? 3 : 0;
    skip_blanks(p);
    if (p->at == p->end)
        return img__fail(err, IMG_EFORMAT, "%s is empty, not JSON", p->what);
    if (*p->at == '<')
        return img__fail(err, IMG_EFORMAT,
                         "%s is HTML, not JSON: is this really a registry, or a login page or "
                         "proxy in between?",
                         p->what);
    if (marked)
        return img__fail(err, IMG_EFORMAT,
                         "%s begins with a byte order mark, which JSON may not have", p->what);
    if (*p->at != '{' && *p->at != '[')
        return fail_at(p, "an object or an array is expected", err);
    return 0;
}

int img__json_parse(const char *what, const void *data, size_t len, struct json **out,
                    img_error *err)
{
    static const char nothing[] = "";
    const char *start = data ? data : nothing;
    auto_(json) struct json *json = NULL;
    struct parser p = {what, start, start, start + len, BUF_INIT(len + 1), 0, 0, 0};
    int rc = check_start(&p, err);
    if (!rc)
        rc = parse_value(&p, &json, err);
    skip_blanks(&p);
    if (!rc && p.at != p.end)
        rc = fail_at(&p, "there is something behind the end", err);
    img__buf_free(&p.text);
    if (!rc)
        *out = steal(json);
    return rc;
}
