/* SPDX-License-Identifier: Apache-2.0
 *
 * The parser of WWW-Authenticate (RFC 9110, section 11; registry.md A2): several schemes in one
 * line, token68, quoted strings that hold commas, white space around "=", any case, values that
 * should be quoted and are not. Of a parameter that comes twice the first counts.
 *
 * A word is a parameter if "=" follows, else it begins a challenge; token68 can only come right
 * behind a scheme, and is told from a parameter by what is behind its "=": a comma or the end.
 */
#include "registry/challenge.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/text.h"

struct cursor {
    const char *at;
    const char *end;
};

/* Of one Bearer challenge, until it is known that there is a realm. */
struct parameters {
    char *realm;
    char *service;
    char *scope;
    char *error;
};

static bool is_word(const char *text, size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        if (img__to_lower(text[i]) != word[i])
            return false;
    }
    return word[len] == '\0';
}

static bool is_token_char(char c)
{
    return img__is_alnum(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token68_char(char c)
{
    return img__is_alnum(c) || (c && strchr("-._~+/", c));
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void skip_space(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_space(*cursor->at))
        cursor->at++;
}

static void skip_separators(struct cursor *cursor)
{
    while (cursor->at < cursor->end && (is_space(*cursor->at) || *cursor->at == ','))
        cursor->at++;
}

static size_t read_token(struct cursor *cursor, const char **token)
{
    *token = cursor->at;
    while (cursor->at < cursor->end && is_token_char(*cursor->at))
        cursor->at++;
    return (size_t)(cursor->at - *token);
}

static void skip_token68(struct cursor *cursor)
{
    struct cursor ahead = *cursor;
    while (ahead.at < ahead.end && is_token68_char(*ahead.at))
        ahead.at++;
    while (ahead.at < ahead.end && *ahead.at == '=')
        ahead.at++;
    skip_space(&ahead);
    if (ahead.at == ahead.end || *ahead.at == ',')
        *cursor = ahead;
}

/* Unescapes into out, which has room for what is left. False if the closing quote is missing. */
static bool read_quoted(struct cursor *cursor, char *out, size_t *len)
{
    *len = 0;
    for (cursor->at++; cursor->at < cursor->end; cursor->at++) {
        if (*cursor->at == '"') {
            cursor->at++;
            return true;
        }
        if (*cursor->at == '\\' && cursor->at + 1 < cursor->end)
            cursor->at++;
        out[(*len)++] = *cursor->at;
    }
    return false;
}

static void read_bare(struct cursor *cursor, char *out, size_t *len)
{
    *len = 0;
    while (cursor->at < cursor->end && *cursor->at != ',' && !is_space(*cursor->at))
        out[(*len)++] = *cursor->at++;
}

/* *out NULL: no sensible value. */
static int read_value(struct cursor *cursor, char **out, img_error *err)
{
    *out = NULL;
    skip_space(cursor);
    auto_free char *value = malloc((size_t)(cursor->end - cursor->at) + 1);
    if (!value)
        return img__fail_memory(err);
    size_t len;
    bool sound = true;
    if (cursor->at < cursor->end && *cursor->at == '"')
        sound = read_quoted(cursor, value, &len);
    else
        read_bare(cursor, value, &len);
    if (!sound || memchr(value, '\0', len))
        return 0;
    value[len] = '\0';
    *out = steal(value);
    return 0;
}

static char **slot_of(struct parameters *parameters, const char *name, size_t len)
{
    static const char *const names[] = {"realm", "service", "scope", "error"};
    char **slots[] = {&parameters->realm, &parameters->service, &parameters->scope,
                      &parameters->error};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_word(name, len, names[i]))
            return slots[i];
    }
    return NULL;
}

static void clear_parameters(struct parameters *parameters)
{
    free(parameters->realm);
    free(parameters->service);
    free(parameters->scope);
    free(parameters->error);
    *parameters = (struct parameters){0};
}

/* A Bearer challenge without a realm can't be answered, so another one may take its place. */
static void take_bearer(struct challenges *challenges, struct parameters *parameters)
{
    if (!challenges->bearer && parameters->realm) {
        challenges->bearer = true;
        challenges->realm = steal(parameters->realm);
        challenges->service = steal(parameters->service);
        challenges->scope = steal(parameters->scope);
        challenges->error = steal(parameters->error);
    }
    clear_parameters(parameters);
}

static void note_other(struct challenges *challenges, const char *scheme, size_t len)
{
    size_t used = strlen(challenges->others);
    const char *separator = used ? ", " : "";
    if (len > 20 || used + strlen(separator) + len >= sizeof(challenges->others))
        return;
    memcpy(challenges->others + used, separator, strlen(separator));
    used += strlen(separator);
    memcpy(challenges->others + used, scheme, len);
    challenges->others[used + len] = '\0';
}

static bool begin(struct challenges *challenges, const char *scheme, size_t len)
{
    bool bearer = is_word(scheme, len, "bearer");
    if (is_word(scheme, len, "basic"))
        challenges->basic = true;
    else if (!bearer)
        note_other(challenges, scheme, len);
    return bearer;
}

/* Behind the "=" of a parameter; it is kept if it is one of those of a Bearer challenge. */
static int take_parameter(struct cursor *cursor, struct parameters *bearer, const char *name,
                          size_t name_len, img_error *err)
{
    auto_free char *text = NULL;
    int result = read_value(cursor, &text, err);
    if (result)
        return result;
    char **slot = bearer ? slot_of(bearer, name, name_len) : NULL;
    if (slot && !*slot)
        *slot = steal(text);
    return 0;
}

int img__challenges_add(struct challenges *challenges, const char *value, size_t len,
                        img_error *err)
{
    struct cursor cursor = {value, value + len};
    struct parameters parameters = {0};
    bool bearer = false;
    int result = 0;
    while (skip_separators(&cursor), !result && cursor.at < cursor.end) {
        const char *word;
        size_t word_len = read_token(&cursor, &word);
        skip_space(&cursor);
        if (cursor.at < cursor.end && *cursor.at == '=') {
            cursor.at++;
            result = take_parameter(&cursor, bearer ? &parameters : NULL, word, word_len, err);
        } else if (word_len) {
            take_bearer(challenges, &parameters);
            bearer = begin(challenges, word, word_len);
            skip_token68(&cursor);
        } else {
            cursor.at++;
        }
    }
    take_bearer(challenges, &parameters);
    return result;
}

void img__challenges_free(struct challenges *challenges)
{
    free(challenges->realm);
    free(challenges->service);
    free(challenges->scope);
    free(challenges->error);
    *challenges = (struct challenges){0};
}
