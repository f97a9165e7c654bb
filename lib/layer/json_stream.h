/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON that is written as it goes, into a sink: for documents with a million objects, which nobody
 * should hold twice. Canonical as core/json.h's: no white space, nothing escaped that need not be.
 */
#ifndef IMG_LAYER_JSON_STREAM_H
#define IMG_LAYER_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/io.h"

#define JSON_STREAM_BUFFER ((size_t)16 * 1024)

/* A failure sticks; img__json_stream_end() tells. */
struct json_stream {
    struct sink *sink; /* NULL: the bytes are counted only */
    uint64_t bytes;
    size_t len;
    bool comma; /* the next value is not the first one of its object or array */
    int failed;
    img_error *err;
    char buffer[JSON_STREAM_BUFFER];
};

/* sink is borrowed. */
void img__json_stream_begin(struct json_stream *json, struct sink *sink, img_error *err);
int img__json_stream_end(struct json_stream *json);

/* '{' and '[', behind a key if it is not NULL. */
void img__json_stream_open(struct json_stream *json, const char *key, char bracket);
void img__json_stream_close(struct json_stream *json, char bracket);
/* Members. key is written as it is, text is UTF-8. */
void img__json_stream_text(struct json_stream *json, const char *key, const char *text);
void img__json_stream_number(struct json_stream *json, const char *key, uint64_t value);
void img__json_stream_optional(struct json_stream *json, const char *key,
                               uint64_t value); /* not if it is 0 */
void img__json_stream_null(struct json_stream *json, const char *key);
/* As base64; the key may be any text. */
void img__json_stream_bytes(struct json_stream *json, const char *key, const void *data,
                            size_t len);
/* "sha256:" and hexadecimal digits. */
void img__json_stream_sha256(struct json_stream *json, const char *key, const unsigned char *raw);
/* What stands between two documents. */
void img__json_stream_newline(struct json_stream *json);

#endif
