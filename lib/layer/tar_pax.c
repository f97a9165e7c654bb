/* SPDX-License-Identifier: Apache-2.0
 *
 * PAX records, "LEN KEY=VALUE\n" (POSIX.1-2008 pax, layers.md R1, R8, R9, R19, R20). Keys that have
 * no meaning for a layer are skipped, those that other parsers act on in a way that this one does
 * not are refused.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "layer/tar_parse.h"

#define XATTR_PREFIX "SCHILY.xattr."

/* Keys and values are not NUL-terminated. */
struct record {
    const char *key;
    size_t key_len;
    const char *value;
    size_t value_len;
};

static int malformed(img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "a PAX record is malformed");
}

/* Takes the record at *at. */
static int next_record(const char **at, const char *end, struct record *out, img_error *err)
{
    const char *digit = *at;
    size_t len = 0;
    for (; digit < end && img__is_digit(*digit) && len <= TAR_PAX_LIMIT; digit++)
        len = len * 10 + (size_t)(*digit - '0');
    size_t prefix = (size_t)(digit - *at) + 1;
    if (prefix == 1 || digit == end || *digit != ' ')
        return malformed(err);
    if (len > (size_t)(end - *at) || len < prefix + 1 || (*at)[len - 1] != '\n')
        return malformed(err);

    const char *last = *at + len - 1;
    out->key = digit + 1;
    const char *equals = memchr(out->key, '=', (size_t)(last - out->key));
    if (!equals || equals == out->key)
        return malformed(err);
    out->key_len = (size_t)(equals - out->key);
    out->value = equals + 1;
    out->value_len = (size_t)(last - out->value);
    if (memchr(out->key, '\0', out->key_len))
        return malformed(err);
    *at += len;
    return 0;
}

static bool key_is(const struct record *record, const char *name)
{
    return record->key_len == strlen(name) && memcmp(record->key, name, record->key_len) == 0;
}

static int bad_value(const struct record *record, img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "the value of the PAX key %.*s makes no sense",
                     (int)record->key_len, record->key);
}

/* ---- values ---- */

static int take_text(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                     img_error *err)
{
    if (memchr(record->value, '\0', record->value_len))
        return bad_value(record, err);
    pax->texts[key] = strndup(record->value, record->value_len);
    return pax->texts[key] ? 0 : img__fail_memory(err);
}

