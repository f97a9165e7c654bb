/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree of a TOML document, and which line may add to which table. A table is defined once: by
 * its header, by dotted keys of one section, or inline. Headers may pass through tables that exist,
 * and through the last element of an array of tables.
 */
#include "core/toml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/toml_read.h"

int img__toml_fail(struct toml_reader *r, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return img__fail(r->err, IMG_EFORMAT, "%s:%u: %s", r->name, r->line, text);
}

void img__toml_free(struct toml *toml)
{
    if (!toml)
        return;
    for (size_t i = 0; i < toml->count; i++)
        img__toml_free(toml->items[i]);
    free(toml->items);
    free(toml->key);
    if (toml->text) /* it may be a password */
        explicit_bzero(toml->text, strlen(toml->text));
    free(toml->text);
    free(toml);
}

const struct toml *img__toml_get(const struct toml *table, const char *key)
{
    for (size_t i = 0; table->type == TOML_TABLE && i < table->count; i++)
        if (strcmp(table->items[i]->key, key) == 0)
            return table->items[i];
    return NULL;
}

const char *img__toml_type_name(enum toml_type type)
{
    static const char *const names[] = {"a string", "an integer", "a float", "true or false",
                                        "a time",   "an array",   "a table"};
    return names[type];
}

static struct toml *find(const struct toml *table, const char *key)
{
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->items[i]->key, key) == 0)
            return table->items[i];
    return NULL;
}

static int make(struct toml_reader *r, enum toml_type type, struct toml **out)
{
    if (r->values++ >= TOML_VALUES_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: there are more than %u values", r->name,
                         r->line, TOML_VALUES_MAX);
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return img__fail_memory(r->err);
    (*out)->type = type;
    (*out)->line = r->line;
    return 0;
}

/* Takes item over, also on failure. key NULL: into an array. */
static int add(struct toml_reader *r, struct toml *parent, const char *key, struct toml *item)
{
    auto_(toml) struct toml *own = item;
    if (key && !own->key) {
        own->key = strdup(key);
        if (!own->key)
            return img__fail_memory(r->err);
    }
    /* Room for powers of two. */
    if ((parent->count & (parent->count - 1)) == 0) {
        size_t room = parent->count ? 2 * parent->count : 1;
        struct toml **grown = reallocarray(parent->items, room, sizeof(*grown));
        if (!grown)
            return img__fail_memory(r->err);
        parent->items = grown;
    }
    parent->items[parent->count++] = steal(own);
    return 0;
}

/* A new and empty one, in its parent. */
static int grow(struct toml_reader *r, struct toml *parent, const char *key, enum toml_type type,
                struct toml **out)
{
    struct toml *made;
    int result = make(r, type, &made);
    if (result == 0)
        result = add(r, parent, key, made);
    if (result == 0)
        *out = made;
    return result;
}

static int parse_value(struct toml_reader *r, unsigned depth, struct toml **out);

/* Down the parts of a dotted key but the last, making tables on the way. */
static int walk_dotted(struct toml_reader *r, struct toml *table, const struct strv *key,
                       struct toml **out)
{
    for (size_t i = 0; i + 1 < key->count; i++) {
        struct toml *next = find(table, key->items[i]);
        if (!next) {
            int result = grow(r, table, key->items[i], TOML_TABLE, &next);
            if (result)
                return result;
        } else if (next->type != TOML_TABLE || next->closed || next->named ||
                   (next->dotted && next->dotted != r->section)) {
            return img__toml_fail(r, "\"%s\" is defined on line %u already", key->items[i],
                                  next->line);
        }
        next->dotted = r->section;
        table = next;
    }
    *out = table;
    return 0;
}

/* KEY = VALUE */
static int parse_pair(struct toml_reader *r, struct toml *table, unsigned depth)
{
    auto_(strv) struct strv key = STRV_INIT;
    struct toml *parent = NULL, *value = NULL;
    int result = img__toml_key(r, &key);
    if (result)
        return result;
    if (*r->at != '=')
        return img__toml_fail(r, "a = is due behind the key \"%s\"", key.items[key.count - 1]);
    r->at++;
    img__toml_skip_blanks(r);
    const char *last = key.items[key.count - 1];
    result = walk_dotted(r, table, &key, &parent);
    if (result)
        return result;
    const struct toml *earlier = find(parent, last);
    if (earlier)
        return img__toml_fail(r, "\"%s\" is defined on line %u already", last, earlier->line);
    result = parse_value(r, depth, &value);
    return result ? result : add(r, parent, last, value);
}

static int parse_array(struct toml_reader *r, unsigned depth, struct toml *out)
{
    bool comma = true;
    r->at++;
    for (;;) {
        struct toml *item;
        int result = img__toml_skip_lines(r);
        if (result)
            return result;
        if (*r->at == ']')
            break;
        if (!comma)
            return img__toml_fail(r, "a comma or ] is due in an array");
        result = parse_value(r, depth + 1, &item);
        if (result == 0)
            result = add(r, out, NULL, item);
        if (result == 0)
            result = img__toml_skip_lines(r);
        if (result)
            return result;
        comma = *r->at == ',';
        r->at += comma ? 1 : 0;
    }
    r->at++;
    return 0;
}

