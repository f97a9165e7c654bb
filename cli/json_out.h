/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing JSON to a stream, value by value. What is written is always one valid document of
 * ASCII-safe UTF-8: control characters are escaped, bytes that are not UTF-8 become U+FFFD.
 */
#ifndef CLI_JSON_OUT_H
#define CLI_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json_out {
    FILE *stream;
    bool compact;  /* one line */
    bool has_item; /* the innermost container is not empty */
    int depth;
};

/* name is NULL for an element of an array and for the document itself. */
void json_begin_object(struct json_out *j, const char *name);
void json_begin_array(struct json_out *j, const char *name);
void json_end_object(struct json_out *j); /* the end of the document ends the line, too */
void json_end_array(struct json_out *j);
void json_put_string(struct json_out *j, const char *name,
                     const char *value); /* NULL writes null */
void json_put_uint(struct json_out *j, const char *name, uint64_t value);
void json_put_int(struct json_out *j, const char *name, int64_t value);
void json_put_bool(struct json_out *j, const char *name, bool value);

/* An array of the strings of a list that NULL ends. */
void json_put_strings(struct json_out *j, const char *name, const char *const *list);

/* An object of the "K=V" of a list that NULL ends. */
void json_put_pairs(struct json_out *j, const char *name, const char *const *list);

#endif
