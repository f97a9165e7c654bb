/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading and writing index.json, and finding entries in it.
 *
 * libimg writes one descriptor a line, sorted by label. Text in that shape is taken as it is; in
 * any other shape, as other tools write it, it is parsed as a whole and brought into that shape.
 * The test of the shape makes sure that a line is an entry and that a string has one spelling only:
 *
 * - what follows "}," is a key of an object or the next value of an array; no array but "manifests"
 *   is there, since no line has a '['; so where '{' follows, a new entry begins, and that is so
 *   behind each line break and nowhere else;
 * - no line has a backslash, so a label is in the text exactly as it is.
 *
 * Each line that is looked at more closely is parsed, strictly.
 */
#include "store/names.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "core/descriptor.h"
#include "core/media.h"
#include "store/internal.h"

#define HEAD_END "\"manifests\":["
#define TAIL "]}\n"

void img__names_free(struct names *names)
{
    free(names->what);
    img__buf_free(&names->head);
    img__buf_free(&names->body);
    *names = (struct names)NAMES_INIT;
}

void img__name_entry_free(struct name_entry *entry)
{
    img__json_free(entry->json);
    *entry = (struct name_entry)NAME_ENTRY_INIT;
}

static int entry_label(const struct names *names, const struct json *json, const char **label,
                       img_error *err)
{
    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s: manifests has an entry that is not an object",
                         names->what);
    const struct json *annotations = img__json_get(json, "annotations");
    const char *text = NULL;
    if (img__json_kind(annotations) == JSON_OBJECT)
        text = img__json_text(img__json_get(annotations, NAMES_ANNOTATION));
    if (!text || !text[0])
        text = img__json_text(img__json_get(json, "digest"));
    if (!text)
        return img__fail(err, IMG_EFORMAT, "%s: manifests has an entry without a digest",
                         names->what);
    *label = text;
    return 0;
}

static int check_top(const struct names *names, const struct json *json, img_error *err)
{
    uint64_t version = 0;
    const char *type = MEDIA_OCI_INDEX;

    if (img__json_kind(json) != JSON_OBJECT)
        return img__fail(err, IMG_EFORMAT, "%s is not an object", names->what);
    int r = img__json_get_size(json, names->what, "schemaVersion", true, &version, err);
    if (!r && version != 2)
        r = img__fail(err, IMG_EFORMAT, "%s: schemaVersion is not 2", names->what);
    if (!r)
        r = img__json_get_text(json, names->what, "mediaType", false, &type, err);
    if (!r && strcmp(type, MEDIA_OCI_INDEX) != 0)
        r = img__fail(err, IMG_EFORMAT, "%s: mediaType is %s instead of %s", names->what, type,
                      MEDIA_OCI_INDEX);
    if (!r && (img__json_get(json, "layers") || img__json_get(json, "config")))
        r = img__fail(err, IMG_EFORMAT, "%s is an index and a manifest at once", names->what);
    return r;
}

/* Is this, with its end, an index without entries? */
static bool is_head(const struct names *names, const char *text, size_t len)
{
    auto_(buf) struct buf whole = BUF_INIT(len + sizeof(TAIL));
    auto_(json) struct json *json = NULL;

    img__buf_append(&whole, text, len);
    img__buf_puts(&whole, TAIL);
    if (img__buf_check(&whole, names->what, NULL) ||
        img__json_parse(names->what, whole.data, whole.len, &json, NULL))
        return false;
    return check_top(names, json, NULL) == 0 &&
           img__json_kind(img__json_get(json, "manifests")) == JSON_ARRAY;
}

/* Does a value end only where another one ends or a key follows? The last '}' is text[len]. */
static bool is_one_value(const char *text, size_t len)
{
    const char *end = text + len;

    for (const char *at = text; (at = memchr(at, '}', (size_t)(end - at))); at++)
        if (at[1] != '}' && (at[1] != ',' || at[2] != '"'))
            return false;
    return true;
}

/* Are these lines one entry each? */
static bool are_lines(const char *body, size_t len)
{
    const char *end = body + len;

    if (memchr(body, '\\', len) || memchr(body, '[', len))
        return false;
    for (const char *line = body, *next; line < end; line = next) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            return false;
        next = newline + 1;
        const char *close = next == end ? newline - 1 : newline - 2;
        if (close <= line || line[0] != '{' || close[0] != '}' ||
            (next != end && close[1] != ',') || !is_one_value(line, (size_t)(close - line)))
            return false;
    }
    return true;
}

