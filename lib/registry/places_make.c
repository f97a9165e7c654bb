/* SPDX-License-Identifier: Apache-2.0
 *
 * Which places a repository has. registries.conf decides for the names that it has a table for,
 * hosts.toml for the others, and without either there is the registry that is named. Reading may
 * be led elsewhere; writing never is (registry.md X1-X3, X6).
 *
 * A digest-only mirror is asked for content even where a tag was named, since the bytes are
 * checked; what the tag means is asked elsewhere. One for tags alone is not asked for an image by
 * digest.
 */
#include <stdio.h>
#include <string.h>

#include "core/reference.h"
#include "registry/hosts_toml.h"
#include "registry/places.h"
#include "registry/scope.h"

#define HUB_NAME "docker.io"
#define HUB_ADDRESS "registry-1.docker.io"

void img__places_free(struct repository *repository)
{
    for (size_t i = 0; i < repository->place_count; i++) {
        struct place *place = &repository->places[i];
        img__account_free(&place->mirror_account);
        free(place->mirror_access.scope);
        free(place->why);
    }
    free(repository->places);
    repository->places = NULL;
    repository->place_count = 0;
}

static int alloc_places(struct repository *repository, size_t mirrors, img_error *err)
{
    repository->places = calloc(mirrors + 1, sizeof(*repository->places));
    return repository->places ? 0 : img__fail_memory(err);
}

static int set_text(char **out, const char *text, img_error *err)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? img__fail_memory(err) : 0;
}

/* A place at the end of the list, as yet without host. */
static int add_place(struct repository *repository, const char *path, const char *why,
                     struct place **out, img_error *err)
{
    struct place *place = &repository->places[repository->place_count++];
    snprintf(place->path, sizeof(place->path), "%s", path);
    snprintf(place->base, sizeof(place->base), "/v2");
    place->by_tag = place->by_digest = true;
    place->access = &repository->access;
    *out = place;
    return set_text(&place->why, why, err);
}

/* Its account is found by its own name: that of the origin is not for it. */
static int make_mirror(struct repository *repository, struct place *place, struct host *host,
                       img_error *err)
{
    auto_(buf) struct buf scope = BUF_INIT(SCOPE_MAX);
    struct access *access = &place->mirror_access;
    img__scope_add_repository(&scope, place->path, "pull");
    int result = img__buf_check(&scope, "the scope", err);
    if (result)
        return result;
    access->scope = img__buf_steal(&scope);
    access->registry = repository->registry;
    access->host = host;
    access->repository = place->path;
    access->account = &place->mirror_account;
    access->ns = place->ns;
    access->reads_only = true;
    place->access = access;
    place->mirror = true;
    return access->scope ? 0 : img__fail_memory(err);
}

static int add_origin(struct repository *repository, const char *why, img_error *err)
{
    struct place *place;
    return add_place(repository, repository->reference.path, why, &place, err);
}

/* registries.conf */

static int conf_host(struct registry *registry, const char *domain, bool lax, struct host **out,
                     img_error *err)
{
    const struct host_settings settings = {.variant = lax ? "lax" : "", .lax = lax};
    char name[272];
    img__reference_host_normal(domain, name, sizeof(name));
    return img__registry_host_with(registry, name, &settings, out, err);
}

static int fail_blocked(const struct conf_registry *table, img_error *err)
{
    return img__fail(err, IMG_EREFUSED, "%s is blocked by %s", table->prefix, table->own.where);
}

static int add_conf_mirror(struct repository *repository, const struct conf_registry *table,
                           const struct conf_endpoint *mirror, img_error *err)
{
    struct place *place;
    struct host *host;
    img_reference there;
    bool by_digest = *repository->reference.digest.text;
    if (by_digest && !mirror->by_digest)
        return 0;
    int result = img__registries_conf_rewrite(table, mirror, &repository->reference, &there, err);
    if (result == 0)
        result = conf_host(repository->registry, there.domain, mirror->insecure, &host, err);
    if (result == 0)
        result = add_place(repository, there.path, mirror->where, &place, err);
    if (result)
        return result;
    place->by_tag = mirror->by_tag;
    return make_mirror(repository, place, host, err);
}

static int make_from_conf(struct repository *repository, const struct conf_registry *table,
                          img_error *err)
{
    img_reference there;
    int result = alloc_places(repository, table->mirror_count, err);
    for (size_t i = 0; result == 0 && i < table->mirror_count; i++)
        result = add_conf_mirror(repository, table, &table->mirrors[i], err);
    if (result == 0)
        result =
            img__registries_conf_rewrite(table, &table->own, &repository->reference, &there, err);
    if (result == 0)
        result = conf_host(repository->registry, there.domain, table->own.insecure,
                           &repository->access.host, err);
    if (result)
        return result;
    repository->reference = there;
    return add_origin(repository, table->own.where, err);
}

/* hosts.toml */

/* NULL: the name of the registry itself. */
static const char *entry_name(const struct hosts_entry *entry, const char *name)
{
    bool hub = strcmp(name, HUB_NAME) == 0 && strcmp(entry->host, HUB_ADDRESS) == 0;
    bool own = !*entry->host || hub || strcmp(entry->host, name) == 0;
    return own ? NULL : entry->host;
}

