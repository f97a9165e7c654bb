/* SPDX-License-Identifier: Apache-2.0
 *
 * The bounded buffer. Room is kept for a NUL behind the bytes, so cap is always greater than len
 * once there is memory.
 */
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void img__buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf)BUF_INIT(buf->max);
}

void img__buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->failed = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* The capacity to grow to for need bytes: doubled, but not beyond what max can use. */
static size_t next_cap(const struct buf *buf, size_t need)
{
    size_t cap = buf->cap < 64 ? 64 : buf->cap;
    while (cap < need && cap <= SIZE_MAX / 2)
        cap *= 2;
    if (buf->max < SIZE_MAX && cap > buf->max + 1)
        cap = buf->max + 1;
    return cap < need ? need : cap;
}

char *img__buf_reserve(struct buf *buf, size_t len)
{
    size_t need;
    if (buf->failed)
        return NULL;
    if (len > buf->max - buf->len || __builtin_add_overflow(buf->len, len, &need) ||
        __builtin_add_overflow(need, 1u, &need)) {
        buf->failed = IMG_ELIMIT;
        return NULL;
    }
    if (need > buf->cap) {
        size_t cap = next_cap(buf, need);
        char *data = realloc(buf->data, cap);
        if (!data) {
            buf->failed = IMG_ENOMEM;
            return NULL;
        }
        buf->data = data;
        buf->cap = cap;
        data[buf->len] = '\0';
    }
    return buf->data + buf->len;
}

void img__buf_append(struct buf *buf, const void *data, size_t len)
{
    char *to = img__buf_reserve(buf, len);
    if (!to)
        return;
    if (len)
        memcpy(to, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void img__buf_puts(struct buf *buf, const char *text)
{
    img__buf_append(buf, text, strlen(text));
}

void img__buf_putc(struct buf *buf, char c)
{
    img__buf_append(buf, &c, 1);
}

void img__buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = NULL;
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0) {
        if (!buf->failed)
            buf->failed = IMG_ENOMEM;
        return;
    }
    img__buf_append(buf, text, (size_t)len);
    free(text);
}

int img__buf_check(const struct buf *buf, const char *what, img_error *err)
{
    if (buf->failed == IMG_ELIMIT)
        return img__fail(err, IMG_ELIMIT, "%s is larger than %zu bytes", what, buf->max);
    return buf->failed ? img__fail_memory(err) : 0;
}

char *img__buf_steal(struct buf *buf)
{
    if (!buf->data)
        img__buf_append(buf, "", 0);
    if (buf->failed)
        return NULL;
    char *data = buf->data;
    *buf = (struct buf)BUF_INIT(buf->max);
    return data;
}
