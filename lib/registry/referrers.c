/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of referrers. 404 is what a registry without the API says, and some say 405, or 400 with
 * UNSUPPORTED; the list is then an index under a tag. Everything else that is no list is an error
 * (R2): that one may not look does not mean that there is nothing. What the registry said is
 * remembered per repository.
 */
#include "registry/referrers.h"

#include <stdio.h>
#include <string.h>

#include "base/path_set.h"
#include "base/text.h"
#include "core/manifest.h"
#include "registry/facts.h"
#include "registry/pager.h"

#define ACCEPT_INDEX "Accept: " MEDIA_OCI_INDEX

struct list {
    struct repository *repository;
    const struct referrers_query *query;
    const char *tag; /* NULL: by the API */
    bool filtered;   /* by the registry */
    bool answered;
    struct path_set seen;
    size_t entries; /* of the page that is looked at */
};

static int take_entry(const struct json *entry, void *arg, img_error *err)
{
    struct list *list = arg;
    const struct referrers_query *query = list->query;
    auto_(referrer) struct referrer referrer = REFERRER_INIT;
    img_error why;
    bool known;
    list->entries++;
    int result = img__referrer_parse(entry, "an entry of the list of referrers", &referrer, &why);
    if (result == IMG_ENOMEM)
        return img__fail_memory(err);
    if (result) {
        img__log(&list->repository->registry->log, IMG_LOG_WARNING, "%s: it is left out",
                 why.message);
        return 0;
    }
    result = img__path_set_add(&list->seen, referrer.descriptor.digest.text, &known, err);
    if (result || known)
        return result;
    if (query->artifact_type && !list->filtered &&
        strcmp(query->artifact_type, referrer.artifact_type) != 0)
        return 0;
    return query->take(&referrer, list->tag, query->arg, err);
}

static bool was_filtered(const struct http_response *response)
{
    char value[256];
    img__call_header(response, "OCI-Filters-Applied", value, sizeof(value));
    for (const char *at = value; *at; at += strspn(at, ", \t")) {
        size_t len = strcspn(at, ", \t");
        if (len == strlen("artifactType") && img__text_starts_nocase(at, "artifactType"))
            return true;
        at += len;
    }
    return false;
}

static int take_page(const struct http_response *response, struct page *page, void *arg,
                     img_error *err)
{
    struct list *list = arg;
    size_t before = list->seen.count;
    list->answered = true;
    list->filtered = was_filtered(response);
    list->entries = 0;
    int result = img__referrers_read("the list of referrers", img__buf_text(&response->body),
                                     response->body.len, take_entry, list, err);
    page->entries = list->entries;
    page->fresh = list->seen.count - before;
    return result;
}

static bool has_no_api(const struct list *list, int code, const img_error *err)
{
    if (list->answered || code == 0)
        return false;
    return err->http_status == 404 || err->http_status == 405 ||
           (err->http_status == 400 && strcmp(err->registry_code, "UNSUPPORTED") == 0);
}

static int ask_api(struct list *list, enum referrers_api *api, img_error *err)
{
    static const char *const headers[] = {ACCEPT_INDEX, NULL};
    struct repository *repository = list->repository;
    const struct pager pager = {&repository->access, headers, take_page, list};
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    img_error local = {0};
    img__buf_printf(&path, "/v2/%s/referrers/%s", repository->reference.path,
                    list->query->subject->text);
    if (list->query->artifact_type)
        img__url_append_query(&path, "artifactType", list->query->artifact_type);
    int result = img__buf_check(&path, "the URL", &local);
    if (result == 0)
        result = img__pager_run(&pager, path.data, &local);
    if (list->answered)
        *api = REFERRERS_THERE;
    if (has_no_api(list, result, &local)) {
        *api = REFERRERS_MISSING;
        return 0;
    }
    if (result && err)
        *err = local;
    return result;
}

/* What a tag stands for; no such tag is *found = false. */
static int get_tagged(struct repository *repository, const char *tag, struct document *out,
                      bool *found, img_error *err)
{
    img_reference own = repository->reference;
    img_error local = {0};
    repository->reference.digest.text[0] = '\0';
    snprintf(repository->reference.tag, sizeof(repository->reference.tag), "%s", tag);
    int result = img__manifest_get(repository, NULL, out, &local);
    repository->reference = own;
    *found = result == 0;
    if (result == IMG_ENOTFOUND)
        return 0;
    if (result && err)
        *err = local;
    return result;
}

static int read_tag(struct list *list, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    char tag[REFERRERS_TAG_MAX], what[256];
    bool found;
    img__referrers_tag(list->query->subject, tag);
    int result = get_tagged(list->repository, tag, &document, &found, err);
    if (result || !found)
        return result;
    snprintf(what, sizeof(what), "the list of referrers under the tag %s", tag);
    if (img__media_kind(document.descriptor.media_type) != MEDIA_INDEX)
        return img__fail(err, IMG_EFORMAT, "%s is a %s, not an index", what,
                         document.descriptor.media_type);
    list->tag = tag;
    list->filtered = false;
    result = img__referrers_read(what, document.bytes, document.len, take_entry, list, err);
    list->tag = NULL;
    return result;
}

int img__referrers_list(struct repository *repository, const struct referrers_query *query,
                        img_error *err)
{
    struct facts *facts = img__facts_of(repository->access.host, repository->reference.path);
    struct list list = {.repository = repository, .query = query};
    if (!facts)
        return img__fail_memory(err);
    int result = 0;
    if (facts->referrers != REFERRERS_MISSING)
        result = ask_api(&list, &facts->referrers, err);
    if (result == 0 && facts->referrers == REFERRERS_MISSING)
        result = read_tag(&list, err);
    img__path_set_free(&list.seen);
    return result;
}

static int take_cosign(struct repository *repository, const struct referrers_query *query,
                       const char *tag, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(referrer) struct referrer referrer = REFERRER_INIT;
    auto_(json) struct json *json = NULL;
    bool found;
    int result = get_tagged(repository, tag, &document, &found, err);
    if (result || !found)
        return result;
    result = img__json_parse(tag, document.bytes, document.len, &json, err);
    if (result == 0)
        result = img__annotations_parse(json, tag, &referrer.annotations, err);
    if (result)
        return result;
    const char *type = img__json_text(img__json_get(img__json_get(json, "config"), "mediaType"));
    referrer.descriptor = document.descriptor;
    snprintf(referrer.artifact_type, sizeof(referrer.artifact_type), "%s", type ? type : "");
    if (query->artifact_type && strcmp(query->artifact_type, referrer.artifact_type) != 0)
        return 0;
    return query->take(&referrer, tag, query->arg, err);
}

int img__referrers_list_cosign(struct repository *repository, const struct referrers_query *query,
                               img_error *err)
{
    static const char *const suffixes[] = {".sig", ".att", ".sbom"};
    char base[REFERRERS_TAG_MAX], tag[REFERRERS_TAG_MAX + 8];
    int result = 0;
    img__referrers_tag(query->subject, base);
    for (size_t i = 0; result == 0 && i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        snprintf(tag, sizeof(tag), "%s%s", base, suffixes[i]);
        result = take_cosign(repository, query, tag, err);
    }
    return result;
}
