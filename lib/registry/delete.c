/* SPDX-License-Identifier: Apache-2.0
 *
 * DELETE. A tag is never looked up to delete its manifest instead: that would take all the other
 * tags of it away (skopeo#795).
 *
 * Token services disagree about the right that this takes: "delete" is docker-registry's, Quay
 * refuses to hear of that and wants "*", others have push for it (A9). They are asked for in turn,
 * until the registry is content.
 */
#include "registry/delete.h"

#include <string.h>

#include "registry/referrers.h"
#include "registry/scope.h"

struct deleting {
    int status;
};

static int take_deleted(const struct call *call, const struct http_response *response, void *arg,
                        img_error *err)
{
    struct deleting *deleting = arg;
    deleting->status = response->status;
    return response->status / 100 == 2 ? 0 : img__call_refused(call, response, err);
}

static int ask(struct repository *repository, const char *path, const char *actions,
               struct deleting *deleting, img_error *err)
{
    auto_(buf) struct buf scope = BUF_INIT(SCOPE_MAX);
    struct access access = repository->access;
    access.reads_only = false;
    img__scope_add_repository(&scope, repository->reference.path, actions);
    int result = img__buf_check(&scope, "the scope", err);
    if (result)
        return result;
    access.scope = img__buf_steal(&scope);
    if (!access.scope)
        return img__fail_memory(err);
    const struct call_request request = {.access = &access, .method = "DELETE", .path = path};
    result = img__call_perform(&request, take_deleted, deleting, err);
    free(access.scope);
    return result;
}

/* Would another scope do better? The token service or the registry did not like this one. */
static bool is_about_scope(const struct repository *repository, int code,
                           const struct deleting *deleting, const img_error *err)
{
    if (!repository->access.host->challenges.bearer || code == 0)
        return false;
    if (deleting->status)
        return deleting->status == 401 || deleting->status == 403;
    /* 401 of a token service is about the password, which is not to be tried again and again. */
    return (code == IMG_EAUTH && err->http_status != 401) || err->http_status == 400;
}

/* The first refusal is the one that tells most. */
static int perform(struct repository *repository, const char *path, img_error *err)
{
    static const char *const actions[] = {"delete", "*", "pull,push"};
    int result = 0;
    img_error local;
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        struct deleting deleting = {0};
        img_error other;
        int now = ask(repository, path, actions[i], &deleting, i ? &other : &local);
        bool more = is_about_scope(repository, now, &deleting, i ? &other : &local);
        if (now == 0)
            return 0;
        if (i == 0)
            result = now;
        if (i && !more) {
            local = other;
            result = now;
        }
        if (!more)
            break;
    }
    if (err)
        *err = local;
    return result;
}

/* docker-registry 2 takes any tag for a digest, and a wrong one. */
static bool is_unsupported(int code, const img_error *err)
{
    return code == IMG_EREFUSED &&
           (err->http_status == 405 ||
            (err->http_status == 400 && (strcmp(err->registry_code, "UNSUPPORTED") == 0 ||
                                         strcmp(err->registry_code, "DIGEST_INVALID") == 0)));
}

int img__tag_delete(struct repository *repository, img_error *err)
{
    const img_reference *reference = &repository->reference;
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    img_error local;
    int result = img__manifest_path(repository, reference->tag, &path, err);
    if (result)
        return result;
    result = perform(repository, path.data, &local);
    if (is_unsupported(result, &local)) {
        local.code = IMG_EUNSUPPORTED;
        result = img__prefix(&local, IMG_EUNSUPPORTED,
                             "%s does not delete tags; a manifest is deleted by its digest, with "
                             "all of its tags",
                             reference->domain);
    }
    if (result && err)
        *err = local;
    return result;
}

/* What can't be read can be deleted all the same, but then nobody knows whether it has a subject.
 */
static int look(struct repository *repository, struct document *out, img_error *err)
{
    img_error local;
    int result = img__manifest_get(repository, NULL, out, &local);
    if (result == IMG_EUNSUPPORTED || result == IMG_EFORMAT || result == IMG_EAUTH)
        return 0;
    if (result && err)
        *err = local;
    return result;
}

int img__manifest_delete(struct repository *repository, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    img_error local;
    int result = img__manifest_path(repository, repository->reference.digest.text, &path, err);
    if (result == 0)
        result = look(repository, &document, err);
    if (result)
        return result;
    result = perform(repository, path.data, &local);
    if (is_unsupported(result, &local)) {
        local.code = IMG_EUNSUPPORTED;
        result = img__prefix(&local, IMG_EUNSUPPORTED, "%s does not delete manifests",
                             repository->reference.domain);
    }
    if (result == 0 && document.bytes)
        result = img__referrers_after_delete(repository, &document, &local);
    if (result && err)
        *err = local;
    return result;
}

int img__blob_delete(struct repository *repository, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    img__buf_printf(&path, "/v2/%s/blobs/%s", repository->reference.path,
                    repository->reference.digest.text);
    int result = img__buf_check(&path, "the URL", err);
    return result ? result : perform(repository, path.data, err);
}