/* Takes text that is in our shape; *taken is false if it is not. */
static int take_lines(struct names *names, const struct buf *text, bool *taken, img_error *err)
{
    const char *start = img__buf_text(text), *end = start + text->len;
    const char *newline = memchr(start, '\n', text->len);
    const size_t head_end = strlen(HEAD_END), tail = strlen(TAIL);

    *taken = false;
    if (!newline || (size_t)(newline - start) < head_end || (size_t)(end - newline) < 1 + tail)
        return 0;
    const char *body = newline + 1;
    size_t len = (size_t)(end - body) - tail;
    if (memcmp(newline - head_end, HEAD_END, head_end) != 0 || memcmp(end - tail, TAIL, tail) != 0)
        return 0;
    if (!are_lines(body, len) || !is_head(names, start, (size_t)(newline - start)))
        return 0;

    *taken = true;
    img__buf_append(&names->head, start, (size_t)(newline - start));
    if (len > 0) {
        img__buf_append(&names->body, body, len - 1);
        img__buf_puts(&names->body, ",\n");
    }
    int r = img__buf_check(&names->head, names->what, err);
    return r ? r : img__buf_check(&names->body, names->what, err);
}

struct labelled {
    const char *label;
    const struct json *json;
    size_t index;
};

static int compare_labelled(const void *left, const void *right)
{
    const struct labelled *a = left, *b = right;
    int order = strcmp(a->label, b->label);

    if (order)
        return order;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int write_sorted(struct names *names, const struct json *manifests, img_error *err)
{
    size_t count = manifests ? img__json_count(manifests) : 0;
    auto_free struct labelled *all = calloc(count + 1, sizeof(*all));
    if (!all)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        all[i].json = img__json_at(manifests, i);
        all[i].index = i;
        int r = entry_label(names, all[i].json, &all[i].label, err);
        if (r)
            return r;
    }
    qsort(all, count, sizeof(*all), compare_labelled);
    for (size_t i = 0; i < count; i++) {
        img__json_write(all[i].json, &names->body);
        img__buf_puts(&names->body, ",\n");
    }
    return img__buf_check(&names->body, names->what, err);
}

/* The head is what is left of the index without its entries, with "manifests" at the end. */
static int write_head(struct names *names, struct json *json, img_error *err)
{
    img__json_unset(json, "manifests");
    if (!img__json_set(json, "manifests", img__json_array()))
        return img__fail_memory(err);
    img__json_write(json, &names->head);
    int r = img__buf_check(&names->head, names->what, err);
    if (r)
        return r;
    assert(img__text_ends(names->head.data, HEAD_END "]}"));
    names->head.len -= strlen("]}");
    names->head.data[names->head.len] = '\0';
    return 0;
}

static int take_any(struct names *names, const struct buf *text, img_error *err)
{
    auto_(json) struct json *json = NULL;
    const struct json *manifests = NULL;

    int r = img__json_parse(names->what, img__buf_text(text), text->len, &json, err);
    if (!r)
        r = check_top(names, json, err);
    /* Some tools write null for an index without entries. */
    if (!r)
        r = img__json_get_kind(json, names->what, "manifests", JSON_ARRAY, false, &manifests, err);
    if (!r)
        r = write_sorted(names, manifests, err);
    return r ? r : write_head(names, json, err);
}

int img__names_read(const img_store *store, struct names *out, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(NAMES_BYTES_MAX);
    auto_(names) struct names names = NAMES_INIT;
    bool taken = false;

    names.what = img__store_join(store->path, STORE_INDEX);
    if (!names.what)
        return img__fail_memory(err);
    int r = img__fs_read(store->dir_fd, STORE_INDEX, &text, err);
    if (r)
        return img__prefix(err, r, "store %s", store->path);
    r = take_lines(&names, &text, &taken, err);
    if (!r && !taken)
        r = take_any(&names, &text, err);
    if (r)
        return r;
    *out = names;
    names = (struct names)NAMES_INIT;
    return 0;
}

/* Then it stays untouched, so that who watches its time sees no change. */
static bool is_same(const img_store *store, const struct buf *text)
{
    auto_(buf) struct buf have = BUF_INIT(NAMES_BYTES_MAX);

    return img__fs_read(store->dir_fd, STORE_INDEX, &have, NULL) == 0 && have.len == text->len &&
           memcmp(img__buf_text(&have), img__buf_text(text), text->len) == 0;
}

int img__names_write(const img_store *store, const struct names *names, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(NAMES_BYTES_MAX);

    img__buf_append(&text, names->head.data, names->head.len);
    img__buf_putc(&text, '\n');
    if (names->body.len > 0) {
        img__buf_append(&text, names->body.data, names->body.len - strlen(",\n"));
        img__buf_putc(&text, '\n');
    }
    img__buf_puts(&text, TAIL);
    int r = img__buf_check(&text, names->what, err);
    if (r || is_same(store, &text))
        return r;
    r = img__fs_replace(store->dir_fd, STORE_INDEX, text.data, text.len, STORE_FILE_MODE, err);
    return r ? img__prefix(err, r, "store %s", store->path) : 0;
}

/* Parses the line that begins at a place. */
static int load_entry(const struct names *names, size_t at, struct name_entry *entry,
                      img_error *err)
{
    const char *line = names->body.data + at;
    const char *newline = memchr(line, '\n', names->body.len - at);
    size_t len = (size_t)(newline - line);

    img__name_entry_free(entry);
    entry->at = at;
    entry->end = at + len + 1;
    int r = img__json_parse(names->what, line, len - 1, &entry->json, err);
    return r ? r : entry_label(names, entry->json, &entry->label, err);
}

