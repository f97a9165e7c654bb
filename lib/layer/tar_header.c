/* SPDX-License-Identifier: Apache-2.0
 *
 * From an entry to its header blocks. One ustar block where everything fits; else a PAX block 'x'
 * with its records goes before it, which holds only what does not fit, sorted by key. The bytes are
 * those of Go's archive/tar, so that layers can be compared with what other tools make. One thing
 * differs: a long path always becomes a record and is never split over the ustar prefix field, for
 * one way to read it is better than two (layers.md C6-C9, C13, C14, C23).
 */
#include "layer/tar_header.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct ustar {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link[100];
    char magic[6];
    char version[2];
    char user[32];
    char group[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char unused[12];
};
_Static_assert(sizeof(struct ustar) == TAR_BLOCK, "a header is a block");

static const char types[] = {
    [ENTRY_FILE] = '0',  [ENTRY_HARDLINK] = '1',  [ENTRY_SYMLINK] = '2', [ENTRY_CHARACTER] = '3',
    [ENTRY_BLOCK] = '4', [ENTRY_DIRECTORY] = '5', [ENTRY_FIFO] = '6',
};

static bool fits_octal(uint64_t value, size_t width)
{
    return value < (uint64_t)1 << (3 * (width - 1));
}

static bool fits_text(const char *text, size_t width)
{
    size_t len = 0;
    for (; text[len]; len++)
        if ((unsigned char)text[len] >= 0x80)
            return false;
    return len <= width;
}

/* Zero-padded, with a NUL; 0 for what does not fit, since a record says it then. */
static void put_octal(char *field, size_t width, uint64_t value)
{
    if (!fits_octal(value, width))
        value = 0;
    field[--width] = '\0';
    while (width > 0) {
        field[--width] = (char)('0' + (value & 7));
        value >>= 3;
    }
}
#define PUT_OCTAL(field, value) put_octal((field), sizeof(field), (value))

/* The ASCII bytes of text, as many as fit. Returns how many; *cut tells that there are more. */
static size_t copy_ascii(char *field, size_t width, const char *text, bool *cut)
{
    size_t len = 0;
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            continue;
        if (len == width)
            break;
        field[len++] = *text;
    }
    *cut = *text != '\0';
    return len;
}

static size_t without_slashes(const char *field, size_t len)
{
    while (len > 0 && field[len - 1] == '/')
        len--;
    return len;
}

/* A name that is cut just behind a '/' loses it: old readers would take a file for a directory. */
static void put_ascii(char *field, size_t width, const char *text)
{
    bool cut;
    size_t len = copy_ascii(field, width, text, &cut);
    if (cut && field[width - 1] == '/')
        field[without_slashes(field, len)] = '\0';
}

static void put_magic_and_checksum(struct ustar *block)
{
    memcpy(block->magic, "ustar", 6);
    memcpy(block->version, "00", 2);
    memset(block->checksum, ' ', sizeof(block->checksum));

    unsigned sum = 0;
    const unsigned char *bytes = (const unsigned char *)block;
    for (size_t i = 0; i < sizeof(*block); i++)
        sum += bytes[i];
    put_octal(block->checksum, 7, sum);
}

/* Adds "LENGTH KEY=VALUE\n", where the length counts its own digits. */
static void add_record(struct buf *records, const char *key, const void *value, size_t len)
{
    size_t rest = strlen(key) + len + 3;
    size_t digits = 1;
    for (size_t power = 10; rest + digits >= power; power *= 10)
        digits++;
    img__buf_printf(records, "%zu %s=", rest + digits, key);
    img__buf_append(records, value, len);
    img__buf_putc(records, '\n');
}

static void add_number(struct buf *records, const char *key, bool negative, uint64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%s%" PRIu64, negative ? "-" : "", value);
    add_record(records, key, text, (size_t)len);
}

/* Seconds and a fraction that is added to them, as a decimal: -5 and 0.5 are -4.5. */
static void add_fraction(struct buf *records, int64_t mtime, uint32_t ns)
{
    bool negative = mtime < 0;
    uint64_t seconds = negative ? (uint64_t)(-(mtime + 1)) : (uint64_t)mtime;
    char text[40];
    int len = snprintf(text, sizeof(text), "%s%" PRIu64 ".%09" PRIu32, negative ? "-" : "", seconds,
                       negative ? 1000000000u - ns : ns);
    while (text[len - 1] == '0')
        len--;
    add_record(records, "mtime", text, (size_t)len);
}

static void add_mtime(struct buf *records, int64_t mtime, uint32_t ns)
{
    bool negative = mtime < 0;
    if (ns)
        add_fraction(records, mtime, ns);
    else if (negative || !fits_octal((uint64_t)mtime, sizeof(((struct ustar *)0)->mtime)))
        add_number(records, "mtime", negative, negative ? 0 - (uint64_t)mtime : (uint64_t)mtime);
}

