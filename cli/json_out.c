/* SPDX-License-Identifier: Apache-2.0
 *
 * The JSON writer (RFC 8259). Strings come from images and registries and end on terminals: C0, DEL
 * and C1 control characters are escaped, and whatever is not UTF-8 is replaced, so that the
 * document stays valid.
 */
#include "json_out.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "text.h"

static void put_ascii(FILE *stream, unsigned char c)
{
    static const char named[] = "\bb\ff\nn\rr\tt\"\"\\\\";

    for (const char *n = named; *n; n += 2) {
        if (c == (unsigned char)*n) {
            fprintf(stream, "\\%c", n[1]);
            return;
        }
    }
    if (c < 0x20 || c == 0x7f)
        fprintf(stream, "\\u%04x", c);
    else
        putc(c, stream);
}

static void put_string(FILE *stream, const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    putc('"', stream);
    while (*p) {
        size_t len = text_character((const char *)p);

        if (len == 1)
            put_ascii(stream, *p);
        else if (len == 0)
            fputs("\\ufffd", stream);
        else if (p[0] == 0xc2 && p[1] < 0xa0)
            fprintf(stream, "\\u%04x", p[1]);
        else
            fwrite(p, 1, len, stream);
        p += len ? len : 1;
    }
    putc('"', stream);
}

static void new_line(struct json_out *j)
{
    if (!j->compact)
        fprintf(j->stream, "\n%*s", 2 * j->depth, "");
}

static void begin_value(struct json_out *j, const char *name)
{
    if (j->has_item)
        putc(',', j->stream);
    if (j->depth > 0)
        new_line(j);
    if (name) {
        put_string(j->stream, name);
        fputs(j->compact ? ":" : ": ", j->stream);
    }
    j->has_item = true;
}

static void begin_container(struct json_out *j, const char *name, char bracket)
{
    begin_value(j, name);
    putc(bracket, j->stream);
    j->has_item = false;
    j->depth++;
}

static void end_container(struct json_out *j, char bracket)
{
    assert(j->depth > 0);
    j->depth--;
    if (j->has_item)
        new_line(j);
    putc(bracket, j->stream);
    j->has_item = true;
    if (j->depth == 0)
        putc('\n', j->stream);
}

void json_begin_object(struct json_out *j, const char *name)
{
    begin_container(j, name, '{');
}

void json_begin_array(struct json_out *j, const char *name)
{
    begin_container(j, name, '[');
}

void json_end_object(struct json_out *j)
{
    end_container(j, '}');
}

void json_end_array(struct json_out *j)
{
    end_container(j, ']');
}

void json_put_string(struct json_out *j, const char *name, const char *value)
{
    begin_value(j, name);
    if (value)
        put_string(j->stream, value);
    else
        fputs("null", j->stream);
}

void json_put_uint(struct json_out *j, const char *name, uint64_t value)
{
    begin_value(j, name);
    fprintf(j->stream, "%" PRIu64, value);
}

void json_put_int(struct json_out *j, const char *name, int64_t value)
{
    begin_value(j, name);
    fprintf(j->stream, "%" PRId64, value);
}

void json_put_bool(struct json_out *j, const char *name, bool value)
{
    begin_value(j, name);
    fputs(value ? "true" : "false", j->stream);
}

void json_put_strings(struct json_out *j, const char *name, const char *const *list)
{
    json_begin_array(j, name);
    for (; list && *list; list++)
        json_put_string(j, NULL, *list);
    json_end_array(j);
}

void json_put_pairs(struct json_out *j, const char *name, const char *const *list)
{
    json_begin_object(j, name);
    for (; list && *list; list++) {
        auto_free char *key = xstrdup(*list);
        char *equals = strchr(key, '=');

        if (equals)
            *equals = '\0';
        json_put_string(j, key, equals ? equals + 1 : "");
    }
    json_end_object(j);
}
