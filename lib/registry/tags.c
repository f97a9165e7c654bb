/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of names. What registries are seen to send is taken: "tags": null or no tags at all, empty
 * strings (Nexus), digests among the tags (Artifactory), names twice, another repository's name.
 * What is no tag is no name for anything and left out. A name that was seen takes 16 bytes.
 */
#include "registry/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/path_set.h"
#include "core/json.h"
#include "core/reference.h"
#include "registry/pager.h"
#include "registry/repository.h"
#include "registry/scope.h"

struct list {
    const struct listing *listing;
    struct registry *registry;
    struct names_page page;
    bool (*valid)(const char *name);
    char path[384]; /* of the first request, without a query */
    struct path_set seen;
    uint64_t count;
    char last[256];
    size_t entries; /* of the page that is looked at */
    bool told;      /* of names that are none */
    bool finished;  /* the limit is reached */
};

static int take_entry(const struct names_page *page, const struct json *entry, img_error *err)
{
    const char *name = img__json_text(entry);
    if (!name && img__json_kind(entry) != JSON_NULL)
        return img__fail(err, IMG_EFORMAT, "%s: \"%s\" has an entry that is no string", page->what,
                         page->key);
    return name && *name ? page->take(name, page->arg, err) : 0;
}

int img__names_page_read(const struct names_page *page, const char *body, size_t len,
                         img_error *err)
{
    auto_(json) struct json *json = NULL;
    const struct json *names = NULL;
    int result = img__json_parse(page->what, body, len, &json, err);
    if (result == 0)
        result = img__json_get_kind(json, page->what, page->key, JSON_ARRAY, false, &names, err);
    for (size_t i = 0; result == 0 && i < img__json_count(names); i++)
        result = take_entry(page, img__json_at(names, i), err);
    return result;
}

static void tell_of_odd(struct list *list, const char *name)
{
    if (!list->told)
        img__log(&list->registry->log, IMG_LOG_INFO, "%s: what is no name is left out, as '%.200s'",
                 list->page.what, name);
    list->told = true;
}

static int take_name(const char *name, void *arg, img_error *err)
{
    struct list *list = arg;
    const struct listing *listing = list->listing;
    bool known;
    list->entries++;
    if (list->finished)
        return 0;
    int result = img__path_set_add(&list->seen, name, &known, err);
    if (result || known)
        return result;
    if (list->seen.count > NAMES_LISTED_MAX)
        return img__fail(err, IMG_ELIMIT, "%s has more than %" PRIu64 " names", list->page.what,
                         NAMES_LISTED_MAX);
    if (!list->valid(name)) {
        tell_of_odd(list, name);
        return 0;
    }
    list->count++;
    list->finished = listing->limit && list->count == listing->limit;
    snprintf(list->last, sizeof(list->last), "%s", name);
    return listing->take(name, listing->arg, err);
}

static void append_size(const struct list *list, struct buf *path)
{
    char text[16];
    snprintf(text, sizeof(text), "%" PRIu32, list->listing->page_size);
    if (list->listing->page_size)
        img__url_append_query(path, "n", text);
}

static int take_names(const struct http_response *response, struct page *page, void *arg,
                      img_error *err)
{
    struct list *list = arg;
    size_t before = list->seen.count;
    list->entries = 0;
    int result =
        img__names_page_read(&list->page, img__buf_text(&response->body), response->body.len, err);
    if (result)
        return result;
    page->entries = list->entries;
    page->fresh = list->seen.count - before;
    page->enough = list->finished;
    if (!list->listing->probe || !page->fresh || !*list->last)
        return 0;
    img__buf_puts(&page->follow, list->path);
    img__url_append_query(&page->follow, "last", list->last);
    append_size(list, &page->follow);
    return img__buf_check(&page->follow, "the URL", err);
}

static int walk(struct list *list, struct access *access, img_error *err)
{
    static const char *const headers[] = {"Accept: application/json", NULL};
    const struct pager pager = {access, headers, take_names, list};
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    list->page.take = take_name;
    list->page.arg = list;
    img__buf_puts(&path, list->path);
    append_size(list, &path);
    int result = img__buf_check(&path, "the URL", err);
    if (result == 0)
        result = img__pager_run(&pager, path.data, err);
    img__path_set_free(&list->seen);
    return result;
}

int img__registry_tags(struct registry *registry, const img_reference *reference,
                       const struct listing *listing, img_error *err)
{
    auto_(endpoint) struct endpoint *endpoint = NULL;
    struct list list = {
        .listing = listing,
        .registry = registry,
        .page = {.key = "tags", .what = "the list of tags"},
        .valid = img__reference_is_tag,
    };
    int result = img__registry_endpoint(registry, reference, REGISTRY_PULL, &endpoint, err);
    if (result)
        return result;
    snprintf(list.path, sizeof(list.path), "/v2/%s/tags/list", reference->path);
    return walk(&list, &((struct repository *)endpoint)->access, err);
}

/* Many registries have no catalog, or none for everyone. */
static int explain(const struct access *access, int code, img_error *err)
{
    img_error local;
    if (!err)
        err = &local;
    if (code == IMG_ENOTFOUND || (code == IMG_EREFUSED && err->http_status == 405))
        err->code = code = IMG_EUNSUPPORTED;
    else if (code != IMG_EAUTH)
        return code;
    return img__prefix(err, code, "%s does not offer its catalog%s", access->host->name,
                       code == IMG_EAUTH ? " to this account" : "");
}

int img__registry_catalog(struct registry *registry, const char *host,
                          const struct listing *listing, img_error *err)
{
    struct list list = {
        .listing = listing,
        .registry = registry,
        .page = {.key = "repositories", .what = "the catalog"},
        .valid = img__reference_is_path,
        .path = "/v2/_catalog",
    };
    auto_(account) struct account account = {0};
    auto_free char *scope = strdup("registry:catalog:*");
    struct access access = {.registry = registry, .repository = "", .account = &account};
    img_error local;
    if (!scope)
        return img__fail_memory(err);
    int result = img__registry_host(registry, host, &access.host, err);
    if (result)
        return result;
    access.scope = steal(scope);
    result = walk(&list, &access, &local);
    free(access.scope);
    if (result)
        result = explain(&access, result, &local);
    if (result && err)
        *err = local;
    return result;
}