static void add_xattrs(struct buf *records, const struct entry *entry)
{
    for (size_t i = 0; i < entry->xattr_count; i++) {
        const struct entry_xattr *xattr = &entry->xattrs[i];
        assert(i == 0 || strcmp(entry->xattrs[i - 1].name, xattr->name) < 0);
        /* An empty record takes its key away, and most that unpack layers do just that (C14). */
        if (xattr->len == 0)
            continue;
        char key[sizeof("SCHILY.xattr.") + 256];
        assert(strlen(xattr->name) <= 256);
        snprintf(key, sizeof(key), "SCHILY.xattr.%s", xattr->name);
        add_record(records, key, xattr->value, xattr->len);
    }
}

/* What does not fit, in the bytewise order of the keys. */
static void add_records(struct buf *records, const struct entry *entry, const char *name)
{
    const struct ustar *widths = NULL;

    add_xattrs(records, entry);
    if (!fits_octal(entry->gid, sizeof(widths->gid)))
        add_number(records, "gid", false, entry->gid);
    if (entry->link && !fits_text(entry->link, sizeof(widths->link)))
        add_record(records, "linkpath", entry->link, strlen(entry->link));
    add_mtime(records, entry->mtime, entry->mtime_ns);
    if (!fits_text(name, sizeof(widths->name)))
        add_record(records, "path", name, strlen(name));
    if (!fits_octal(entry->size, sizeof(widths->size)))
        add_number(records, "size", false, entry->size);
    if (!fits_octal(entry->uid, sizeof(widths->uid)))
        add_number(records, "uid", false, entry->uid);
}

/* DIR/PaxHeaders.0/BASE, or DIR/PaxHeaders.0 for the directory itself. */
static int pax_block(const char *name, size_t records_len, struct ustar *block, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(ENTRY_PATH_MAX + 64);
    const char *slash = strrchr(name, '/');
    size_t dir_len = slash ? (size_t)(slash - name) + 1 : 0;
    img__buf_append(&text, name, dir_len);
    img__buf_puts(&text, "PaxHeaders.0");
    if (name[dir_len])
        img__buf_printf(&text, "/%s", name + dir_len);
    int rc = img__buf_check(&text, "a path", err);
    if (rc)
        return rc;

    *block = (struct ustar){.type = 'x'};
    bool cut;
    size_t width = sizeof(block->name);
    size_t len = without_slashes(block->name, copy_ascii(block->name, width, text.data, &cut));
    memset(block->name + len, 0, width - len);
    PUT_OCTAL(block->mode, 0);
    PUT_OCTAL(block->uid, 0);
    PUT_OCTAL(block->gid, 0);
    PUT_OCTAL(block->size, records_len);
    PUT_OCTAL(block->mtime, 0);
    put_magic_and_checksum(block);
    return 0;
}

static void main_block(const struct entry *entry, const char *name, struct ustar *block)
{
    *block = (struct ustar){.type = types[entry->type]};
    put_ascii(block->name, sizeof(block->name), name);
    if (entry->link)
        put_ascii(block->link, sizeof(block->link), entry->link);
    PUT_OCTAL(block->mode, entry->mode);
    PUT_OCTAL(block->uid, entry->uid);
    PUT_OCTAL(block->gid, entry->gid);
    PUT_OCTAL(block->size, entry->size);
    PUT_OCTAL(block->mtime, entry->mtime < 0 ? 0 : (uint64_t)entry->mtime);
    PUT_OCTAL(block->device_major, entry->device_major);
    PUT_OCTAL(block->device_minor, entry->device_minor);
    put_magic_and_checksum(block);
}

/* The 'x' block goes before the records that are in out from its second block on. */
static int finish_pax(const char *name, struct buf *out, img_error *err)
{
    static const char zeros[TAR_BLOCK];
    struct ustar block;
    size_t len = out->len - TAR_BLOCK;
    int rc = pax_block(name, len, &block, err);
    if (rc)
        return rc;
    memcpy(out->data, &block, sizeof(block));
    img__buf_append(out, zeros, img__tar_padding(len));
    return 0;
}

int img__tar_header(const struct entry *entry, struct buf *out, img_error *err)
{
    const char *shown = entry->path;
    auto_free char *slashed = NULL;
    if (entry->type == ENTRY_DIRECTORY) {
        if (asprintf(&slashed, "%s/", entry->path) < 0) {
            slashed = NULL;
            return img__fail_memory(err);
        }
        shown = slashed;
    }

    struct ustar block = {.type = 'x'};
    img__buf_clear(out);
    img__buf_append(out, &block, sizeof(block));
    add_records(out, entry, shown);
    if (out->failed == IMG_ELIMIT || out->len > TAR_BLOCK + TAR_PAX_MAX)
        return img__fail(err, IMG_ELIMIT,
                         "%s: its extended attributes are larger than %zu bytes together, which is "
                         "more than tar readers take",
                         entry->path, TAR_PAX_MAX);

    int rc = img__buf_check(out, "a tar header", err);
    if (rc)
        return rc;

    if (out->len == sizeof(block))
        img__buf_clear(out);
    else
        rc = finish_pax(shown, out, err);
    if (rc)
        return rc;
    main_block(entry, shown, &block);
    img__buf_append(out, &block, sizeof(block));
    return img__buf_check(out, "a tar header", err);
}
