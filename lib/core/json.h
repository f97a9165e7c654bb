/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON, strictly (json.c is the only place that knows jansson). Parsing refuses duplicate keys,
 * bytes that are not UTF-8, NUL, a byte order mark, trailing data, more than 64 levels. Values that
 * libimg does not know are kept; objects keep the order of their keys. Writing is canonical: no
 * white space, nothing escaped that need not be.
 *
 * "what" in every call names the document or the place for messages: "manifest sha256:12ab...".
 */
#ifndef IMG_CORE_JSON_H
#define IMG_CORE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"

struct json;

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER,
    JSON_REAL,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

#define JSON_DEPTH_MAX 64u
#define JSON_CONTAINERS_MAX 400000u /* objects and arrays of a document */
#define JSON_VALUES_MAX 2000000u

/* An object or an array. Failures are IMG_EFORMAT, or IMG_ELIMIT for the limits above, and begin
 * with what. HTML is called HTML. */
int img__json_parse(const char *what, const void *data, size_t len, struct json **out,
                    img_error *err);
/* The same of data that holds secrets: no message quotes it. */
int img__json_parse_secret(const char *what, const void *data, size_t len, struct json **out,
                           img_error *err);
void img__json_free(struct json *json);
void img__json_write(const struct json *json, struct buf *out);

enum json_kind img__json_kind(const struct json *json); /* NULL is JSON_NULL */

/* Reading. Borrowed results. A key that is absent and one that is null are the same: NULL. */
const struct json *img__json_get(const struct json *object, const char *key);
size_t img__json_count(const struct json *array_or_object);
const struct json *img__json_at(const struct json *array, size_t index);
/* The next pair of an object, in its order; false behind the last. *cursor is NULL at the start:
 * for (void *at = NULL; img__json_next(object, &at, &key, &value);) */
bool img__json_next(const struct json *object, void **cursor, const char **key,
                    const struct json **value);
const char *img__json_text(const struct json *json);           /* NULL if it is no string */
bool img__json_integer(const struct json *json, int64_t *out); /* false if it is none */
bool img__json_true(const struct json *json);                  /* is it the boolean true? */

/* Typed members. They fail with IMG_EFORMAT if the member has another type; if it is absent they
 * leave *out as it is, or fail if required. */
int img__json_get_text(const struct json *object, const char *what, const char *key, bool required,
                       const char **out, img_error *err);
int img__json_get_size(const struct json *object, const char *what, const char *key, bool required,
                       uint64_t *out, img_error *err); /* 0..2^53-1, no fraction */
/* kind is JSON_ARRAY or JSON_OBJECT (or any other). */
int img__json_get_kind(const struct json *object, const char *what, const char *key,
                       enum json_kind kind, bool required, const struct json **out, img_error *err);
/* Fails unless all values of an array or object, the member of object at key, are of a kind. */
int img__json_check_values(const struct json *object, const char *what, const char *key,
                           enum json_kind kind, img_error *err);
/* Fails if a key of object differs from one of the known keys (ended by NULL) only in its case. */
int img__json_check_case(const struct json *object, const char *what, const char *const *known,
                         img_error *err);

/* Making and changing. A value that is passed in is taken over, also on failure, and NULL is
 * taken as "no memory": so calls nest, and one check at the end suffices. */
struct json *img__json_object(void);
struct json *img__json_array(void);
struct json *img__json_string(const char *text); /* NULL if not UTF-8 or no memory */
struct json *img__json_size(uint64_t value);     /* below 2^63 */
struct json *img__json_bool(bool value);
struct json *img__json_copy(const struct json *json); /* of all that is in it; NULL: no memory */
/* The same value, whatever the order of keys? NULL equals NULL alone. */
bool img__json_equal(const struct json *a, const struct json *b);
bool img__json_set(struct json *object, const char *key, struct json *value);
bool img__json_append(struct json *array, struct json *value);
void img__json_unset(struct json *object, const char *key);
/* The member as an object or array that may be changed; made, also over null, if it is not there;
 * NULL if it is something else or there is no memory. */
struct json *img__json_open(struct json *object, const char *key, enum json_kind kind);
/* An object or array in an array, to be changed; NULL if there is none. */
struct json *img__json_open_at(struct json *array, size_t index, enum json_kind kind);
void img__json_remove_at(struct json *array, size_t index);
/* Sorts the keys of one object bytewise (not of what is in it). */
bool img__json_sort(struct json *object);
/* Sets a key, which, if it is new, goes before the keys that come behind it in order (ended by
 * NULL). What is not in order stays where it is. */
bool img__json_place(struct json *object, const char *key, struct json *value,
                     const char *const *order);

const char *img__json_library_version(void);

IMG_AUTO_POINTER(json, struct json, img__json_free)

#endif
