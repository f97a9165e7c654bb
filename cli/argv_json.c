/* SPDX-License-Identifier: Apache-2.0
 *
 * A strict parser for one JSON array of strings (RFC 8259): all escapes, surrogate pairs, no
 * U+0000, no raw control characters, nothing behind the array.
 */
#include "argv_json.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fail.h"
#include "memory.h"

struct parser {
    const char *at;
    const char *why; /* set by what fails */
    char **argv;
    size_t count;
};

static void skip_space(struct parser *p)
{
    p->at += strspn(p->at, " \t\r\n");
}

static bool wrong(struct parser *p, const char *why)
{
    p->why = why;
    return false;
}

static bool parse_hex4(struct parser *p, uint32_t *out)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++, p->at++) {
        char c = *p->at;
        uint32_t digit;

        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (uint32_t)((c | 32) - 'a') + 10;
        else
            return wrong(p, "\\u needs four hexadecimal digits");
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static char *put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
        return out;
    }
    if (c < 0x800) {
        *out++ = (char)(0xc0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *out++ = (char)(0xe0 | c >> 12);
        } else {
            *out++ = (char)(0xf0 | c >> 18);
            *out++ = (char)(0x80 | (c >> 12 & 0x3f));
        }
        *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    }
    *out++ = (char)(0x80 | (c & 0x3f));
    return out;
}

/* at is behind "\u". */
static bool parse_unicode(struct parser *p, char **out)
{
    uint32_t c, low;

    if (!parse_hex4(p, &c))
        return false;
    if (c == 0)
        return wrong(p, "\\u0000 cannot be in an argument");
    if (c >= 0xd800 && c < 0xe000) {
        if (c >= 0xdc00 || p->at[0] != '\\' || p->at[1] != 'u')
            return wrong(p, "half of a surrogate pair");
        p->at += 2;
        if (!parse_hex4(p, &low))
            return false;
        if (low < 0xdc00 || low >= 0xe000)
            return wrong(p, "half of a surrogate pair");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    *out = put_utf8(*out, c);
    return true;
}

/* at is behind the backslash. */
static bool parse_escape(struct parser *p, char **out)
{
    static const char named[] = "\"\"\\\\//b\bf\fn\nr\rt\t";

    if (*p->at == 'u') {
        p->at++;
        return parse_unicode(p, out);
    }
    for (const char *n = named; *n; n += 2) {
        if (*p->at == *n) {
            *(*out)++ = n[1];
            p->at++;
            return true;
        }
    }
    return wrong(p, "an unknown escape");
}

static bool parse_string(struct parser *p)
{
    char *text, *out;

    if (*p->at != '"')
        return wrong(p, "a string in double quotes is missing");
    p->at++;
    /* Nothing becomes longer: "\uXXXX" is at most three bytes. */
    text = out = xcalloc(strlen(p->at) + 1, 1);
    p->argv = xreallocarray(p->argv, p->count + 2, sizeof(char *));
    p->argv[p->count++] = text;
    p->argv[p->count] = NULL;
    while (*p->at != '"') {
        if (*p->at == '\0')
            return wrong(p, "the string does not end");
        if ((unsigned char)*p->at < 0x20)
            return wrong(p, "a control character in a string");
        if (*p->at != '\\') {
            *out++ = *p->at++;
            continue;
        }
        p->at++;
        if (!parse_escape(p, &out))
            return false;
    }
    p->at++;
    return true;
}

/* at is behind the bracket. */
static bool parse_array(struct parser *p)
{
    skip_space(p);
    if (*p->at == ']') {
        p->at++;
    } else {
        for (;;) {
            skip_space(p);
            if (!parse_string(p))
                return false;
            skip_space(p);
            if (*p->at == ']') {
                p->at++;
                break;
            }
            if (*p->at++ != ',')
                return wrong(p, "',' or ']' is missing");
        }
    }
    skip_space(p);
    return *p->at ? wrong(p, "something follows the array") : true;
}

int argv_parse(const char *text, char ***out, img_error *err)
{
    struct parser p = {text + 1, NULL, xcalloc(2, sizeof(char *)), 0};

    if (text[0] == '[') {
        if (!parse_array(&p)) {
            argv_free(p.argv);
            return cli_fail(err, IMG_EINVAL, "%s is not a JSON array of strings: %s", text, p.why);
        }
    } else if (text[strcspn(text, " \t\n")]) {
        argv_free(p.argv);
        return cli_fail(err, IMG_EINVAL,
                        "'%s' is several words: write them as a JSON array, [\"/bin/x\",\"y\"]",
                        text);
    } else if (text[0]) {
        p.argv[0] = xstrdup(text);
    }
    *out = p.argv;
    return 0;
}

void argv_free(char **argv)
{
    for (char **a = argv; a && *a; a++)
        free(*a);
    free(argv);
}
