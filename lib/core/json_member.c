/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of an object by key and type, with the messages that go with the wrong ones.
 *
 * Keys are case-sensitive, but programs written in Go match them without case, so a document with
 * "Layers" means one thing to them and another to everybody else: such keys are refused where they
 * would be known ones (layers.md M5).
 */
#include "core/json.h"

#include <stdio.h>

#include "base/text.h"

/* The largest integer that every JSON implementation reads alike (RFC 7493). */
#define SIZE_BYTES_MAX (((uint64_t)1 << 53) - 1)

static const char *const kind_names[] = {
    [JSON_NULL] = "null",        [JSON_BOOL] = "a boolean",  [JSON_INTEGER] = "an integer",
    [JSON_REAL] = "a fraction",  [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
    [JSON_OBJECT] = "an object",
};

static int fail_missing(const char *what, const char *key, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is missing", what, key);
}

int img__json_get_kind(const struct json *object, const char *what, const char *key,
                       enum json_kind kind, bool required, const struct json **out, img_error *err)
{
    const struct json *value = img__json_get(object, key);
    if (!value)
        return required ? fail_missing(what, key, err) : 0;
    if (img__json_kind(value) != kind)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is %s, not %s", what, key,
                         kind_names[img__json_kind(value)], kind_names[kind]);
    *out = value;
    return 0;
}

int img__json_get_text(const struct json *object, const char *what, const char *key, bool required,
                       const char **out, img_error *err)
{
    const struct json *value = NULL;
    int rc = img__json_get_kind(object, what, key, JSON_STRING, required, &value, err);
    if (!rc && value)
        *out = img__json_text(value);
    return rc;
}

int img__json_get_size(const struct json *object, const char *what, const char *key, bool required,
                       uint64_t *out, img_error *err)
{
    const struct json *value = img__json_get(object, key);
    int64_t number = 0;
    if (!value)
        return required ? fail_missing(what, key, err) : 0;
    if (img__json_kind(value) == JSON_REAL)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is a fraction, not a whole number", what,
                         key);
    if (!img__json_integer(value, &number))
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is %s, not a number", what, key,
                         kind_names[img__json_kind(value)]);
    if (number < 0)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is negative", what, key);
    if ((uint64_t)number > SIZE_BYTES_MAX)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" is larger than 2^53-1", what, key);
    *out = (uint64_t)number;
    return 0;
}

static int fail_value(const char *what, const char *key, const char *at, enum json_kind is,
                      enum json_kind kind, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "%s: \"%s\"[%.100s] is %s, not %s", what, key, at,
                     kind_names[is], kind_names[kind]);
}

int img__json_check_values(const struct json *object, const char *what, const char *key,
                           enum json_kind kind, img_error *err)
{
    const struct json *list = img__json_get(object, key), *value;
    const char *name;
    char at[24];

    for (void *cursor = NULL; img__json_next(list, &cursor, &name, &value);)
        if (img__json_kind(value) != kind)
            return fail_value(what, key, name, img__json_kind(value), kind, err);
    if (img__json_kind(list) != JSON_ARRAY)
        return 0;
    for (size_t i = 0, count = img__json_count(list); i < count; i++) {
        enum json_kind is = img__json_kind(img__json_at(list, i));
        snprintf(at, sizeof(at), "%zu", i);
        if (is != kind)
            return fail_value(what, key, at, is, kind, err);
    }
    return 0;
}

/* The next letter of a key without its case, as Go folds it: the long s and the Kelvin sign are
 * letters s and k to it. */
static char fold(const char **text)
{
    static const char long_s[] = "\xc5\xbf", kelvin[] = "\xe2\x84\xaa";
    if (img__text_starts(*text, long_s)) {
        *text += sizeof(long_s) - 1;
        return 's';
    }
    if (img__text_starts(*text, kelvin)) {
        *text += sizeof(kelvin) - 1;
        return 'k';
    }
    char c = img__to_lower(**text);
    if (c)
        (*text)++;
    return c;
}

static bool equal_folded(const char *a, const char *b, bool *same)
{
    *same = true;
    for (;;) {
        const char *from_a = a, *from_b = b;
        char x = fold(&a), y = fold(&b);
        if (x != y)
            return false;
        if (!x)
            return true;
        if (*from_a != *from_b)
            *same = false;
    }
}

int img__json_check_case(const struct json *object, const char *what, const char *const *known,
                         img_error *err)
{
    const struct json *value;
    const char *key;

    for (void *at = NULL; img__json_next(object, &at, &key, &value);) {
        for (size_t i = 0; known[i]; i++) {
            bool same;
            if (equal_folded(key, known[i], &same) && !same)
                return img__fail(err, IMG_EFORMAT, "%s: the key \"%s\" must be spelled \"%s\"",
                                 what, key, known[i]);
        }
    }
    return 0;
}
