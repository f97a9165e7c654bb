/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON by means of jansson, of which nothing is known elsewhere: a struct json is its json_t.
 *
 * jansson refuses by itself what I-JSON (RFC 7493) refuses: bytes that are not UTF-8, lone
 * surrogates, NUL, duplicate keys, trailing data, integers that do not fit. It reads and writes
 * numbers with the decimal point of the thread's locale in between, so the locale is C meanwhile.
 */
#include <jansson.h>

/* jansson's kinds have these names too: in this file ours are called KIND_. */
#define JSON_NULL KIND_NULL
#define JSON_BOOL KIND_BOOL
#define JSON_INTEGER KIND_INTEGER
#define JSON_REAL KIND_REAL
#define JSON_STRING KIND_STRING
#define JSON_ARRAY KIND_ARRAY
#define JSON_OBJECT KIND_OBJECT
#include "core/json.h"
#undef JSON_NULL
#undef JSON_BOOL
#undef JSON_INTEGER
#undef JSON_REAL
#undef JSON_STRING
#undef JSON_ARRAY
#undef JSON_OBJECT

#include <assert.h>
#include <locale.h>
#include <string.h>

#include "core/json_scan.h"

#define FRAGMENT_MAX 128u /* of a key in a message */

static json_t *to_jansson(struct json *json)
{
    return (json_t *)(void *)json;
}

static const json_t *to_const(const struct json *json)
{
    return (const json_t *)(const void *)json;
}

/* For jansson's iteration, which takes what it does not change as if it did. */
static json_t *to_mutable(const struct json *json)
{
    return (json_t *)(uintptr_t)json;
}

static struct json *from_jansson(json_t *json)
{
    return (struct json *)(void *)json;
}

static locale_t enter_c_locale(locale_t *c)
{
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c ? uselocale(*c) : (locale_t)0;
}

static void leave_c_locale(locale_t c, locale_t old)
{
    if (old)
        uselocale(old);
    if (c)
        freelocale(c);
}

/* The duplicate key, which ends before data[end]. jansson's own text shows short ones only. */
static int fail_duplicate(const char *what, const char *data, size_t end, img_error *err)
{
    size_t start = end > 0 ? end - 1 : 0;
    while (start > 0 && (data[start - 1] != '"' || (start > 1 && data[start - 2] == '\\')))
        start--;
    size_t len = end - start > 0 ? end - start - 1 : 0;
    return img__fail(err, IMG_EFORMAT, "%s has the key \"%.*s\" twice", what,
                     (int)(len < FRAGMENT_MAX ? len : FRAGMENT_MAX), data + start);
}

static int fail_parse(const char *what, const char *data, size_t len, const json_error_t *error,
                      img_error *err)
{
    switch (json_error_code(error)) {
    case json_error_out_of_memory:
        return img__fail_memory(err);
    case json_error_duplicate_key:
        if (error->position > 0 && (size_t)error->position <= len)
            return fail_duplicate(what, data, (size_t)error->position, err);
        break;
    case json_error_premature_end_of_input:
        return img__fail(err, IMG_EFORMAT,
                         "%s is not valid JSON: it ends too early, after %zu bytes", what, len);
    default:
        break;
    }
    return img__fail(err, IMG_EFORMAT, "%s is not valid JSON: line %d: %s", what, error->line,
                     error->text);
}

static int parse(const char *what, const void *data, size_t len, json_error_t *error,
                 struct json **out, img_error *err)
{
    locale_t c, old;
    int rc = img__json_scan(what, data, len, err);
    if (rc)
        return rc;

    old = enter_c_locale(&c);
    json_t *json = json_loadb(data, len, JSON_REJECT_DUPLICATES, error);
    leave_c_locale(c, old);
    *out = from_jansson(json);
    return 0;
}

int img__json_parse(const char *what, const void *data, size_t len, struct json **out,
                    img_error *err)
{
    json_error_t error;
    struct json *json;
    int rc = parse(what, data, len, &error, &json, err);
    if (rc)
        return rc;
    if (!json)
        return fail_parse(what, data, len, &error, err);
    *out = json;
    return 0;
}

int img__json_parse_secret(const char *what, const void *data, size_t len, struct json **out,
                           img_error *err)
{
    json_error_t error;
    struct json *json;
    int rc = parse(what, data, len, &error, &json, err);
    if (rc)
        return rc;
    if (!json && json_error_code(&error) == json_error_out_of_memory)
        return img__fail_memory(err);
    if (!json)
        return img__fail(err, IMG_EFORMAT, "%s is not valid JSON: see line %d", what, error.line);
    *out = json;
    return 0;
}

void img__json_free(struct json *json)
{
    json_decref(to_jansson(json));
}

static int append(const char *data, size_t len, void *arg)
{
    struct buf *out = arg;
    img__buf_append(out, data, len);
    return out->failed ? -1 : 0;
}

void img__json_write(const struct json *json, struct buf *out)
{
    locale_t c, old = enter_c_locale(&c);
    int rc = json_dump_callback(to_const(json), append, out, JSON_COMPACT | JSON_ENCODE_ANY);
    leave_c_locale(c, old);
    if (rc && !out->failed)
        out->failed = IMG_ENOMEM;
}

enum json_kind img__json_kind(const struct json *json)
{
    if (!json)
        return KIND_NULL;
    switch (json_typeof(to_const(json))) {
    case JSON_OBJECT:
        return KIND_OBJECT;
    case JSON_ARRAY:
        return KIND_ARRAY;
    case JSON_STRING:
        return KIND_STRING;
    case JSON_INTEGER:
        return KIND_INTEGER;
    case JSON_REAL:
        return KIND_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return KIND_BOOL;
    case JSON_NULL:
        break;
    }
    return KIND_NULL;
}