static int parse_inline(struct toml_reader *r, unsigned depth, struct toml *out)
{
    r->at++;
    img__toml_skip_blanks(r);
    if (*r->at == '}') {
        r->at++;
        return 0;
    }
    for (;;) {
        img__toml_skip_blanks(r);
        int result = parse_pair(r, out, depth + 1);
        if (result)
            return result;
        img__toml_skip_blanks(r);
        if (*r->at != ',' && *r->at != '}')
            return img__toml_fail(r, "a comma or } is due in an inline table");
        if (*r->at++ == '}')
            return 0;
    }
}

static int parse_value(struct toml_reader *r, unsigned depth, struct toml **out)
{
    auto_(toml) struct toml *value = NULL;
    if (depth > TOML_DEPTH_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: values are nested deeper than %u", r->name,
                         r->line, TOML_DEPTH_MAX);
    int result = make(r, TOML_STRING, &value);
    if (result)
        return result;
    if (*r->at == '"' || *r->at == '\'') {
        result = img__toml_string(r, &value->text);
    } else if (*r->at == '[') {
        value->type = TOML_ARRAY;
        result = parse_array(r, depth, value);
    } else if (*r->at == '{') {
        value->type = TOML_TABLE;
        result = parse_inline(r, depth, value);
    } else {
        result = img__toml_plain(r, value);
    }
    if (result)
        return result;
    value->closed = true;
    *out = steal(value);
    return 0;
}

/* Through the parts of a header but the last. */
static int walk_header(struct toml_reader *r, struct toml *root, const struct strv *key,
                       struct toml **out)
{
    struct toml *table = root;
    for (size_t i = 0; i + 1 < key->count; i++) {
        struct toml *next = find(table, key->items[i]);
        int result = next ? 0 : grow(r, table, key->items[i], TOML_TABLE, &next);
        if (result)
            return result;
        if (next->closed)
            return img__toml_fail(r, "\"%s\" was completed on line %u", key->items[i], next->line);
        table = next->type == TOML_ARRAY ? next->items[next->count - 1] : next;
    }
    *out = table;
    return 0;
}

static int open_table(struct toml_reader *r, struct toml *parent, const char *key,
                      struct toml **out)
{
    struct toml *table = find(parent, key);
    int result = table ? 0 : grow(r, parent, key, TOML_TABLE, &table);
    if (result)
        return result;
    if (table->type != TOML_TABLE || table->closed || table->named || table->dotted)
        return img__toml_fail(r, "\"%s\" is defined on line %u already", key, table->line);
    table->named = true;
    table->line = r->line;
    *out = table;
    return 0;
}

static int open_element(struct toml_reader *r, struct toml *parent, const char *key,
                        struct toml **out)
{
    struct toml *array = find(parent, key);
    int result = array ? 0 : grow(r, parent, key, TOML_ARRAY, &array);
    if (result)
        return result;
    if (array->type != TOML_ARRAY || array->closed)
        return img__toml_fail(r, "\"%s\" on line %u is no array of tables", key, array->line);
    result = grow(r, array, NULL, TOML_TABLE, out);
    if (result == 0)
        (*out)->named = true;
    return result;
}

/* [KEY] or [[KEY]]; *out is the table that the lines below are about. */
static int parse_header(struct toml_reader *r, struct toml *root, struct toml **out)
{
    auto_(strv) struct strv key = STRV_INIT;
    struct toml *parent = NULL;
    bool element = r->at[1] == '[';
    r->at += element ? 2 : 1;
    r->section++;
    img__toml_skip_blanks(r);
    int result = img__toml_key(r, &key);
    if (result)
        return result;
    if (*r->at != ']' || (element && r->at[1] != ']'))
        return img__toml_fail(r, "%s is due behind a header", element ? "]]" : "]");
    r->at += element ? 2 : 1;
    result = walk_header(r, root, &key, &parent);
    if (result)
        return result;
    const char *last = key.items[key.count - 1];
    return element ? open_element(r, parent, last, out) : open_table(r, parent, last, out);
}

static int parse_document(struct toml_reader *r, struct toml *root)
{
    struct toml *table = root;
    for (;;) {
        int result = img__toml_skip_lines(r);
        if (result || r->at == r->end)
            return result;
        if (*r->at == '[')
            result = parse_header(r, root, &table);
        else
            result = parse_pair(r, table, 0);
        if (result == 0)
            result = img__toml_end_line(r);
        if (result)
            return result;
    }
}

int img__toml_parse(const char *name, const char *text, size_t len, struct toml **out,
                    img_error *err)
{
    if (len > TOML_BYTES_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %zu bytes", name, TOML_BYTES_MAX);
    auto_free char *copy = malloc(len + 1);
    auto_(toml) struct toml *root = NULL;
    if (!copy)
        return img__fail_memory(err);
    memcpy(copy, text, len);
    copy[len] = '\0';
    struct toml_reader r = {name, copy, copy + len, 1, 1, 0, err};
    int result = make(&r, TOML_TABLE, &root);
    if (result == 0)
        result = parse_document(&r, root);
    if (result == 0)
        *out = steal(root);
    return result;
}
