/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns as sequences of tokens, and paths run through them. All states that a pattern can be in
 * are followed at once, letter by letter: the time is bounded by the two lengths, whatever the
 * pattern, and one run tells of the path, of the directories above it and of what may be beneath.
 *
 * Letters are those of UTF-8; a byte that belongs to none is a letter of its own.
 */
#include "layer/ignore_pattern.h"

#include <string.h>

#include "base/text.h"

#define BYTE_LETTER 0x110000u /* plus the byte */

void img__ignore_pattern_free(struct ignore_pattern *pattern)
{
    for (size_t i = 0; i < pattern->count; i++)
        free(pattern->tokens[i].ranges);
    free(pattern->tokens);
    free(pattern->literal);
    *pattern = (struct ignore_pattern){0};
}

/* The letter at *at, which is moved behind it. */
static uint32_t take_letter(const char **at)
{
    const unsigned char *text = (const unsigned char *)*at;
    size_t len = text[0] < 0x80 ? 1 : img__text_utf8(*at);
    *at += len ? len : 1;
    switch (len) {
    case 0:
        return BYTE_LETTER + text[0];
    case 1:
        return text[0];
    case 2:
        return (text[0] & 0x1fu) << 6 | (text[1] & 0x3fu);
    case 3:
        return (text[0] & 0xfu) << 12 | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
    default:
        return (text[0] & 7u) << 18 | (text[1] & 0x3fu) << 12 | (text[2] & 0x3fu) << 6 |
               (text[3] & 0x3fu);
    }
}

/* ---- parsing ---- */

static struct token *add_token(struct ignore_pattern *pattern, enum token_kind kind)
{
    if ((pattern->count & (pattern->count - 1)) == 0) {
        size_t cap = pattern->count ? pattern->count * 2 : 1;
        struct token *grown = reallocarray(pattern->tokens, cap, sizeof(*grown));
        if (!grown)
            return NULL;
        pattern->tokens = grown;
    }
    struct token *token = &pattern->tokens[pattern->count++];
    *token = (struct token){.kind = kind};
    return token;
}

/* An end of a range; NULL if there is none. */
static const char *take_bound(const char *at, uint32_t *out)
{
    if (*at == '-' || *at == ']')
        return NULL;
    if (*at == '\\')
        at++;
    if (!*at)
        return NULL;
    *out = take_letter(&at);
    return *out >= BYTE_LETTER ? NULL : at;
}

static bool add_range(struct token *token, uint32_t low, uint32_t high)
{
    struct letter_range *grown =
        reallocarray(token->ranges, token->range_count + 1, sizeof(*grown));
    if (!grown)
        return false;
    token->ranges = grown;
    token->ranges[token->range_count++] = (struct letter_range){low, high};
    return true;
}

/* at is behind the '['. NULL: it is none, or, if *memory is set, there is no memory. */
static const char *parse_class(const char *at, struct token *token, bool *memory)
{
    if (*at == '^') {
        token->negated = true;
        at++;
    }
    while (*at != ']' || token->range_count == 0) {
        uint32_t low, high;
        at = take_bound(at, &low);
        high = low;
        if (at && *at == '-')
            at = take_bound(at + 1, &high);
        if (!at || !*at)
            return NULL;
        *memory = !add_range(token, low, high);
        if (*memory)
            return NULL;
    }
    return at + 1;
}

/* "**", with the slash behind it. Alone at the beginning, before plain letters and without a slash,
 * it ends anywhere in a name, too: that is how it has always been. */
static const char *parse_stars(const char *at, bool first, enum token_kind *kind)
{
    bool slash = at[2] == '/';
    const char *rest = at + 2 + slash;
    bool plain = first && !slash && !rest[strcspn(rest, "*?[]\\")];
    *kind = !*rest || plain ? TOKEN_ANY : TOKEN_FOLDERS;
    return rest;
}

static int fail_pattern(const char *text, img_error *err)
{
    return img__fail(err, IMG_EINVAL,
                     "'%s' is no pattern: a '[' without its end, an empty class or a '\\' at the "
                     "end; '\\' before a letter takes its meaning away",
                     text);
}

/* What begins at at, and where it goes on. */
static const char *parse_kind(const char *at, bool first, enum token_kind *kind)
{
    *kind = TOKEN_LETTER;
    if (at[0] == '*' && at[1] == '*')
        return parse_stars(at, first, kind);
    if (*at == '*')
        *kind = TOKEN_SOME;
    else if (*at == '?')
        *kind = TOKEN_ONE;
    else if (*at == '[')
        *kind = TOKEN_CLASS;
    else if (*at != '\\')
        return at;
    return at + 1;
}

static int parse_token(const char *text, const char **at, struct ignore_pattern *out,
                       img_error *err)
{
    bool memory = false;
    enum token_kind kind;
    const char *rest = parse_kind(*at, *at == text, &kind);
    if (kind == TOKEN_LETTER && !*rest)
        return fail_pattern(text, err);
    /* Two in a row mean the same as one, and a run of them would cost its square at each slash. */
    if (kind == TOKEN_FOLDERS && out->count && out->tokens[out->count - 1].kind == kind) {
        *at = rest;
        return 0;
    }
    struct token *token = add_token(out, kind);
    if (!token)
        return img__fail_memory(err);
    if (kind == TOKEN_LETTER)
        token->letter = take_letter(&rest);
    else if (kind == TOKEN_CLASS)
        rest = parse_class(rest, token, &memory);
    if (memory)
        return img__fail_memory(err);
    *at = rest;
    return rest ? 0 : fail_pattern(text, err);
}

