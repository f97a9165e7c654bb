/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules in order, and what they say of a path. The rules that Docker follows are written down in
 * its documentation of .dockerignore and, for what that leaves open, in how moby/patternmatcher
 * behaves, which docker, BuildKit and buildah use.
 */
#include "layer/ignore.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "layer/ignore_pattern.h"

struct rule {
    struct ignore_pattern pattern;
    bool exception; /* it takes in again */
};

struct ignore {
    struct rule *rules;
    size_t count;
    size_t cap;
    struct ignore_states states;
};

int img__ignore_new(struct ignore **out, img_error *err)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : img__fail_memory(err);
}

void img__ignore_free(struct ignore *ignore)
{
    if (!ignore)
        return;
    for (size_t i = 0; i < ignore->count; i++)
        img__ignore_pattern_free(&ignore->rules[i].pattern);
    free(ignore->rules);
    img__ignore_states_free(&ignore->states);
    free(ignore);
}

/* ---- reading ---- */

/* How many bytes of white space Unicode has at text; 0: none. */
static size_t blank_len(const char *text)
{
    static const char *const wide[] = {
        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
        "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
        "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
    };
    if (*text == ' ' || (*text >= '\t' && *text <= '\r'))
        return 1;
    for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
        if (img__text_starts(text, wide[i]))
            return strlen(wide[i]);
    return 0;
}

/* Without the blanks around it; text is changed. */
static char *trim(char *text)
{
    for (size_t len; (len = blank_len(text)) > 0;)
        text += len;
    char *end = text;
    for (char *at = text; *at;) {
        size_t blank = blank_len(at);
        at += blank ? blank : 1;
        if (!blank)
            end = at;
    }
    *end = '\0';
    return text;
}

/* The path without empty, "." and ".." parts, as far as that goes, and without slashes at its ends.
 * In place, since it only gets shorter. */
static void clean(char *path)
{
    bool rooted = *path == '/';
    size_t named = 0; /* parts that a ".." takes away */
    char *out = path;
    for (const char *at = path; *at;) {
        size_t len = strcspn(at, "/");
        bool up = len == 2 && at[0] == '.' && at[1] == '.';
        if (up && named > 0) {
            char *slash = memrchr(path, '/', (size_t)(out - path));
            out = slash ? slash : path;
            named--;
        } else if (len > 0 && !(len == 1 && *at == '.') && !(up && rooted)) {
            if (out > path)
                *out++ = '/';
            memmove(out, at, len);
            out += len;
            named += !up;
        }
        at += len;
        at += *at == '/';
    }
    *out = '\0';
}

static int append(struct ignore *ignore, const struct rule *rule, img_error *err)
{
    if (ignore->count == ignore->cap) {
        size_t cap = ignore->cap ? ignore->cap * 2 : 8;
        struct rule *grown = reallocarray(ignore->rules, cap, sizeof(*grown));
        if (!grown)
            return img__fail_memory(err);
        ignore->rules = grown;
        ignore->cap = cap;
    }
    ignore->rules[ignore->count++] = *rule;
    return 0;
}

/* text is changed. */
static int add(struct ignore *ignore, char *text, img_error *err)
{
    text = trim(text);
    if (!*text)
        return 0;
    struct rule rule = {.exception = *text == '!'};
    if (rule.exception)
        text = trim(text + 1);
    if (!*text)
        return img__fail(err, IMG_EINVAL,
                         "'!' takes in again what stands behind it, and nothing "
                         "does");
    clean(text);
    int rc = img__ignore_pattern_parse(text, &rule.pattern, err);
    if (rc == 0)
        rc = img__ignore_states_reserve(&ignore->states, rule.pattern.count, err);
    if (rc == 0)
        rc = append(ignore, &rule, err);
    if (rc)
        img__ignore_pattern_free(&rule.pattern);
    return rc;
}

static int add_copy(struct ignore *ignore, const char *text, size_t len, const char *where,
                    img_error *err)
{
    if (len > IGNORE_PATTERN_MAX)
        return img__fail(err, IMG_ELIMIT, "%s: a pattern is longer than %zu bytes", where,
                         IGNORE_PATTERN_MAX);
    if (memchr(text, '\0', len))
        return img__fail(err, IMG_EINVAL, "%s: a pattern has a NUL in it", where);
    auto_free char *copy = strndup(text, len);
    int rc = copy ? add(ignore, copy, err) : img__fail_memory(err);
    return rc ? img__prefix(err, rc, "%s", where) : 0;
}

int img__ignore_add(struct ignore *ignore, const char *pattern, const char *where, img_error *err)
{
    return add_copy(ignore, pattern, strlen(pattern), where, err);
}

int img__ignore_add_lines(struct ignore *ignore, const struct buf *text, const char *name,
                          img_error *err)
{
    const char *at = img__buf_text(text), *end = at + text->len;
    if (img__text_starts(at, "\xef\xbb\xbf"))
        at += 3;
    for (size_t line = 1; at < end; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        char where[512];
        snprintf(where, sizeof(where), "%.480s:%zu", name, line);
        int rc = *at == '#' ? 0 : add_copy(ignore, at, (size_t)(stop - at), where, err);
        if (rc)
            return rc;
        at = stop + 1;
    }
    return 0;
}

/* ---- judging ---- */

/* Rules that can't change the verdict need not be looked at. */
enum ignore_verdict img__ignore_judge(struct ignore *ignore, const char *path)
{
    enum ignore_verdict verdict = IGNORE_TAKE;
    for (size_t i = 0; i < ignore->count; i++) {
        const struct rule *rule = &ignore->rules[i];
        if (!rule->exception && verdict == IGNORE_LEAVE_OUT)
            continue;
        if (rule->exception && verdict == IGNORE_TAKE)
            continue;
        struct ignore_match match =
            img__ignore_pattern_match(&rule->pattern, &ignore->states, path);
        if (match.covers)
            verdict = rule->exception ? IGNORE_TAKE : IGNORE_LEAVE_OUT;
        else if (rule->exception && match.beneath)
            verdict = IGNORE_LOOK;
    }
    return verdict;
}