static bool parse_decimal(const char *text, size_t len, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        if (!img__is_digit(text[i]) || __builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
            return false;
    *out = value;
    return len > 0 && value <= INT64_MAX;
}

static int take_number(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                       img_error *err)
{
    return parse_decimal(record->value, record->value_len, &pax->numbers[key])
               ? 0
               : bad_value(record, err);
}

/* Nine digits of a fraction; *rest: something that is not zero follows. */
static bool parse_fraction(const char *text, size_t len, uint32_t *out, bool *rest)
{
    uint32_t scale = 100000000;
    for (size_t i = 0; i < len; i++) {
        if (!img__is_digit(text[i]))
            return false;
        *out += (uint32_t)(text[i] - '0') * scale;
        *rest = *rest || (scale == 0 && text[i] != '0');
        scale /= 10;
    }
    return true;
}

/* "-4.5" is five seconds before 1970 and half of one after that. A time that does not fit becomes
 * the nearest that does. */
static int take_mtime(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                      img_error *err)
{
    const char *text = record->value;
    size_t len = record->value_len;
    bool negative = text[0] == '-';
    text += negative;
    len -= negative;

    const char *dot = memchr(text, '.', len);
    size_t whole_len = dot ? (size_t)(dot - text) : len;
    uint64_t whole = 0;
    bool rest = false;
    for (size_t i = 0; i < whole_len; i++)
        if (!img__is_digit(text[i]))
            return bad_value(record, err);
    if (whole_len == 0 ||
        (dot && !parse_fraction(dot + 1, len - whole_len - 1, &pax->mtime_ns, &rest)))
        return bad_value(record, err);
    if (!parse_decimal(text, whole_len, &whole)) {
        pax->mtime = negative ? INT64_MIN : INT64_MAX;
        pax->mtime_ns = 0;
        return 0;
    }
    (void)key;
    pax->mtime = negative ? -(int64_t)whole : (int64_t)whole;
    if (negative && (pax->mtime_ns || rest)) {
        uint32_t up = pax->mtime_ns + (rest ? 1 : 0);
        pax->mtime -= 1;
        pax->mtime_ns = 1000000000u - up;
    }
    return 0;
}

static int take_map(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                    img_error *err)
{
    (void)key;
    if (pax->map.count)
        return bad_value(record, err);
    return img__tar_map_list(&pax->map, record->value, record->value_len, err);
}

/* PAX 0.0 repeats two keys, in turn. */
static int take_offset(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                       img_error *err)
{
    if (img__tar_pax_has(pax, key) || img__tar_pax_has(pax, PAX_SPARSE_MAP))
        return bad_value(record, err);
    return take_number(pax, key, record, err);
}

static int take_numbytes(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                         img_error *err)
{
    if (!img__tar_pax_has(pax, PAX_SPARSE_OFFSET))
        return bad_value(record, err);
    pax->keys &= ~(UINT32_C(1) << PAX_SPARSE_OFFSET);
    int rc = take_number(pax, key, record, err);
    return rc ? rc
              : img__tar_map_add(&pax->map, pax->numbers[PAX_SPARSE_OFFSET], pax->numbers[key],
                                 err);
}

/* ---- keys ---- */

struct key_row {
    const char *name;
    int (*take)(struct tar_pax *pax, enum tar_pax_key key, const struct record *record,
                img_error *err);
    bool repeats;
};

static const struct key_row key_rows[PAX_KEYS] = {
    [PAX_PATH] = {"path", take_text, false},
    [PAX_LINKPATH] = {"linkpath", take_text, false},
    [PAX_SIZE] = {"size", take_number, false},
    [PAX_UID] = {"uid", take_number, false},
    [PAX_GID] = {"gid", take_number, false},
    [PAX_MTIME] = {"mtime", take_mtime, false},
    [PAX_SPARSE_MAJOR] = {"GNU.sparse.major", take_number, false},
    [PAX_SPARSE_MINOR] = {"GNU.sparse.minor", take_number, false},
    [PAX_SPARSE_NAME] = {"GNU.sparse.name", take_text, false},
    [PAX_SPARSE_REALSIZE] = {"GNU.sparse.realsize", take_number, false},
    [PAX_SPARSE_SIZE] = {"GNU.sparse.size", take_number, false},
    [PAX_SPARSE_NUMBLOCKS] = {"GNU.sparse.numblocks", take_number, false},
    [PAX_SPARSE_MAP] = {"GNU.sparse.map", take_map, false},
    [PAX_SPARSE_OFFSET] = {"GNU.sparse.offset", take_offset, true},
    [PAX_SPARSE_NUMBYTES] = {"GNU.sparse.numbytes", take_numbytes, true},
};

/* Sparse files of star and Solaris: the data would be read for what it is not. */
static const char *const refused_keys[] = {"SCHILY.realsize", "SUN.holesdata"};

static int take_xattr(struct entry *entry, const struct record *record, img_error *err)
{
    size_t skip = strlen(XATTR_PREFIX);
    auto_free char *name = strndup(record->key + skip, record->key_len - skip);
    if (!name)
        return img__fail_memory(err);
    if (name[0] == '\0' || strlen(name) > ENTRY_NAME_MAX)
        return img__fail(err, IMG_EFORMAT,
                         "the name of an extended attribute has %zu bytes, not 1 to %u",
                         strlen(name), ENTRY_NAME_MAX);
    if (record->value_len > ENTRY_XATTR_MAX)
        return img__fail(err, IMG_ELIMIT, "the extended attribute %s is larger than %zu bytes",
                         name, ENTRY_XATTR_MAX);
    for (size_t i = 0; i < entry->xattr_count; i++)
        if (strcmp(entry->xattrs[i].name, name) == 0)
            return img__fail(err, IMG_EFORMAT, "has the extended attribute %s twice", name);
    if (entry->xattr_count == ENTRY_XATTRS_MAX)
        return img__fail(err, IMG_ELIMIT, "has more than %u extended attributes", ENTRY_XATTRS_MAX);
    return img__entry_add_xattr(entry, name, record->value, record->value_len, err);
}

/* An empty value means that the key is not there, which makes no sense for a sparse file. */
static int take_key(struct tar_pax *pax, enum tar_pax_key key, uint32_t *seen,
                    const struct record *record, img_error *err)
{
    uint32_t bit = UINT32_C(1) << key;
    if ((*seen & bit) && !key_rows[key].repeats)
        return img__fail(err, IMG_EFORMAT, "has the PAX key %s twice", key_rows[key].name);
    *seen |= bit;
    if (record->value_len == 0)
        return key >= PAX_SPARSE_MAJOR ? bad_value(record, err) : 0;
    int rc = key_rows[key].take(pax, key, record, err);
    pax->keys |= bit;
    return rc;
}

static int take_record(struct tar_pax *pax, struct entry *entry, uint32_t *seen,
                       const struct record *record, img_error *err)
{
    for (int key = 0; key < PAX_KEYS; key++)
        if (key_is(record, key_rows[key].name))
            return take_key(pax, (enum tar_pax_key)key, seen, record, err);
    for (size_t i = 0; i < sizeof(refused_keys) / sizeof(refused_keys[0]); i++)
        if (key_is(record, refused_keys[i]))
            return img__fail(err, IMG_EFORMAT, "is a sparse file of a kind that is not supported");
    size_t prefix = strlen(XATTR_PREFIX);
    bool attribute = record->key_len >= prefix && memcmp(record->key, XATTR_PREFIX, prefix) == 0;
    /* Go and libarchive drop attributes without a value. */
    return attribute && record->value_len ? take_xattr(entry, record, err) : 0;
}

bool img__tar_pax_sparse(const struct tar_pax *pax)
{
    return pax->keys >> PAX_SPARSE_MAJOR;
}

void img__tar_pax_clear(struct tar_pax *pax)
{
    for (size_t i = 0; i < PAX_KEYS; i++)
        free(pax->texts[i]);
    img__tar_map_clear(&pax->map);
    *pax = (struct tar_pax){0};
}

int img__tar_pax_parse(const char *data, size_t len, struct tar_pax *pax, struct entry *entry,
                       img_error *err)
{
    uint32_t seen = 0;
    pax->present = true;
    for (const char *at = data, *end = data + len; at < end;) {
        struct record record;
        int rc = next_record(&at, end, &record, err);
        if (!rc)
            rc = take_record(pax, entry, &seen, &record, err);
        if (rc)
            return rc;
    }
    /* Left over from a pair that is not whole. */
    if (img__tar_pax_has(pax, PAX_SPARSE_OFFSET))
        return img__fail(err, IMG_EFORMAT, "GNU.sparse.offset has no GNU.sparse.numbytes");
    return 0;
}

int img__tar_pax_check_global(const char *data, size_t len, img_error *err)
{
    static const char *const comments[] = {"comment", "LIBARCHIVE.creationtime", "SCHILY.archtype",
                                           "SCHILY.release"};
    for (const char *at = data, *end = data + len; at < end;) {
        struct record record;
        int rc = next_record(&at, end, &record, err);
        if (rc)
            return rc;
        bool harmless = false;
        for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++)
            harmless = harmless || key_is(&record, comments[i]);
        if (!harmless)
            return img__fail(err, IMG_EFORMAT,
                             "a global PAX header sets %.*s for all entries, which readers take "
                             "differently",
                             (int)record.key_len, record.key);
    }
    return 0;
}
