/* SPDX-License-Identifier: Apache-2.0
 *
 * hosts.toml, read only. What is wrong is an error that names file and line, though containerd
 * goes on without: a mirror that was meant and is not asked is hard to notice.
 */
#include "registry/hosts_toml.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/text.h"
#include "core/reference.h"
#include "core/reference_host.h"
#include "registry/secret.h"
#include "registry/user_dir.h"

#define MIRRORS_MAX 62 /* see PLACES_MAX */
#define HEADERS_MAX 100

struct reading {
    const char *file;
    const struct observer *log;
    img_error *err;
};

static void entry_free(struct hosts_entry *entry)
{
    img__certs_free(&entry->certs);
    img__secret_strv_free(&entry->headers);
    free(entry->url);
    free(entry->where);
}

void img__hosts_toml_free(struct hosts_toml *hosts)
{
    if (!hosts)
        return;
    for (size_t i = 0; i < hosts->mirror_count; i++)
        entry_free(&hosts->mirrors[i]);
    free(hosts->mirrors);
    entry_free(&hosts->server);
    free(hosts);
}

static int fail_at(const struct reading *r, const struct toml *at, const char *wanted)
{
    return img__fail(r->err, IMG_EFORMAT, "%s:%u: \"%s\" must be %s", r->file, at->line,
                     at->key ? at->key : "an element", wanted);
}

static int get(const struct reading *r, const struct toml *table, const char *key,
               enum toml_type type, const struct toml **out)
{
    *out = img__toml_get(table, key);
    return *out && (*out)->type != type ? fail_at(r, *out, img__toml_type_name(type)) : 0;
}

/* Its last component is "/v2", unless the file says that the path is complete. */
static int set_base(const struct reading *r, const struct toml *at, const char *path, bool complete,
                    struct hosts_entry *out)
{
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    bool has = len >= 3 && memcmp(path + len - 3, "/v2", 3) == 0;
    int wrote = snprintf(out->base, sizeof(out->base), "%.*s%s", (int)len, path,
                         has || complete ? "" : "/v2");
    if (wrote < 0 || (size_t)wrote >= sizeof(out->base) || strpbrk(path, "?#% \"\\") ||
        strstr(path, "/../"))
        return fail_at(r, at, "a URL with a plain path");
    return 0;
}

/* [http[s]://]HOST[:PORT][/PATH] */
static int set_url(const struct reading *r, const struct toml *at, const char *url, bool complete,
                   struct hosts_entry *out)
{
    char host[sizeof(out->host)];
    out->plain_http = img__text_starts(url, "http://");
    const char *start = url;
    if (out->plain_http || img__text_starts(url, "https://"))
        start = strstr(url, "://") + 3;
    size_t len = strcspn(start, "/");
    if (len == 0 || len >= sizeof(host))
        return fail_at(r, at, "a URL");
    memcpy(host, start, len);
    host[len] = '\0';
    if (img__reference_check_host(host, NULL) != 0)
        return fail_at(r, at, "a URL: https://HOST[:PORT][/PATH]");
    img__reference_host_normal(host, out->host, sizeof(out->host));
    out->url = strdup(url);
    if (!out->url)
        return img__fail_memory(r->err);
    return set_base(r, at, start + len, complete, out);
}

static int read_capabilities(const struct reading *r, const struct toml *table,
                             struct hosts_entry *out)
{
    const struct toml *list;
    int result = get(r, table, "capabilities", TOML_ARRAY, &list);
    out->pull = out->resolve = out->push = !list || list->count == 0;
    for (size_t i = 0; result == 0 && list && i < list->count; i++) {
        const struct toml *item = list->items[i];
        const char *word = item->type == TOML_STRING ? item->text : "";
        bool pull = img__text_equal_nocase(word, "pull");
        bool resolve = img__text_equal_nocase(word, "resolve");
        bool push = img__text_equal_nocase(word, "push");
        bool referrers = img__text_equal_nocase(word, "referrers");
        if (!pull && !resolve && !push && !referrers)
            return fail_at(r, list, "a list of pull, resolve, push and referrers");
        out->pull |= pull;
        out->resolve |= resolve;
        out->push |= push;
    }
    return result;
}

static int path_of(const struct reading *r, const struct toml *value, char **out)
{
    const char *slash = strrchr(r->file, '/');
    bool absolute = value->text && *value->text == '/';
    *out = NULL;
    if (value->type != TOML_STRING || !*value->text)
        return fail_at(r, value, "the path of a file");
    int folder = absolute || !slash ? 0 : (int)(slash + 1 - r->file);
    if (asprintf(out, "%.*s%s", folder, r->file, value->text) >= 0)
        return 0;
    *out = NULL;
    return img__fail_memory(r->err);
}

