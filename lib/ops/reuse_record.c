/* SPDX-License-Identifier: Apache-2.0
 *
 * A record is
 *
 *     layer WHOLE CHAIN FACTS DIGEST BYTES DIFFID NEWEST
 *     what TEXT
 *     annotation K=V       (any number)
 *
 * and behind all of them comes "end DIGEST". NEWEST is the newest time, or "-" if there is none.
 */
#include "ops/reuse_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define HEX (2 * IMG_SHA256_BYTES)

void img__records_free(struct records *records)
{
    for (size_t i = 0; i < records->count; i++) {
        free(records->items[i].what);
        img__strv_free(&records->items[i].annotations);
    }
    *records = (struct records){0};
}

static bool same(const unsigned char a[IMG_SHA256_BYTES], const unsigned char b[IMG_SHA256_BYTES])
{
    return memcmp(a, b, IMG_SHA256_BYTES) == 0;
}

const struct record *img__records_find_chain(const struct records *records,
                                             const unsigned char whole[IMG_SHA256_BYTES],
                                             const unsigned char chain[IMG_SHA256_BYTES])
{
    for (size_t i = 0; i < records->count; i++)
        if (same(records->items[i].key.whole, whole) && same(records->items[i].key.chain, chain))
            return &records->items[i];
    return NULL;
}

const struct record *img__records_find_facts(const struct records *records,
                                             const unsigned char whole[IMG_SHA256_BYTES],
                                             const unsigned char facts[IMG_SHA256_BYTES])
{
    for (size_t i = 0; i < records->count; i++)
        if (same(records->items[i].key.whole, whole) && same(records->items[i].key.facts, facts))
            return &records->items[i];
    return NULL;
}

/* ---- reading ---- */

static int fail_damaged(img_error *err)
{
    return img__fail(err, IMG_EFORMAT, "what is remembered of layers is damaged");
}

static bool parse_hex(const char *text, unsigned char out[IMG_SHA256_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < IMG_SHA256_BYTES; i++) {
        const char *high = text[2 * i] ? strchr(digits, text[2 * i]) : NULL;
        const char *low = high && text[2 * i + 1] ? strchr(digits, text[2 * i + 1]) : NULL;
        if (!low)
            return false;
        out[i] = (unsigned char)((high - digits) << 4 | (low - digits));
    }
    return text[HEX] == '\0';
}

static bool parse_time(const char *text, int64_t *out)
{
    uint64_t number;
    bool minus = text[0] == '-';
    *out = INT64_MIN;
    if (strcmp(text, "-") == 0)
        return true;
    if (!img__text_number(text + minus, INT64_MAX, &number))
        return false;
    *out = minus ? -(int64_t)number : (int64_t)number;
    return true;
}

/* "layer WHOLE CHAIN FACTS DIGEST BYTES DIFFID NEWEST", without the first word. */
static bool parse_layer(char *line, struct record *record)
{
    char *words[7], *rest = line;
    for (size_t i = 0; i < 7; i++)
        words[i] = strsep(&rest, " ");
    struct layer_made *made = &record->made;
    return !rest && words[6] && parse_hex(words[0], record->key.whole) &&
           parse_hex(words[1], record->key.chain) && parse_hex(words[2], record->key.facts) &&
           img_digest_parse(words[3], &made->digest, NULL) == 0 &&
           img__text_number(words[4], INT64_MAX, &made->size_bytes) &&
           img_digest_parse(words[5], &made->diff_id, NULL) == 0 &&
           parse_time(words[6], &made->newest_mtime);
}

static int add_record(char *line, struct records *out, img_error *err)
{
    struct record record = {.annotations = STRV_INIT};
    if (out->count == RECORDS_MAX || !parse_layer(line, &record))
        return fail_damaged(err);
    record.made.what = "";
    out->items[out->count++] = record;
    return 0;
}