int img__names_next(const struct names *names, struct name_entry *entry, img_error *err)
{
    if (entry->end >= names->body.len)
        return IMG_ENOTFOUND;
    return load_entry(names, entry->end, entry, err);
}

static size_t line_start(const struct names *names, size_t at)
{
    const char *before = memrchr(names->body.data, '\n', at);

    return before ? (size_t)(before - names->body.data) + 1 : 0;
}

static bool is_utf8(const char *text)
{
    for (size_t n; *text; text += n)
        if (!(n = img__text_utf8(text)))
            return false;
    return true;
}

/* text as it stands in the body. */
static int quote(const char *text, struct buf *out, img_error *err)
{
    auto_(json) struct json *string = img__json_string(text);

    if (!string)
        return img__fail_memory(err);
    img__json_write(string, out);
    return img__buf_check(out, "a name", err);
}

int img__names_search(const struct names *names, const char *text, struct name_entry *entry,
                      img_error *err)
{
    auto_(buf) struct buf needle = BUF_INIT(NAMES_BYTES_MAX);

    if (entry->end >= names->body.len || !is_utf8(text))
        return IMG_ENOTFOUND;
    int r = quote(text, &needle, err);
    if (r)
        return r;
    const char *found = memmem(names->body.data + entry->end, names->body.len - entry->end,
                               needle.data, needle.len);
    if (!found)
        return IMG_ENOTFOUND;
    return load_entry(names, line_start(names, (size_t)(found - names->body.data)), entry, err);
}

int img__names_find(const struct names *names, const char *label, struct name_entry *entry,
                    img_error *err)
{
    int r;

    img__name_entry_free(entry);
    while (!(r = img__names_search(names, label, entry, err)))
        if (strcmp(entry->label, label) == 0)
            return 0;
    return r;
}

int img__names_descriptor(const struct names *names, const struct name_entry *entry,
                          img_descriptor *out, img_error *err)
{
    auto_(buf) struct buf what = BUF_INIT(NAMES_BYTES_MAX);

    img__buf_printf(&what, "%s: %s", names->what, entry->label);
    int r = img__buf_check(&what, names->what, err);
    return r ? r : img__descriptor_parse(entry->json, what.data, out, err);
}

/* Replaces cut bytes of the body by text. */
static void replace_bytes(struct buf *body, size_t at, size_t cut, const char *text, size_t len)
{
    if (!img__buf_reserve(body, len > cut ? len - cut : 0))
        return;
    memmove(body->data + at + len, body->data + at + cut, body->len - at - cut);
    memcpy(body->data + at, text, len);
    body->len = body->len - cut + len;
    body->data[body->len] = '\0';
}

/* Where a label belongs, if the lines are sorted; anywhere, but at the start of a line, if not. */
static int find_place(const struct names *names, const char *label, size_t *at, img_error *err)
{
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    size_t low = 0, high = names->body.len;

    while (low < high) {
        int r = load_entry(names, line_start(names, low + (high - low) / 2), &entry, err);
        if (r)
            return r;
        if (strcmp(entry.label, label) < 0)
            low = entry.end;
        else
            high = entry.at;
    }
    *at = low;
    return 0;
}

int img__names_remove(struct names *names, const char *label, img_error *err)
{
    auto_(name_entry) struct name_entry entry = NAME_ENTRY_INIT;
    struct buf *body = &names->body;
    size_t kept = 0, next = 0; /* all before next is looked at, what stays of it is before kept */
    int r;

    /* However many there are, each byte moves once. */
    while (!(r = img__names_search(names, label, &entry, err))) {
        if (strcmp(entry.label, label) != 0)
            continue;
        memmove(body->data + kept, body->data + next, entry.at - next);
        kept += entry.at - next;
        next = entry.end;
    }
    replace_bytes(body, kept, next - kept, "", 0);
    return r == IMG_ENOTFOUND && next > 0 ? 0 : r;
}

int img__names_set(struct names *names, const char *name, const img_descriptor *descriptor,
                   img_error *err)
{
    auto_(buf) struct buf annotation = BUF_INIT(NAMES_BYTES_MAX);
    auto_(buf) struct buf line = BUF_INIT(NAMES_BYTES_MAX);
    size_t at = 0;

    img__buf_printf(&annotation, NAMES_ANNOTATION "=%s", name);
    int r = img__buf_check(&annotation, "a name", err);
    if (r)
        return r;
    const char *const annotations[] = {annotation.data, NULL};
    auto_(json) struct json *json = img__descriptor_json(descriptor, annotations);
    if (!json)
        return img__fail_memory(err);
    img__json_write(json, &line);
    img__buf_puts(&line, ",\n");
    r = img__buf_check(&line, "a descriptor", err);

    if (!r)
        r = img__names_remove(names, name, err);
    if (!r || r == IMG_ENOTFOUND)
        r = find_place(names, name, &at, err);
    if (r)
        return r;
    replace_bytes(&names->body, at, 0, line.data, line.len);
    return img__buf_check(&names->body, names->what, err);
}