static int add_ca(const struct reading *r, const struct toml *value, struct certs *out)
{
    auto_free char *path = NULL;
    int result = path_of(r, value, &path);
    return result ? result : img__certs_add_ca(out, path, r->err);
}

static int read_ca(const struct reading *r, const struct toml *table, struct certs *out)
{
    const struct toml *value = img__toml_get(table, "ca");
    if (!value || value->type != TOML_ARRAY)
        return value ? add_ca(r, value, out) : 0;
    int result = 0;
    for (size_t i = 0; result == 0 && i < value->count; i++)
        result = add_ca(r, value->items[i], out);
    return result;
}

/* One file with both, or a pair of which the second may be "". */
static int set_client(const struct reading *r, const struct toml *value, struct certs *out)
{
    auto_free char *cert = NULL, *key = NULL;
    bool pair = value->type == TOML_ARRAY;
    if (pair && (value->count != 2 || value->items[1]->type != TOML_STRING))
        return fail_at(r, value, "[\"CERTIFICATE\", \"KEY\"]");
    const struct toml *first = pair ? value->items[0] : value;
    const struct toml *second = pair && *value->items[1]->text ? value->items[1] : first;
    int result = path_of(r, first, &cert);
    if (result == 0)
        result = path_of(r, second, &key);
    return result ? result : img__certs_set_client(out, cert, key, r->err);
}

static int read_client(const struct reading *r, const struct toml *table, struct certs *out)
{
    const struct toml *value = img__toml_get(table, "client");
    if (!value || value->type != TOML_ARRAY)
        return value ? set_client(r, value, out) : 0;
    if (value->count > 1)
        img__log(r->log, IMG_LOG_WARNING,
                 "%s:%u: the first client certificate is used, the others are ignored", r->file,
                 value->line);
    return value->count ? set_client(r, value->items[0], out) : 0;
}

/* Of the form of one, and none by which requests are cut. */
static bool is_header_name(const char *name)
{
    static const char *const ours[] = {"Host", "Content-Length", "Transfer-Encoding", NULL};
    for (size_t i = 0; ours[i]; i++)
        if (img__text_equal_nocase(name, ours[i]))
            return false;
    for (const char *c = name; *c; c++)
        if (!img__is_alnum(*c) && !strchr("!#$%&'*+-.^_`|~", *c))
            return false;
    return *name != '\0';
}

