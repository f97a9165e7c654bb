/* SPDX-License-Identifier: Apache-2.0
 *
 * Tar archives made by hand, also such as no tool would write.
 */
#ifndef TESTS_TARBALL_H
#define TESTS_TARBALL_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define TARBALL_LIMIT ((size_t)64 << 20)
#define TARBALL_INIT BUF_INIT(TARBALL_LIMIT)

/* Sums up the header at offset at again, after a change. */
static inline void tarball_sum(struct buf *tar, size_t at)
{
    unsigned sum = 0;
    memset(tar->data + at + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += (unsigned char)tar->data[at + i];
    char text[16];
    snprintf(text, sizeof(text), "%06o", sum & 0777777);
    memcpy(tar->data + at + 148, text, 7);
}

static inline void tarball_pad(struct buf *tar)
{
    while (tar->len % 512)
        img__buf_putc(tar, '\0');
}

static inline void tarball_octal(char *field, size_t size, uint64_t value)
{
    char text[32];
    snprintf(text, sizeof(text), "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(field, text, size);
}

/* A ustar header: mode 0644, owner 1, group 2, mtime 3. Returns its offset. */
static inline size_t tarball_header(struct buf *tar, char type, const char *name, const char *link,
                                    uint64_t size)
{
    char block[512] = {0};
    memcpy(block, name, strnlen(name, 100));
    tarball_octal(block + 100, 8, 0644);
    tarball_octal(block + 108, 8, 1);
    tarball_octal(block + 116, 8, 2);
    tarball_octal(block + 124, 12, size);
    tarball_octal(block + 136, 12, 3);
    block[156] = type;
    memcpy(block + 157, link, strnlen(link, 100));
    memcpy(block + 257, "ustar\00000", 8);
    size_t at = tar->len;
    img__buf_append(tar, block, sizeof(block));
    tarball_sum(tar, at);
    return at;
}

/* Header and data. */
static inline size_t tarball_add(struct buf *tar, char type, const char *name, const char *data)
{
    size_t at = tarball_header(tar, type, name, "", strlen(data));
    img__buf_puts(tar, data);
    tarball_pad(tar);
    return at;
}

static inline size_t tarball_link(struct buf *tar, char type, const char *name, const char *link)
{
    return tarball_header(tar, type, name, link, 0);
}

static inline size_t tarball_bytes(struct buf *tar, char type, const char *name,
                                   const struct buf *data)
{
    size_t at = tarball_header(tar, type, name, "", data->len);
    img__buf_append(tar, img__buf_text(data), data->len);
    tarball_pad(tar);
    return at;
}

static inline void tarball_record_bytes(struct buf *out, const char *key, const void *value,
                                        size_t len)
{
    size_t body = strlen(key) + len + 3;
    size_t total = body + 1;
    char text[32];
    while ((size_t)snprintf(text, sizeof(text), "%zu", total) + body != total)
        total++;
    img__buf_printf(out, "%zu %s=", total, key);
    img__buf_append(out, value, len);
    img__buf_putc(out, '\n');
}

static inline void tarball_record(struct buf *out, const char *key, const char *value)
{
    tarball_record_bytes(out, key, value, strlen(value));
}

/* A PAX header (type 'x' or 'g') with pairs of key and value, ended by NULL. */
__attribute__((sentinel)) static inline void tarball_pax(struct buf *tar, int type, ...)
{
    struct buf records = TARBALL_INIT;
    va_list args;
    va_start(args, type);
    for (const char *key = va_arg(args, const char *); key; key = va_arg(args, const char *))
        tarball_record(&records, key, va_arg(args, const char *));
    va_end(args);
    tarball_bytes(tar, (char)type, "PaxHeaders.0/x", &records);
    img__buf_free(&records);
}

/* GNU's 'L' or 'K', with the NUL that it has. */
static inline void tarball_long(struct buf *tar, char type, const char *text)
{
    struct buf data = TARBALL_INIT;
    img__buf_append(&data, text, strlen(text) + 1);
    tarball_bytes(tar, type, "././@LongLink", &data);
    img__buf_free(&data);
}

/* Overwrites bytes of the header at offset at. */
static inline void tarball_patch(struct buf *tar, size_t at, size_t field, const char *bytes,
                                 size_t len)
{
    memcpy(tar->data + at + field, bytes, len);
    tarball_sum(tar, at);
}

static inline void tarball_gnu(struct buf *tar, size_t at)
{
    tarball_patch(tar, at, 257, "ustar  ", 8);
}

static inline void tarball_zeros(struct buf *tar, size_t count)
{
    while (count--)
        img__buf_putc(tar, '\0');
}

static inline void tarball_end(struct buf *tar)
{
    tarball_zeros(tar, 1024);
}

#endif
