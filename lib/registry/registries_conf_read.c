/* SPDX-License-Identifier: Apache-2.0
 *
 * From the TOML of registries.conf to its tables. What is not of the right type or makes no sense
 * is an error that names file and line; what is not known is told of, and left alone: a newer
 * program may know it. A later file replaces the table of a prefix, an alias, the list of search
 * registries.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/reference.h"
#include "core/reference_host.h"
#include "registry/registries_conf.h"

#define REGISTRIES_MAX 1000
#define MIRRORS_MAX 62 /* see PLACES_MAX */
#define LOCATION_MAX ((size_t)600)

struct reading {
    struct registries_conf *conf;
    const char *file;
    const struct observer *log;
    img_error *err;
};

static int fail_at(const struct reading *r, const struct toml *at, const char *key,
                   const char *wanted)
{
    return img__fail(r->err, IMG_EFORMAT, "%s:%u: \"%s\" must be %s", r->file, at->line, key,
                     wanted);
}

static int get(const struct reading *r, const struct toml *table, const char *key,
               enum toml_type type, const struct toml **out)
{
    *out = img__toml_get(table, key);
    if (*out && (*out)->type != type)
        return img__fail(r->err, IMG_EFORMAT, "%s:%u: \"%s\" must be %s, not %s", r->file,
                         (*out)->line, key, img__toml_type_name(type),
                         img__toml_type_name((*out)->type));
    return 0;
}

static int get_bool(const struct reading *r, const struct toml *table, const char *key, bool *out)
{
    const struct toml *value;
    int result = get(r, table, key, TOML_BOOL, &value);
    *out = result == 0 && value && value->boolean;
    return result;
}

static void tell_unknown(const struct reading *r, const struct toml *table,
                         const char *const *known)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct toml *item = table->items[i];
        size_t k = 0;
        while (known[k] && strcmp(known[k], item->key) != 0)
            k++;
        if (!known[k])
            img__log(r->log, IMG_LOG_WARNING, "%s:%u: \"%s\" is not known and ignored", r->file,
                     item->line, item->key);
    }
}

static int set_where(const struct reading *r, const struct toml *at, char **out)
{
    if (asprintf(out, "%s:%u", r->file, at->line) < 0) {
        *out = NULL;
        return img__fail_memory(r->err);
    }
    return 0;
}

/* The host as hosts are compared, the rest as it is. */
static int normal_location(const struct reading *r, const struct toml *value, bool wildcard,
                           char **out)
{
    auto_(buf) struct buf text = BUF_INIT(LOCATION_MAX);
    char host[272], normal[272];
    const char *given = value->text;
    size_t len = strlen(given);
    while (len && given[len - 1] == '/')
        len--;
    if (img__text_starts(given, "http://") || img__text_starts(given, "https://"))
        return fail_at(r, value, value->key, "a name without http:// or https://");
    size_t host_len = strcspn(given, "/");
    if (host_len > len)
        host_len = len;
    if (host_len == 0 || host_len >= sizeof(host) || len > LOCATION_MAX)
        return fail_at(r, value, value->key, "\"host[:port][/path]\"");
    memcpy(host, given, host_len);
    host[host_len] = '\0';
    bool star = wildcard && img__text_starts(host, "*.");
    if (img__reference_check_host(host + (star ? 2 : 0), NULL) != 0 ||
        (star && (strchr(host, ':') || host_len != len)))
        return fail_at(r, value, value->key,
                       wildcard ? "\"host[:port][/path]\" or \"*.host\""
                                : "\"host[:port][/path]\"");
    img__reference_host_normal(host, normal, sizeof(normal));
    img__buf_puts(&text, normal);
    img__buf_append(&text, given + host_len, len - host_len);
    int result = img__buf_check(&text, value->key, r->err);
    *out = result ? NULL : img__buf_steal(&text);
    return result || *out ? result : img__fail_memory(r->err);
}

/* *out NULL: it is not there, or empty. */
static int get_location(const struct reading *r, const struct toml *table, const char *key,
                        char **out)
{
    const struct toml *value;
    int result = get(r, table, key, TOML_STRING, &value);
    *out = NULL;
    if (result || !value || !*value->text)
        return result;
    return normal_location(r, value, strcmp(key, "prefix") == 0, out);
}