static int add_header(const struct reading *r, const struct toml *name, const struct toml *value,
                      struct hosts_entry *out)
{
    auto_(buf) struct buf line = BUF_INIT(8 * 1024);
    if (value->type != TOML_STRING || !is_header_name(name->key))
        return fail_at(r, name, "a header: NAME = \"VALUE\" or a list of values");
    for (const char *c = value->text; *c; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return fail_at(r, name, "a header without control characters");
    if (out->headers.count == HEADERS_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: there are more than %d headers", r->file,
                         name->line, HEADERS_MAX);
    img__buf_printf(&line, "%s: %s", name->key, value->text);
    int result = img__buf_check(&line, "a header", r->err);
    return result ? result : img__strv_add(&out->headers, img__buf_text(&line), r->err);
}

static int read_headers(const struct reading *r, const struct toml *table, struct hosts_entry *out)
{
    const struct toml *headers;
    int result = get(r, table, "header", TOML_TABLE, &headers);
    for (size_t i = 0; result == 0 && headers && i < headers->count; i++) {
        const struct toml *item = headers->items[i];
        if (item->type != TOML_ARRAY) {
            result = add_header(r, item, item, out);
            continue;
        }
        for (size_t k = 0; result == 0 && k < item->count; k++)
            result = add_header(r, item, item->items[k], out);
    }
    return result;
}

static void tell_unknown(const struct reading *r, const struct toml *table, bool top)
{
    static const char *const known[] = {"capabilities", "ca",     "client",
                                        "skip_verify",  "header", "override_path",
                                        "server",       "host",   NULL};
    for (size_t i = 0; i < table->count; i++) {
        const struct toml *item = table->items[i];
        size_t k = 0;
        while (known[k] && strcmp(known[k], item->key) != 0)
            k++;
        if (!known[k] || (!top && k >= 6))
            img__log(r->log, IMG_LOG_WARNING, "%s:%u: \"%s\" is not known and ignored", r->file,
                     item->line, item->key);
    }
}

/* url NULL: the registry itself. */
static int read_entry(const struct reading *r, const struct toml *table, const struct toml *at,
                      const char *url, struct hosts_entry *out)
{
    const struct toml *complete, *insecure;
    *out = (struct hosts_entry){.certs = CERTS_INIT, .base = "/v2"};
    int result = get(r, table, "override_path", TOML_BOOL, &complete);
    if (result == 0 && url)
        result = set_url(r, at, url, complete && complete->boolean, out);
    if (result == 0)
        result = get(r, table, "skip_verify", TOML_BOOL, &insecure);
    if (result)
        return result;
    out->insecure = insecure && insecure->boolean;
    if (asprintf(&out->where, "%s:%u", r->file, at->line) < 0) {
        out->where = NULL;
        return img__fail_memory(r->err);
    }
    result = read_capabilities(r, table, out);
    if (result == 0)
        result = read_ca(r, table, &out->certs);
    if (result == 0)
        result = read_client(r, table, &out->certs);
    return result ? result : read_headers(r, table, out);
}

static int read_mirrors(const struct reading *r, const struct toml *document,
                        struct hosts_toml *out)
{
    const struct toml *hosts;
    int result = get(r, document, "host", TOML_TABLE, &hosts);
    if (result || !hosts || hosts->count == 0)
        return result;
    if (hosts->count > MIRRORS_MAX)
        return img__fail(r->err, IMG_ELIMIT, "%s:%u: there are more than %d hosts", r->file,
                         hosts->line, MIRRORS_MAX);
    out->mirrors = calloc(hosts->count, sizeof(*out->mirrors));
    if (!out->mirrors)
        return img__fail_memory(r->err);
    for (size_t i = 0; result == 0 && i < hosts->count; i++) {
        const struct toml *table = hosts->items[i];
        if (table->type != TOML_TABLE)
            return fail_at(r, table, "a table");
        tell_unknown(r, table, false);
        result = read_entry(r, table, table, table->key, &out->mirrors[out->mirror_count++]);
    }
    return result;
}

int img__hosts_toml_read(const char *file, const struct toml *document, const struct observer *log,
                         struct hosts_toml **out, img_error *err)
{
    const struct reading r = {file, log, err};
    const struct toml *server;
    auto_(hosts_toml) struct hosts_toml *hosts = calloc(1, sizeof(*hosts));
    if (!hosts)
        return img__fail_memory(err);
    tell_unknown(&r, document, true);
    int result = get(&r, document, "server", TOML_STRING, &server);
    if (result == 0)
        result = read_mirrors(&r, document, hosts);
    if (result == 0)
        result = read_entry(&r, document, server ? server : document,
                            server && *server->text ? server->text : NULL, &hosts->server);
    if (result == 0)
        *out = steal(hosts);
    return result;
}

/* *found false: there is no such file. */
static int read_file(const char *path, const struct observer *log, struct hosts_toml **out,
                     bool *found, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT(TOML_BYTES_MAX);
    auto_(toml) struct toml *document = NULL;
    img_error local;
    int result = img__fs_read(AT_FDCWD, path, &text, &local);
    *found = result != IMG_ENOTFOUND;
    if (!*found)
        return 0;
    if (result == 0)
        result = img__toml_parse(path, img__buf_text(&text), text.len, &document, &local);
    if (result == 0)
        result = img__hosts_toml_read(path, document, log, out, &local);
    if (result && err)
        *err = local;
    return result;
}

int img__hosts_toml_find(const char *folder, const char *host, const struct observer *log,
                         struct hosts_toml **out, img_error *err)
{
    const char *colon = strrchr(host, ':');
    bool has_port = colon && !strchr(colon, ']');
    int len = (int)(has_port ? (size_t)(colon - host) : strlen(host));
    bool found = false;
    int result = 0;
    *out = NULL;
    for (unsigned i = has_port ? 0 : 1; result == 0 && !found && i < 3; i++) {
        auto_(buf) struct buf path = BUF_INIT(USER_PATH_MAX);
        if (i == 0)
            img__buf_printf(&path, "%s/%.*s_%s_/hosts.toml", folder, len, host, colon + 1);
        else
            img__buf_printf(&path, "%s/%s/hosts.toml", folder, i == 1 ? host : "_default");
        result = img__buf_check(&path, "a path", err);
        if (result == 0)
            result = read_file(img__buf_text(&path), log, out, &found, err);
    }
    return result;
}
