/* SPDX-License-Identifier: Apache-2.0
 *
 * One header block of a tar archive: v7, ustar or GNU. A field that parsers are known to read
 * differently is refused (layers.md R5, R10, R11, R18).
 */
#include <string.h>

#include "layer/tar_parse.h"

/* Where the fields are. */
enum {
    NAME_AT = 0,
    NAME_LEN = 100,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    MTIME_AT = 136,
    CHECKSUM_AT = 148,
    TYPE_AT = 156,
    LINK_AT = 157,
    LINK_LEN = 100,
    MAGIC_AT = 257,
    MAJOR_AT = 329,
    MINOR_AT = 337,
    PREFIX_AT = 345,
    PREFIX_LEN = 155,
    STAR_PREFIX_LEN = 131,
    GNU_ATIME_AT = 345,
    GNU_CTIME_AT = 357,
    GNU_REST_AT = 369, /* of several volumes, and of sparse files */
    GNU_REST_LEN = 495 - 369,
    STAR_MAGIC_AT = 508,
    SHORT_LEN = 8, /* of mode, uid, gid, checksum and device numbers */
    LONG_LEN = 12, /* of size and times */
};

bool img__tar_is_zero(const uint8_t *data, size_t len)
{
    return len == 0 || (data[0] == 0 && memcmp(data, data + 1, len - 1) == 0);
}

/* "[ 0]*[0-7]+[ \0]*" and nothing else; -1 if it is not. */
static int64_t parse_octal(const uint8_t *field, size_t len)
{
    size_t at = 0;
    while (at < len && field[at] == ' ')
        at++;
    size_t first = at;
    int64_t value = 0; /* 12 digits are 36 bits */
    for (; at < len && field[at] >= '0' && field[at] <= '7'; at++)
        value = value * 8 + (field[at] - '0');
    if (at == first)
        return -1;
    while (at < len && (field[at] == ' ' || field[at] == '\0'))
        at++;
    return at == len ? value : -1;
}

/* Two's complement behind the first byte, which is 0x80, or 0xff for a negative number. */
static bool parse_base256(const uint8_t *field, size_t len, int64_t *out)
{
    uint8_t sign = field[0] == 0xff ? 0xff : 0;
    size_t at = 1;
    for (; len - at > sizeof(int64_t); at++)
        if (field[at] != sign)
            return false;
    uint64_t value = sign ? UINT64_MAX : 0;
    for (; at < len; at++)
        value = value << 8 | field[at];
    *out = (int64_t)value;
    return (*out < 0) == (sign != 0);
}

int img__tar_number(const uint8_t *field, size_t len, const char *what, int64_t *out,
                    img_error *err)
{
    if (field[0] == 0x80 || field[0] == 0xff) {
        if (!parse_base256(field, len, out))
            return img__fail(err, IMG_EFORMAT, "its %s does not fit 64 bits", what);
        return 0;
    }
    *out = parse_octal(field, len);
    return *out >= 0 ? 0 : img__fail(err, IMG_EFORMAT, "its %s is not an octal number", what);
}

/* A field that writers leave empty. */
static int number_or_empty(const uint8_t *field, size_t len, const char *what, int64_t *out,
                           img_error *err)
{
    size_t at = 0;
    while (at < len && (field[at] == ' ' || field[at] == '\0'))
        at++;
    *out = 0;
    return at == len ? 0 : img__tar_number(field, len, what, out, err);
}

bool img__tar_checksum_matches(const uint8_t *block)
{
    int64_t expected = parse_octal(block + CHECKSUM_AT, SHORT_LEN);
    int64_t plain = 0;
    int64_t with_signs = 0;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool own = i >= CHECKSUM_AT && i < CHECKSUM_AT + SHORT_LEN;
        uint8_t byte = own ? ' ' : block[i];
        plain += byte;
        with_signs += (int8_t)byte;
    }
    return expected >= 0 && (expected == plain || expected == with_signs);
}

