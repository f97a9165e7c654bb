/* SPDX-License-Identifier: Apache-2.0
 *
 * A growing string of bytes that has a maximum, always. It is NUL-terminated whenever data is not
 * NULL. A failed append (limit, memory) sticks: further appends do nothing, and img__buf_check()
 * tells.
 */
#ifndef IMG_BASE_BUF_H
#define IMG_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"

struct buf {
    char *data; /* NULL while empty */
    size_t len;
    size_t cap;
    size_t max; /* of len */
    int failed; /* 0, IMG_ELIMIT or IMG_ENOMEM */
};

#define BUF_INIT(max_bytes)                                                                        \
    {                                                                                              \
        NULL, 0, 0, (max_bytes), 0                                                                 \
    }

void img__buf_free(struct buf *buf);
void img__buf_clear(struct buf *buf); /* keeps the memory */
void img__buf_append(struct buf *buf, const void *data, size_t len);
void img__buf_puts(struct buf *buf, const char *text);
void img__buf_putc(struct buf *buf, char c);
__attribute__((format(printf, 2, 3))) void img__buf_printf(struct buf *buf, const char *format,
                                                           ...);

/* Makes room for len more bytes and a NUL and returns where they go; NULL on failure. Whoever
 * writes there adjusts buf->len and ends the bytes with a NUL after. */
char *img__buf_reserve(struct buf *buf, size_t len);

/* 0, or fails with "WHAT is larger than N bytes" or for memory. */
int img__buf_check(const struct buf *buf, const char *what, img_error *err);

/* "" rather than NULL. */
static inline const char *img__buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

/* Hands the bytes over, never NULL unless the buffer failed. */
char *img__buf_steal(struct buf *buf);

static inline void img__auto_buf(struct buf *buf)
{
    img__buf_free(buf);
}

#endif