static int read_endpoint(const struct reading *r, const struct toml *table,
                         struct conf_endpoint *out)
{
    int result = get_location(r, table, "location", &out->location);
    if (result == 0)
        result = get_bool(r, table, "insecure", &out->insecure);
    if (result == 0)
        result = set_where(r, table, &out->where);
    out->by_tag = out->by_digest = true;
    return result;
}

static int read_pull_from(const struct reading *r, const struct toml *table, bool digests_only,
                          struct conf_endpoint *out)
{
    const struct toml *value;
    int result = get(r, table, "pull-from-mirror", TOML_STRING, &value);
    if (result)
        return result;
    if (digests_only)
        out->by_tag = false;
    if (!value || !*value->text)
        return 0;
    if (digests_only)
        return fail_at(r, value, value->key, "left out where mirror-by-digest-only is true");
    out->by_tag = strcmp(value->text, "digest-only") != 0;
    out->by_digest = strcmp(value->text, "tag-only") != 0;
    bool known = !out->by_tag || !out->by_digest || strcmp(value->text, "all") == 0;
    return known ? 0 : fail_at(r, value, value->key, "all, digest-only or tag-only");
}

static int read_mirror(const struct reading *r, const struct toml *table, bool digests_only,
                       struct conf_endpoint *out)
{
    static const char *const known[] = {"location", "insecure", "pull-from-mirror", NULL};
    if (table->type != TOML_TABLE)
        return fail_at(r, table, "mirror", "an array of tables");
    tell_unknown(r, table, known);
    int result = read_endpoint(r, table, out);
    if (result == 0 && !out->location)
        return img__fail(r->err, IMG_EFORMAT, "%s:%u: a mirror has no location", r->file,
                         table->line);
    return result ? result : read_pull_from(r, table, digests_only, out);
}

static int read_mirrors(const struct reading *r, const struct toml *table,
                        struct conf_registry *out)
{
    const struct toml *list;
    bool digests_only;
    int result = get(r, table, "mirror", TOML_ARRAY, &list);
    if (result == 0)
        result = get_bool(r, table, "mirror-by-digest-only", &digests_only);
    if (result || !list || list->count == 0)
        return result;
    if (list->count > MIRRORS_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: there are more than %d mirrors", r->file,
                         list->line, MIRRORS_MAX);
    out->mirrors = calloc(list->count, sizeof(*out->mirrors));
    if (!out->mirrors)
        return img__fail_memory(r->err);
    for (size_t i = 0; result == 0 && i < list->count; i++)
        result = read_mirror(r, list->items[i], digests_only, &out->mirrors[out->mirror_count++]);
    return result;
}

/* The prefix is the location's, if there is none. */
static int set_prefix(const struct reading *r, const struct toml *table, struct conf_registry *out)
{
    int result = get_location(r, table, "prefix", &out->prefix);
    if (result)
        return result;
    char **missing = out->own.location ? &out->prefix : &out->own.location;
    const char *other = out->own.location ? out->own.location : "";
    if (!out->own.location && (!out->prefix || !img__text_starts(out->prefix, "*.")))
        return img__fail(r->err, IMG_EFORMAT, "%s:%u: a registry has no location", r->file,
                         table->line);
    if (!*missing)
        *missing = strdup(other);
    return *missing ? 0 : img__fail_memory(r->err);
}

static int read_registry(const struct reading *r, const struct toml *table,
                         struct conf_registry *out)
{
    static const char *const known[] = {
        "prefix", "location", "insecure", "blocked", "mirror", "mirror-by-digest-only", NULL};
    const struct toml *misplaced = img__toml_get(table, "pull-from-mirror");
    if (misplaced)
        return fail_at(r, misplaced, misplaced->key, "in a [[registry.mirror]]");
    tell_unknown(r, table, known);
    int result = read_endpoint(r, table, &out->own);
    if (result == 0)
        result = set_prefix(r, table, out);
    if (result == 0)
        result = get_bool(r, table, "blocked", &out->blocked);
    return result ? result : read_mirrors(r, table, out);
}