const struct json *img__json_get(const struct json *object, const char *key)
{
    json_t *value = json_object_get(to_const(object), key);
    return json_is_null(value) ? NULL : from_jansson(value);
}

size_t img__json_count(const struct json *array_or_object)
{
    const json_t *json = to_const(array_or_object);
    return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

const struct json *img__json_at(const struct json *array, size_t index)
{
    return from_jansson(json_array_get(to_const(array), index));
}

bool img__json_next(const struct json *object, void **cursor, const char **key,
                    const struct json **value)
{
    json_t *json = to_mutable(object);
    void *at = *cursor ? json_object_iter_next(json, *cursor) : json_object_iter(json);
    if (!at)
        return false;
    *cursor = at;
    *key = json_object_iter_key(at);
    *value = from_jansson(json_object_iter_value(at));
    return true;
}

const char *img__json_text(const struct json *json)
{
    return json_string_value(to_const(json));
}

bool img__json_integer(const struct json *json, int64_t *out)
{
    if (!json_is_integer(to_const(json)))
        return false;
    *out = json_integer_value(to_const(json));
    return true;
}

bool img__json_true(const struct json *json)
{
    return json_is_true(to_const(json));
}

struct json *img__json_object(void)
{
    return from_jansson(json_object());
}

struct json *img__json_array(void)
{
    return from_jansson(json_array());
}

struct json *img__json_string(const char *text)
{
    return from_jansson(json_string(text));
}

struct json *img__json_size(uint64_t value)
{
    assert(value <= INT64_MAX);
    return from_jansson(json_integer((json_int_t)value));
}

struct json *img__json_bool(bool value)
{
    return from_jansson(json_boolean(value));
}

struct json *img__json_copy(const struct json *json)
{
    return from_jansson(json_deep_copy(to_const(json)));
}

bool img__json_equal(const struct json *a, const struct json *b)
{
    return (!a && !b) || json_equal(to_const(a), to_const(b));
}

bool img__json_set(struct json *object, const char *key, struct json *value)
{
    return json_object_set_new(to_jansson(object), key, to_jansson(value)) == 0;
}

bool img__json_append(struct json *array, struct json *value)
{
    return json_array_append_new(to_jansson(array), to_jansson(value)) == 0;
}

void img__json_unset(struct json *object, const char *key)
{
    json_object_del(to_jansson(object), key);
}

struct json *img__json_open(struct json *object, const char *key, enum json_kind kind)
{
    json_t *value = json_object_get(to_jansson(object), key);
    if (!value || json_is_null(value)) {
        value = kind == KIND_ARRAY ? json_array() : json_object();
        if (json_object_set_new(to_jansson(object), key, value))
            return NULL;
    }
    return img__json_kind(from_jansson(value)) == kind ? from_jansson(value) : NULL;
}

struct json *img__json_open_at(struct json *array, size_t index, enum json_kind kind)
{
    struct json *value = from_jansson(json_array_get(to_jansson(array), index));
    return img__json_kind(value) == kind ? value : NULL;
}

void img__json_remove_at(struct json *array, size_t index)
{
    json_array_remove(to_jansson(array), index);
}

/* Gives object the pairs of other, in their order. */
static bool replace_pairs(json_t *object, json_t *other)
{
    json_object_clear(object);
    return json_object_update(object, other) == 0;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool img__json_sort(struct json *object)
{
    json_t *json = to_jansson(object), *value;
    size_t count = json_object_size(json), i = 0;
    const char *key;
    if (count < 2)
        return true;

    auto_free const char **keys = calloc(count, sizeof(*keys));
    auto_(json) struct json *sorted = img__json_object();
    if (!keys || !sorted)
        return false;
    json_object_foreach(json, key, value)
    {
        keys[i++] = key;
    }
    qsort(keys, count, sizeof(*keys), compare_keys);
    for (i = 0; i < count; i++)
        if (json_object_set(to_jansson(sorted), keys[i], json_object_get(json, keys[i])))
            return false;
    return replace_pairs(json, to_jansson(sorted));
}

/* The place of key in order; behind the end if it is not in it. */
static size_t rank_of(const char *key, const char *const *order)
{
    size_t rank = 0;
    while (order[rank] && strcmp(order[rank], key) != 0)
        rank++;
    return order[rank] ? rank : SIZE_MAX;
}

static bool goes_before(size_t rank, const char *other, const char *const *order)
{
    size_t other_rank = rank_of(other, order);
    return other_rank != SIZE_MAX && other_rank > rank;
}

bool img__json_place(struct json *object, const char *key, struct json *value,
                     const char *const *order)
{
    json_t *json = to_jansson(object), *other;
    size_t rank = rank_of(key, order);
    const char *other_key;
    bool ok = true;
    if (!value || json_object_get(json, key))
        return img__json_set(object, key, value);

    auto_(json) struct json *owned = value;
    auto_(json) struct json *placed = img__json_object();
    if (!placed)
        return false;
    json_object_foreach(json, other_key, other)
    {
        json_t *into = to_jansson(placed);
        if (!json_object_get(into, key) && goes_before(rank, other_key, order))
            ok = ok && json_object_set(into, key, to_jansson(owned)) == 0;
        ok = ok && json_object_set(into, other_key, other) == 0;
    }
    ok = ok && json_object_set(to_jansson(placed), key, to_jansson(owned)) == 0;
    return ok && replace_pairs(json, to_jansson(placed));
}

const char *img__json_library_version(void)
{
    return jansson_version_str();
}