int img__ignore_pattern_parse(const char *text, struct ignore_pattern *out, img_error *err)
{
    *out = (struct ignore_pattern){0};
    for (const char *at = text; *at;) {
        int rc = parse_token(text, &at, out, err);
        if (rc)
            return rc;
    }
    if (text[strcspn(text, "*?[\\")])
        return 0;
    out->literal = strdup(text);
    out->literal_len = strlen(text);
    return out->literal ? 0 : img__fail_memory(err);
}

/* ---- matching ---- */

int img__ignore_states_reserve(struct ignore_states *states, size_t tokens, img_error *err)
{
    size_t words = tokens / 64 + 1;
    if (words <= states->words)
        return 0;
    uint64_t *now = calloc(words, sizeof(*now));
    uint64_t *next = calloc(words, sizeof(*next));
    if (!now || !next) {
        free(now);
        free(next);
        return img__fail_memory(err);
    }
    img__ignore_states_free(states);
    *states = (struct ignore_states){now, next, words};
    return 0;
}

void img__ignore_states_free(struct ignore_states *states)
{
    free(states->now);
    free(states->next);
    *states = (struct ignore_states){0};
}

static void set(uint64_t *states, size_t at)
{
    states[at / 64] |= (uint64_t)1 << at % 64;
}

/* State at is reached: so are those behind tokens that may stand for nothing. */
static void reach(const struct ignore_pattern *pattern, uint64_t *states, size_t at)
{
    for (;; at++) {
        set(states, at);
        if (at == pattern->count || pattern->tokens[at].kind == TOKEN_LETTER ||
            pattern->tokens[at].kind == TOKEN_ONE || pattern->tokens[at].kind == TOKEN_CLASS)
            return;
    }
}

static bool in_class(const struct token *token, uint32_t letter)
{
    for (size_t i = 0; i < token->range_count; i++)
        if (letter >= token->ranges[i].low && letter <= token->ranges[i].high)
            return !token->negated;
    return token->negated;
}

/* From state at by a letter. */
static void advance(const struct ignore_pattern *pattern, uint64_t *next, size_t at,
                    uint32_t letter)
{
    const struct token *token = &pattern->tokens[at];
    switch (token->kind) {
    case TOKEN_LETTER:
        if (letter == token->letter)
            reach(pattern, next, at + 1);
        return;
    case TOKEN_ONE:
        if (letter != '/')
            reach(pattern, next, at + 1);
        return;
    case TOKEN_CLASS:
        if (in_class(token, letter))
            reach(pattern, next, at + 1);
        return;
    case TOKEN_SOME:
        if (letter != '/')
            reach(pattern, next, at);
        return;
    case TOKEN_ANY:
        reach(pattern, next, at);
        return;
    case TOKEN_FOLDERS:
        set(next, at);
        if (letter == '/')
            reach(pattern, next, at + 1);
        return;
    }
}

/* Whether any state is left. */
static bool step(const struct ignore_pattern *pattern, struct ignore_states *states, size_t words,
                 uint32_t letter)
{
    uint64_t any = 0;
    memset(states->next, 0, words * sizeof(*states->next));
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = states->now[w]; left; left &= left - 1) {
            size_t at = w * 64 + (size_t)__builtin_ctzll(left);
            if (at < pattern->count)
                advance(pattern, states->next, at, letter);
        }
    for (size_t w = 0; w < words; w++)
        any |= states->next[w];
    uint64_t *now = states->now;
    states->now = states->next;
    states->next = now;
    return any;
}

static bool is_set(const uint64_t *states, size_t at)
{
    return states[at / 64] >> at % 64 & 1;
}

static struct ignore_match match_literal(const struct ignore_pattern *pattern, const char *path)
{
    size_t path_len = strlen(path), len = pattern->literal_len;
    if (path_len < len) {
        bool above = memcmp(path, pattern->literal, path_len) == 0;
        return (struct ignore_match){false, above && pattern->literal[path_len] == '/'};
    }
    bool covers = memcmp(path, pattern->literal, len) == 0 && (!path[len] || path[len] == '/');
    return (struct ignore_match){covers, false};
}

struct ignore_match img__ignore_pattern_match(const struct ignore_pattern *pattern,
                                              struct ignore_states *states, const char *path)
{
    size_t words = pattern->count / 64 + 1;
    if (pattern->literal)
        return match_literal(pattern, path);
    memset(states->now, 0, words * sizeof(*states->now));
    reach(pattern, states->now, 0);
    for (const char *at = path; *at;) {
        if (*at == '/' && is_set(states->now, pattern->count))
            return (struct ignore_match){true, true};
        if (!step(pattern, states, words, take_letter(&at)))
            return (struct ignore_match){false, false};
    }
    bool covers = is_set(states->now, pattern->count);
    return (struct ignore_match){covers, step(pattern, states, words, '/')};
}