static int entry_host(struct registry *registry, struct hosts_entry *entry, const char *name,
                      struct host **out, img_error *err)
{
    const struct host_settings settings = {
        .variant = entry->where,
        .insecure = entry->insecure,
        .scheme = !entry->url         ? NULL
                  : entry->plain_http ? "http"
                                      : "https",
        .certs = &entry->certs,
        .headers = &entry->headers,
    };
    return img__registry_host_with(registry, name, &settings, out, err);
}

static int add_hosts_mirror(struct repository *repository, struct hosts_entry *entry,
                            const char *name, img_error *err)
{
    struct place *place;
    struct host *host;
    const char *other = entry_name(entry, name);
    if (!entry->pull && !entry->resolve)
        return 0;
    int result = entry_host(repository->registry, entry, other ? other : name, &host, err);
    if (result == 0)
        result = add_place(repository, repository->reference.path, entry->where, &place, err);
    if (result)
        return result;
    place->by_tag = entry->resolve;
    place->by_digest = entry->pull;
    snprintf(place->base, sizeof(place->base), "%s", entry->base);
    snprintf(place->ns, sizeof(place->ns), "%s", other ? name : "");
    return make_mirror(repository, place, host, err);
}

/* The server that stands at the end is what the registry is read from. */
static int add_hosts_server(struct repository *repository, struct hosts_entry *entry,
                            const char *name, img_error *err)
{
    struct place *place;
    const char *other = entry_name(entry, name);
    int result = entry_host(repository->registry, entry, other ? other : name,
                            &repository->access.host, err);
    if (result == 0)
        result = add_place(repository, repository->reference.path, entry->where, &place, err);
    if (result)
        return result;
    snprintf(place->base, sizeof(place->base), "%s", entry->base);
    snprintf(place->ns, sizeof(place->ns), "%s", other ? name : "");
    repository->access.ns = place->ns;
    return 0;
}

static int make_from_hosts(struct repository *repository, struct hosts_toml *hosts,
                           const char *name, img_error *err)
{
    int result = alloc_places(repository, hosts->mirror_count, err);
    for (size_t i = 0; result == 0 && i < hosts->mirror_count; i++)
        result = add_hosts_mirror(repository, &hosts->mirrors[i], name, err);
    return result ? result : add_hosts_server(repository, &hosts->server, name, err);
}

static int find_hosts(struct registry *registry, const char *name, struct hosts_toml **out,
                      img_error *err)
{
    const char *folder = registry->hosts_dir ? registry->hosts_dir : HOSTS_TOML_FOLDER;
    return img__hosts_toml_find(folder, name, &registry->log, out, err);
}

/* The two ways in. */

static int make_to_read(struct repository *repository, img_error *err)
{
    const struct registries_conf *conf;
    auto_(hosts_toml) struct hosts_toml *hosts = NULL;
    char name[272];
    struct registry *registry = repository->registry;
    int result = img__registry_conf(registry, &conf, err);
    if (result)
        return result;
    const struct conf_registry *table = img__registries_conf_find(conf, &repository->reference);
    if (table)
        return table->blocked ? fail_blocked(table, err) : make_from_conf(repository, table, err);
    img__reference_host_normal(repository->reference.domain, name, sizeof(name));
    result = find_hosts(registry, name, &hosts, err);
    if (result)
        return result;
    if (hosts)
        return make_from_hosts(repository, hosts, name, err);
    result =
        conf_host(registry, repository->reference.domain, false, &repository->access.host, err);
    if (result == 0)
        result = alloc_places(repository, 0, err);
    return result ? result : add_origin(repository, NULL, err);
}

int img__places_make(struct repository *repository, enum registry_access access, img_error *err)
{
    const img_reference *reference = &repository->reference;
    if (access == REGISTRY_PULL)
        return make_to_read(repository, err);
    int result = img__place_home(repository->registry, reference->domain, reference->path,
                                 &repository->access.host, err);
    if (result == 0)
        result = alloc_places(repository, 0, err);
    return result ? result : add_origin(repository, NULL, err);
}

/* insecure is said of the location; it counts here if that is the registry that is named. */
static bool is_lax_home(const struct conf_registry *table, const img_reference *named)
{
    char name[272];
    if (!table->own.insecure)
        return false;
    if (!*table->own.location)
        return true;
    size_t host = strcspn(table->own.location, "/");
    img__reference_host_normal(named->domain, name, sizeof(name));
    return strlen(name) == host && memcmp(name, table->own.location, host) == 0;
}

int img__place_home(struct registry *registry, const char *domain, const char *path,
                    struct host **out, img_error *err)
{
    const struct registries_conf *conf;
    auto_(hosts_toml) struct hosts_toml *hosts = NULL;
    img_reference named = {0};
    char name[272];
    snprintf(named.domain, sizeof(named.domain), "%s", domain);
    snprintf(named.path, sizeof(named.path), "%s", path);
    int result = img__registry_conf(registry, &conf, err);
    if (result)
        return result;
    const struct conf_registry *table = img__registries_conf_find(conf, &named);
    if (table)
        return table->blocked ? fail_blocked(table, err)
                              : conf_host(registry, domain, is_lax_home(table, &named), out, err);
    img__reference_host_normal(domain, name, sizeof(name));
    result = find_hosts(registry, name, &hosts, err);
    if (result == 0 && hosts && !entry_name(&hosts->server, name))
        return entry_host(registry, &hosts->server, name, out, err);
    return result ? result : conf_host(registry, domain, false, out, err);
}
