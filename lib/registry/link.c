/* SPDX-License-Identifier: Apache-2.0
 *
 * Link, read as RFC 8288, appendix B.2, reads it:
 *
 *   links = link *( "," link )      link = "<" target ">" *( ";" name [ "=" ( token | quoted ) ] )
 *
 * with white space and empty elements wherever they may be. A target ends at the first ">", a
 * quoted value only at its quote, whatever is in between. Names have no case; the first rel of a
 * link counts, and it is a list. A link with an anchor is one of another resource.
 */
#include "registry/link.h"

#include <string.h>

#include "base/text.h"

struct text {
    const char *at;
    const char *end;
};

struct link {
    struct text target;
    bool has_rel;
    bool matches;
    bool elsewhere; /* it has an anchor */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_blanks(struct text *text)
{
    while (text->at < text->end && is_blank(*text->at))
        text->at++;
}

static bool skip_char(struct text *text, char c)
{
    skip_blanks(text);
    if (text->at == text->end || *text->at != c)
        return false;
    text->at++;
    return true;
}

static bool is_word(struct text word, const char *expected)
{
    size_t len = (size_t)(word.end - word.at);
    if (len != strlen(expected))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (img__to_lower(word.at[i]) != expected[i])
            return false;
    }
    return true;
}

/* What is in words, which blanks separate. */
static bool has_word(struct text words, const char *expected)
{
    while (words.at < words.end) {
        struct text word = {words.at, words.at};
        while (word.end < words.end && !is_blank(*word.end))
            word.end++;
        if (is_word(word, expected))
            return true;
        words.at = word.end < words.end ? word.end + 1 : word.end;
    }
    return false;
}

/* Behind the opening quote. No relation has a character that needs a backslash, so that none is
 * taken away. */
static bool take_quoted(struct text *text, struct text *out)
{
    out->at = text->at;
    for (; text->at < text->end; text->at++) {
        if (*text->at == '\\' && text->at + 1 < text->end) {
            text->at++;
        } else if (*text->at == '"') {
            out->end = text->at++;
            return true;
        }
    }
    return false;
}

static void take_until(struct text *text, const char *ends, struct text *out)
{
    out->at = text->at;
    while (text->at < text->end && !is_blank(*text->at) && !strchr(ends, *text->at))
        text->at++;
    out->end = text->at;
}

/* Behind the semicolon. */
static bool take_parameter(struct text *text, const char *rel, struct link *link)
{
    struct text name, value = {text->end, text->end};
    skip_blanks(text);
    take_until(text, "=;,", &name);
    if (skip_char(text, '=')) {
        if (!skip_char(text, '"'))
            take_until(text, ";,", &value);
        else if (!take_quoted(text, &value))
            return false;
    }
    if (is_word(name, "rel") && !link->has_rel) {
        link->has_rel = true;
        link->matches = has_word(value, rel);
    }
    link->elsewhere = link->elsewhere || (is_word(name, "anchor") && value.at < value.end);
    return true;
}

/* Up to the comma behind it. */
static bool take_link(struct text *text, const char *rel, struct link *link)
{
    if (!skip_char(text, '<'))
        return false;
    const char *end = memchr(text->at, '>', (size_t)(text->end - text->at));
    if (!end)
        return false;
    link->target = (struct text){text->at, end};
    text->at = end + 1;
    while (skip_char(text, ';')) {
        if (!take_parameter(text, rel, link))
            return false;
    }
    skip_blanks(text);
    return text->at == text->end || *text->at == ',';
}

bool img__link_find(const char *value, size_t len, const char *rel, struct buf *out)
{
    struct text text = {value, value + len};
    while (text.at < text.end) {
        struct link link = {0};
        if (skip_char(&text, ','))
            continue;
        if (!take_link(&text, rel, &link))
            return false;
        if (!link.matches || link.elsewhere)
            continue;
        img__buf_append(out, link.target.at, (size_t)(link.target.end - link.target.at));
        return true;
    }
    return false;
}
