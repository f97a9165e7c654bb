/* SPDX-License-Identifier: Apache-2.0
 *
 * Which table of registries.conf is about a reference, and where it leads. A prefix ends where a
 * component of the name ends: "a.example/b" is about "a.example/b/c" and "a.example/b:tag", not
 * about "a.example/bc".
 */
#include "registry/registries_conf.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "core/reference.h"

static void endpoint_free(struct conf_endpoint *endpoint)
{
    free(endpoint->location);
    free(endpoint->where);
}

void img__conf_registry_free(struct conf_registry *registry)
{
    for (size_t i = 0; i < registry->mirror_count; i++)
        endpoint_free(&registry->mirrors[i]);
    free(registry->mirrors);
    endpoint_free(&registry->own);
    free(registry->prefix);
}

void img__registries_conf_free(struct registries_conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->count; i++)
        img__conf_registry_free(&conf->registries[i]);
    for (size_t i = 0; i < conf->alias_count; i++) {
        free(conf->aliases[i].name);
        free(conf->aliases[i].value);
        free(conf->aliases[i].where);
    }
    free(conf->registries);
    free(conf->aliases);
    img__strv_free(&conf->search);
    img__strv_free(&conf->files);
    free(conf->search_where);
    free(conf);
}

/* How much of the name "host/path" a prefix covers, 0: it is about others. */
static size_t match_wildcard(const char *prefix, const char *name)
{
    size_t host = strcspn(name, "/"), domain = host, len = strlen(prefix + 1);
    const char *colon = memrchr(name, ':', host);
    if (colon && name[0] != '[')
        domain = (size_t)(colon - name);
    bool ends = domain > len && memcmp(name + domain - len, prefix + 1, len) == 0;
    return ends ? domain : 0;
}

/* reference is "host/path[:tag][@digest]". */
static size_t match(const char *prefix, const char *reference)
{
    size_t len = strlen(prefix);
    if (img__text_starts(prefix, "*."))
        return match_wildcard(prefix, reference);
    if (!img__text_starts(reference, prefix))
        return 0;
    char next = reference[len];
    bool in_host = !strchr(prefix, '/');
    bool ends = next == '\0' || next == '/' || next == '@' || (next == ':' && !in_host);
    return ends ? len : 0;
}

static void normal_name(const img_reference *reference, char *name)
{
    char host[sizeof(reference->domain)];
    img__reference_host_normal(reference->domain, host, sizeof(host));
    snprintf(name, IMG_REFERENCE_TEXT_MAX, "%s/%s", host, reference->path);
}

const struct conf_registry *img__registries_conf_find(const struct registries_conf *conf,
                                                      const img_reference *reference)
{
    const struct conf_registry *best = NULL;
    char text[IMG_REFERENCE_TEXT_MAX];
    normal_name(reference, text);
    size_t len = strlen(text);
    const char *digest = reference->digest.text;
    snprintf(text + len, sizeof(text) - len, "%s%s%s%s", *reference->tag ? ":" : "", reference->tag,
             *digest ? "@" : "", digest);
    for (size_t i = 0; i < conf->count; i++) {
        const struct conf_registry *registry = &conf->registries[i];
        if (!match(registry->prefix, text))
            continue;
        if (!best || strlen(registry->prefix) > strlen(best->prefix))
            best = registry;
    }
    return best;
}

/* Keeps a path without a domain from being taken for a name of Docker Hub. */
static int set_name(const char *text, const char *where, img_reference *out, img_error *err)
{
    size_t host = strcspn(text, "/");
    img_reference parsed;
    int result = img_reference_parse(text, &parsed, err);
    if (result)
        return img__prefix(err, result, "%s", where);
    if (!text[host] || strpbrk(text + host, ":@") || host >= sizeof(out->domain) ||
        strlen(text + host + 1) >= sizeof(out->path))
        return img__fail(err, IMG_EINVAL, "%s: \"%s\" is no repository", where, text);
    memcpy(out->domain, text, host);
    out->domain[host] = '\0';
    snprintf(out->path, sizeof(out->path), "%s", text + host + 1);
    return 0;
}

int img__registries_conf_rewrite(const struct conf_registry *registry,
                                 const struct conf_endpoint *endpoint,
                                 const img_reference *reference, img_reference *out, img_error *err)
{
    char name[IMG_REFERENCE_TEXT_MAX];
    auto_(buf) struct buf text = BUF_INIT(IMG_REFERENCE_TEXT_MAX);
    *out = *reference;
    if (!*endpoint->location)
        return 0;
    normal_name(reference, name);
    size_t covered = match(registry->prefix, name);
    /* A prefix with a tag covers all of the name, and then the location may have one too. The tag
     * stays the one that was asked for. */
    size_t path = strcspn(endpoint->location, "/");
    size_t bare = path + strcspn(endpoint->location + path, ":@");
    img__buf_append(&text, endpoint->location, covered ? strlen(endpoint->location) : bare);
    if (covered)
        img__buf_puts(&text, name + covered);
    int result = img__buf_check(&text, "a reference", err);
    return result ? result : set_name(img__buf_text(&text), endpoint->where, out, err);
}

const struct conf_alias *img__registries_conf_alias(const struct registries_conf *conf,
                                                    const char *name)
{
    for (size_t i = 0; i < conf->alias_count; i++)
        if (strcmp(conf->aliases[i].name, name) == 0)
            return &conf->aliases[i];
    return NULL;
}
