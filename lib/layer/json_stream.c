/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer of the tables of contents. It knows commas and escapes, not what fits where: that
 * is its caller's to get right.
 */
#include "layer/json_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "core/digest.h"

static void fail(struct json_stream *json, int code)
{
    if (json->failed == 0)
        json->failed = code;
}

static void flush(struct json_stream *json)
{
    size_t len = json->len;
    json->len = 0;
    json->bytes += len;
    if (len > 0 && json->sink && json->failed == 0)
        fail(json, img__sink_write(json->sink, json->buffer, len, json->err));
}

static void put(struct json_stream *json, const char *data, size_t len)
{
    while (len > 0) {
        size_t part = sizeof(json->buffer) - json->len;
        if (part > len)
            part = len;
        memcpy(json->buffer + json->len, data, part);
        json->len += part;
        data += part;
        len -= part;
        if (json->len == sizeof(json->buffer))
            flush(json);
    }
}

static void put_text(struct json_stream *json, const char *text)
{
    put(json, text, strlen(text));
}

static void put_escape(struct json_stream *json, unsigned char c)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    char text[8];
    for (const char *at = shorts; *at; at += 2)
        if ((unsigned char)at[0] == c) {
            snprintf(text, sizeof(text), "\\%c", at[1]);
            put_text(json, text);
            return;
        }
    snprintf(text, sizeof(text), "\\u%04X", c);
    put_text(json, text);
}

static void put_quoted(struct json_stream *json, const char *text)
{
    put(json, "\"", 1);
    for (const char *at = text; *at;) {
        size_t plain = 0;
        while ((unsigned char)at[plain] >= 0x20 && at[plain] != '"' && at[plain] != '\\')
            plain++;
        put(json, at, plain);
        at += plain;
        if (*at)
            put_escape(json, (unsigned char)*at++);
    }
    put(json, "\"", 1);
}

/* What comes before a value. */
static void begin_value(struct json_stream *json, const char *key)
{
    if (json->comma)
        put(json, ",", 1);
    json->comma = true;
    if (key) {
        put_quoted(json, key);
        put(json, ":", 1);
    }
}

void img__json_stream_begin(struct json_stream *json, struct sink *sink, img_error *err)
{
    json->sink = sink;
    json->bytes = 0;
    json->len = 0;
    json->comma = false;
    json->failed = 0;
    json->err = err;
}

int img__json_stream_end(struct json_stream *json)
{
    flush(json);
    return json->failed;
}

void img__json_stream_open(struct json_stream *json, const char *key, char bracket)
{
    begin_value(json, key);
    put(json, &bracket, 1);
    json->comma = false;
}

void img__json_stream_close(struct json_stream *json, char bracket)
{
    put(json, &bracket, 1);
    json->comma = true;
}

void img__json_stream_text(struct json_stream *json, const char *key, const char *text)
{
    begin_value(json, key);
    put_quoted(json, text);
}

void img__json_stream_number(struct json_stream *json, const char *key, uint64_t value)
{
    char text[24];
    begin_value(json, key);
    snprintf(text, sizeof(text), "%" PRIu64, value);
    put_text(json, text);
}

void img__json_stream_optional(struct json_stream *json, const char *key, uint64_t value)
{
    if (value)
        img__json_stream_number(json, key, value);
}

void img__json_stream_null(struct json_stream *json, const char *key)
{
    begin_value(json, key);
    put_text(json, "null");
}

void img__json_stream_bytes(struct json_stream *json, const char *key, const void *data, size_t len)
{
    begin_value(json, key);
    auto_free char *text = img__base64_encode(data, len);
    if (!text) {
        fail(json, img__fail_memory(json->err));
        return;
    }
    put(json, "\"", 1);
    put_text(json, text);
    put(json, "\"", 1);
}

void img__json_stream_sha256(struct json_stream *json, const char *key, const unsigned char *raw)
{
    static const char digits[] = "0123456789abcdef";
    char hex[2 * IMG_SHA256_BYTES];
    for (size_t i = 0; i < IMG_SHA256_BYTES; i++) {
        hex[2 * i] = digits[raw[i] >> 4];
        hex[2 * i + 1] = digits[raw[i] & 15];
    }
    begin_value(json, key);
    put_text(json, "\"sha256:");
    put(json, hex, sizeof(hex));
    put(json, "\"", 1);
}

void img__json_stream_newline(struct json_stream *json)
{
    put(json, "\n", 1);
    json->comma = false;
}