/* Parsers disagree on whether anything else that begins with "ustar" has a prefix. */
static int parse_format(const uint8_t *block, enum tar_format *out, img_error *err)
{
    const uint8_t *magic = block + MAGIC_AT;
    if (memcmp(magic, "ustar", 6) == 0)
        *out = TAR_USTAR;
    else if (memcmp(magic, "ustar  ", 8) == 0)
        *out = TAR_GNU;
    else if (memcmp(magic, "ustar", 5) == 0)
        return img__fail(err, IMG_EFORMAT, "its format is neither that of POSIX nor that of GNU");
    else
        *out = TAR_V7;
    return 0;
}

static size_t copy_text(char *out, const uint8_t *field, size_t len)
{
    size_t used = strnlen((const char *)field, len);
    memcpy(out, field, used);
    out[used] = '\0';
    return used;
}

static void parse_name(const uint8_t *block, struct tar_header *out)
{
    size_t used = 0;
    if (out->format == TAR_USTAR) {
        bool star = memcmp(block + STAR_MAGIC_AT, "tar", 4) == 0;
        used = copy_text(out->name, block + PREFIX_AT, star ? STAR_PREFIX_LEN : PREFIX_LEN);
        if (used)
            out->name[used++] = '/';
    }
    copy_text(out->name + used, block + NAME_AT, NAME_LEN);
}

/* GNU keeps other things where ustar has the prefix. Some parsers take what is no time there for a
 * prefix, and some go by the fields of sparse files in what is none. */
static int check_gnu_fields(const uint8_t *block, char type, img_error *err)
{
    if (type != 'S' && !img__tar_is_zero(block + GNU_REST_AT, GNU_REST_LEN))
        return img__fail(err, IMG_EFORMAT, "has the fields of a sparse file and is none");
    int64_t ignored;
    int rc = number_or_empty(block + GNU_ATIME_AT, LONG_LEN, "time of access", &ignored, err);
    return rc ? rc
              : number_or_empty(block + GNU_CTIME_AT, LONG_LEN, "time of change", &ignored, err);
}

static int parse_size(const uint8_t *block, uint64_t *out, img_error *err)
{
    int64_t size;
    int rc = img__tar_number(block + SIZE_AT, LONG_LEN, "size", &size, err);
    if (rc)
        return rc;
    if (size < 0)
        return img__fail(err, IMG_EFORMAT, "its size is negative");
    *out = (uint64_t)size;
    return 0;
}

static int parse_numbers(const uint8_t *block, struct tar_header *out, img_error *err)
{
    int64_t mode;
    int rc = number_or_empty(block + MODE_AT, SHORT_LEN, "mode", &mode, err);
    if (!rc)
        rc = number_or_empty(block + UID_AT, SHORT_LEN, "owner", &out->uid, err);
    if (!rc)
        rc = number_or_empty(block + GID_AT, SHORT_LEN, "group", &out->gid, err);
    if (!rc)
        rc = number_or_empty(block + MTIME_AT, LONG_LEN, "mtime", &out->mtime, err);
    if (!rc && (out->type == '3' || out->type == '4')) {
        rc = number_or_empty(block + MAJOR_AT, SHORT_LEN, "device number", &out->device_major, err);
        if (!rc)
            rc = number_or_empty(block + MINOR_AT, SHORT_LEN, "device number", &out->device_minor,
                                 err);
    }
    if (!rc && mode < 0)
        rc = img__fail(err, IMG_EFORMAT, "its mode is negative");
    if (!rc)
        out->mode = (uint32_t)(mode & 07777);
    return rc;
}

int img__tar_header_parse(const uint8_t *block, struct tar_header *out, img_error *err)
{
    *out = (struct tar_header){0};
    if (!img__tar_checksum_matches(block))
        return img__fail(err, IMG_EFORMAT,
                         "the checksum of the header does not match: this is "
                         "not a tar archive, or it is damaged");
    int rc = parse_format(block, &out->format, err);
    if (rc)
        return rc;
    out->type = (char)block[TYPE_AT];
    parse_name(block, out);
    copy_text(out->link, block + LINK_AT, LINK_LEN);
    if (out->format == TAR_GNU)
        rc = check_gnu_fields(block, out->type, err);
    if (!rc)
        rc = parse_size(block, &out->size, err);
    return rc ? rc : parse_numbers(block, out, err);
}
