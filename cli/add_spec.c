/* SPDX-License-Identifier: Apache-2.0
 *
 * SRC[:DEST][:OPTIONS]. File names may hold colons, so the text is read from its end: the last part
 * is the options if it begins with mode=, uid= or gid=; what is left is split at the last colon
 * before a slash, since a destination is absolute. "\:" is a colon that splits nothing, "\\" a
 * backslash.
 */
#include "add_spec.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "fail.h"
#include "memory.h"
#include "text.h"

static bool is_escape(const char *p)
{
    return p[0] == '\\' && (p[1] == ':' || p[1] == '\\');
}

/* The last colon of text[0..len) that is not escaped and, if slash is set, stands before a slash;
 * NULL if there is none. */
static const char *last_colon(const char *text, size_t len, bool slash)
{
    const char *last = NULL;

    for (const char *p = text; p < text + len; p++) {
        if (is_escape(p))
            p++;
        else if (*p == ':' && (!slash || (p + 1 < text + len && p[1] == '/')))
            last = p;
    }
    return last;
}

static char *unescape(const char *text, size_t len)
{
    char *out = xcalloc(len + 1, 1), *o = out;

    for (const char *p = text; p < text + len; p++) {
        if (is_escape(p))
            p++;
        *o++ = *p;
    }
    return out;
}

static bool parse_number(const char *text, size_t len, unsigned base, uint64_t max, uint32_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] >= (char)('0' + base))
            return false;
        value = value * base + (uint64_t)(text[i] - '0');
        if (value > max)
            return false;
    }
    *out = (uint32_t)value;
    return len > 0;
}

/* One of "mode=0755", "uid=1", "gid=1". */
static bool parse_option(const char *text, size_t len, img_add_options *out)
{
    const char *value = memchr(text, '=', len);
    size_t value_len;

    if (!value)
        return false;
    value++;
    value_len = len - (size_t)(value - text);
    if (strncmp(text, "mode=", 5) == 0) {
        out->set |= IMG_ADD_MODE;
        return parse_number(value, value_len, 8, 07777, &out->mode);
    }
    if (strncmp(text, "uid=", 4) == 0) {
        out->set |= IMG_ADD_UID;
        return parse_number(value, value_len, 10, UINT32_MAX - 1, &out->uid);
    }
    if (strncmp(text, "gid=", 4) == 0) {
        out->set |= IMG_ADD_GID;
        return parse_number(value, value_len, 10, UINT32_MAX - 1, &out->gid);
    }
    return false;
}

static int parse_options(const char *option, const char *text, const char *options,
                         img_add_options *out, img_error *err)
{
    for (;;) {
        size_t len = strcspn(options, ",");

        if (!parse_option(options, len, out))
            return cli_fail(err, IMG_EINVAL,
                            "--%s %s: '%.*s' is not one of mode=OCTAL, uid=NUMBER, gid=NUMBER",
                            option, text, (int)len, options);
        if (!options[len])
            return 0;
        options += len + 1;
    }
}

/* WORD=, known or not: a misspelt option is no part of a path. */
static bool begins_options(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz");

    return len > 0 && text[len] == '=';
}

/* SRC:DEST, or SRC alone if it is an archive. */
static int split(const char *option, const char *text, size_t len, struct add_spec *out,
                 img_error *err)
{
    bool archive = text_is(option, "layer");
    const char *colon = last_colon(text, len, true);

    if (!archive && !last_colon(text, len, false))
        return cli_fail(err, IMG_EINVAL, "--%s %s: SRC:DEST is needed", option, text);
    if (!archive && !colon)
        return cli_fail(err, IMG_EINVAL, "--%s %s: the destination must begin with '/'", option,
                        text);
    if (colon == text || len == 0)
        return cli_fail(err, IMG_EINVAL, "--%s %s: the source is missing", option, text);
    out->source = unescape(text, colon ? (size_t)(colon - text) : len);
    if (colon)
        out->destination = unescape(colon + 1, len - (size_t)(colon + 1 - text));
    return 0;
}

int add_spec_parse(const char *option, const char *text, struct add_spec *out, img_error *err)
{
    size_t len = strlen(text);
    const char *colon = last_colon(text, len, false);

    out->options = (img_add_options)IMG_ADD_OPTIONS_INIT;
    if (colon && begins_options(colon + 1)) {
        if (parse_options(option, text, colon + 1, &out->options, err) < 0)
            return err->code;
        len = (size_t)(colon - text);
    }
    return split(option, text, len, out, err);
}

void add_spec_free(struct add_spec *spec)
{
    free(spec->source);
    free(spec->destination);
}