/* Into the place of an earlier file's table of that prefix. In one file the first one counts. */
static int keep_registry(const struct reading *r, size_t before, struct conf_registry *made,
                         unsigned line)
{
    struct registries_conf *conf = r->conf;
    size_t i = 0;
    while (i < conf->count && strcmp(conf->registries[i].prefix, made->prefix) != 0)
        i++;
    if (i == REGISTRIES_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: there are more than %d registries", r->file,
                         line, REGISTRIES_MAX);
    if (i < conf->count && i >= before) {
        img__log(r->log, IMG_LOG_WARNING, "%s:%u: \"%s\" has a table already; this one is ignored",
                 r->file, line, made->prefix);
        return 0;
    }
    if (i == conf->count) {
        struct conf_registry *grown =
            reallocarray(conf->registries, conf->count + 1, sizeof(*grown));
        if (!grown)
            return img__fail_memory(r->err);
        conf->registries = grown;
        conf->count++;
    } else {
        img__conf_registry_free(&conf->registries[i]);
    }
    conf->registries[i] = *made;
    *made = (struct conf_registry){0};
    return 0;
}

static int read_registries(const struct reading *r, const struct toml *document)
{
    const struct toml *list;
    size_t before = r->conf->count;
    int result = get(r, document, "registry", TOML_ARRAY, &list);
    for (size_t i = 0; result == 0 && list && i < list->count; i++) {
        const struct toml *table = list->items[i];
        struct conf_registry made = {0};
        result = table->type == TOML_TABLE ? read_registry(r, table, &made)
                                           : fail_at(r, table, "registry", "an array of tables");
        if (result == 0)
            result = keep_registry(r, before, &made, table->line);
        img__conf_registry_free(&made);
    }
    return result;
}

static int read_search(const struct reading *r, const struct toml *document)
{
    const struct toml *list;
    int result = get(r, document, "unqualified-search-registries", TOML_ARRAY, &list);
    if (result || !list)
        return result;
    img__strv_free(&r->conf->search);
    free(steal(r->conf->search_where));
    result = set_where(r, list, &r->conf->search_where);
    for (size_t i = 0; result == 0 && i < list->count; i++) {
        const struct toml *item = list->items[i];
        if (item->type != TOML_STRING || img__reference_check_host(item->text, NULL) != 0)
            return fail_at(r, item, list->key, "an array of \"host[:port]\"");
        result = img__strv_add(&r->conf->search, item->text, r->err);
    }
    return result;
}

static int alias_slot(const struct reading *r, const char *name, struct conf_alias **out)
{
    struct registries_conf *conf = r->conf;
    for (size_t i = 0; i < conf->alias_count; i++) {
        *out = &conf->aliases[i];
        if (strcmp((*out)->name, name) == 0)
            return 0;
    }
    struct conf_alias *grown = reallocarray(conf->aliases, conf->alias_count + 1, sizeof(*grown));
    if (!grown)
        return img__fail_memory(r->err);
    conf->aliases = grown;
    *out = &grown[conf->alias_count];
    **out = (struct conf_alias){.name = strdup(name)};
    if (!(*out)->name)
        return img__fail_memory(r->err);
    conf->alias_count++;
    return 0;
}

/* An empty value takes back what an earlier file said. */
static int read_alias(const struct reading *r, const struct toml *item)
{
    struct conf_alias *alias = NULL;
    if (item->type != TOML_STRING)
        return fail_at(r, item, item->key, "a string");
    int result = alias_slot(r, item->key, &alias);
    if (result)
        return result;
    free(steal(alias->value));
    free(steal(alias->where));
    result = set_where(r, item, &alias->where);
    alias->value = strdup(item->text);
    return result || alias->value ? result : img__fail_memory(r->err);
}

static int read_aliases(const struct reading *r, const struct toml *document)
{
    const struct toml *table;
    int result = get(r, document, "aliases", TOML_TABLE, &table);
    for (size_t i = 0; result == 0 && table && i < table->count; i++)
        result = read_alias(r, table->items[i]);
    return result;
}

int img__registries_conf_add(struct registries_conf *conf, const char *file,
                             const struct toml *document, const struct observer *log,
                             img_error *err)
{
    static const char *const known[] = {
        "registry",        "unqualified-search-registries",      "aliases", "credential-helpers",
        "short-name-mode", "additional-layer-store-auth-helper", NULL};
    const struct reading r = {conf, file, log, err};
    if (img__toml_get(document, "registries"))
        return img__fail(err, IMG_EUNSUPPORTED,
                         "%s:%u: this is version 1 of the format; write [[registry]] tables, as in "
                         "containers-registries.conf(5)",
                         file, img__toml_get(document, "registries")->line);
    tell_unknown(&r, document, known);
    int result = read_registries(&r, document);
    if (result == 0)
        result = read_search(&r, document);
    return result ? result : read_aliases(&r, document);
}