static int take_line(char *line, struct records *out, img_error *err)
{
    struct record *last = out->count ? &out->items[out->count - 1] : NULL;
    if (img__text_starts(line, "layer "))
        return add_record(line + strlen("layer "), out, err);
    if (last && !last->what && img__text_starts(line, "what ")) {
        last->what = strdup(line + strlen("what "));
        last->made.what = last->what;
        return last->what ? 0 : img__fail_memory(err);
    }
    if (last && img__text_starts(line, "annotation ") && strchr(line, '='))
        return img__strv_add(&last->annotations, line + strlen("annotation "), err);
    return fail_damaged(err);
}

/* Where the last line begins, if that is the digest of all before; else NULL. */
static char *find_end(char *text, size_t len)
{
    img_digest digest;
    if (len == 0 || text[len - 1] != '\n' || memchr(text, '\0', len))
        return NULL;
    text[len - 1] = '\0';
    char *before = strrchr(text, '\n');
    char *end = before ? before + 1 : text;
    if (!img__text_starts(end, "end ") ||
        img__digest_of(text, (size_t)(end - text), &digest, NULL) != 0 ||
        strcmp(end + strlen("end "), digest.text) != 0)
        return NULL;
    return end;
}

int img__records_parse(const char *text, size_t len, struct records *out, img_error *err)
{
    auto_(records) struct records records = {0};
    auto_free char *copy = malloc(len + 1);
    if (!copy)
        return img__fail_memory(err);
    memcpy(copy, text, len);
    copy[len] = '\0';
    const char *end = find_end(copy, len);
    int rc = end ? 0 : fail_damaged(err);
    for (char *line = copy, *next; rc == 0 && line < end; line = next) {
        next = strchr(line, '\n') + 1;
        next[-1] = '\0';
        rc = take_line(line, &records, err);
    }
    if (rc)
        return rc;
    *out = records;
    for (size_t i = 0; i < out->count; i++)
        out->items[i].made.annotations = &out->items[i].annotations;
    records = (struct records){0};
    return 0;
}

/* ---- writing ---- */

static int check_line(const char *text, img_error *err)
{
    return strchr(text, '\n') ? img__fail(err, IMG_EINVAL, "a newline can't be remembered") : 0;
}

static void put_hex(const unsigned char raw[IMG_SHA256_BYTES], struct buf *out)
{
    for (size_t i = 0; i < IMG_SHA256_BYTES; i++)
        img__buf_printf(out, "%02x", raw[i]);
    img__buf_putc(out, ' ');
}

static int put_record(const struct record_key *key, const struct layer_made *made, struct buf *out,
                      img_error *err)
{
    const char *const *list = img__strv_list(made->annotations);
    int rc = check_line(made->what, err);
    img__buf_puts(out, "layer ");
    put_hex(key->whole, out);
    put_hex(key->chain, out);
    put_hex(key->facts, out);
    img__buf_printf(out, "%s %" PRIu64 " %s ", made->digest.text, made->size_bytes,
                    made->diff_id.text);
    if (made->newest_mtime == INT64_MIN)
        img__buf_putc(out, '-');
    else
        img__buf_printf(out, "%" PRId64, made->newest_mtime);
    img__buf_printf(out, "\nwhat %s\n", made->what);
    for (; rc == 0 && *list; list++) {
        rc = check_line(*list, err);
        img__buf_printf(out, "annotation %s\n", *list);
    }
    return rc;
}

int img__records_format(const struct records *others, const struct record_key *key,
                        const struct layer_made *made, struct buf *out, img_error *err)
{
    img_digest digest;
    size_t count = 1;
    int rc = put_record(key, made, out, err);
    for (size_t i = 0; rc == 0 && i < others->count && count < RECORDS_MAX; i++) {
        const struct record *other = &others->items[i];
        if (same(other->key.whole, key->whole) && same(other->key.chain, key->chain))
            continue;
        rc = put_record(&other->key, &other->made, out, err);
        count++;
    }
    if (rc == 0)
        rc = img__buf_check(out, "what is remembered of layers", err);
    if (rc == 0)
        rc = img__digest_of(out->data, out->len, &digest, err);
    if (rc)
        return rc;
    img__buf_printf(out, "end %s\n", digest.text);
    return img__buf_check(out, "what is remembered of layers", err);
}
