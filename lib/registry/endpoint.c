/* SPDX-License-Identifier: Apache-2.0
 *
 * A repository as an endpoint, and the accesses that go with it: pulling asks for pull alone,
 * pushing for pull and push, mounting for pull of the source besides (registry.md A9, A10).
 */
#include <string.h>

#include "base/strv.h"
#include "core/digest.h"
#include "registry/blob_reader.h"
#include "registry/call.h"
#include "registry/elsewhere.h"
#include "registry/places.h"
#include "registry/referrers.h"
#include "registry/registry.h"
#include "registry/repository.h"
#include "registry/scope.h"

static struct repository *self_of(struct endpoint *endpoint)
{
    return (struct repository *)endpoint;
}

static int endpoint_resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    return img__manifest_get(self_of(endpoint), NULL, out, err);
}

static int endpoint_is_still(struct endpoint *endpoint, const img_descriptor *known, bool *same,
                             img_error *err)
{
    return img__manifest_is_still(self_of(endpoint), known, same, err);
}

static int endpoint_get_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 struct document *out, img_error *err)
{
    return img__manifest_get(self_of(endpoint), descriptor, out, err);
}

static int endpoint_has_document(struct endpoint *endpoint, const img_descriptor *descriptor,
                                 bool *has, img_error *err)
{
    return img__manifest_has(self_of(endpoint), descriptor, has, err);
}

static int endpoint_put_document(struct endpoint *endpoint, const struct document *document,
                                 img_error *err)
{
    return img__manifest_put(self_of(endpoint), document, false, err);
}

static int endpoint_set_name(struct endpoint *endpoint, const struct document *document,
                             img_error *err)
{
    return img__manifest_put(self_of(endpoint), document, true, err);
}

static int endpoint_has_blob(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                             img_error *err)
{
    return img__blob_has(self_of(endpoint), descriptor, has, err);
}

struct taker {
    int (*take)(const img_descriptor *descriptor, void *arg, img_error *err);
    void *arg;
};

static int take_referrer(const struct referrer *referrer, const char *tag, void *arg,
                         img_error *err)
{
    const struct taker *taker = arg;
    (void)tag;
    return taker->take(&referrer->descriptor, taker->arg, err);
}

static int endpoint_referrers(struct endpoint *endpoint, const img_digest *subject,
                              int (*take)(const img_descriptor *descriptor, void *arg,
                                          img_error *err),
                              void *arg, img_error *err)
{
    struct taker taker = {take, arg};
    const struct referrers_query query = {.subject = subject, .take = take_referrer, .arg = &taker};
    return img__referrers_list(self_of(endpoint), &query, err);
}

static int endpoint_open_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                                struct source **out, img_error *err)
{
    return img__blob_reader(self_of(endpoint), descriptor, out, err);
}

static int endpoint_set_names(struct endpoint *const *endpoints, size_t count,
                              const struct document *document, img_error *err)
{
    auto_(strv) struct strv tags = {0};
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        const char *tag = self_of(endpoints[i])->reference.tag;
        result =
            *tag ? img__strv_add(&tags, tag, err) : endpoint_set_name(endpoints[i], document, err);
    }
    if (result || !tags.count)
        return result;
    return img__manifest_put_tags(self_of(endpoints[0]), document, img__strv_list(&tags),
                                  tags.count, err);
}

static int endpoint_fetch(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                          struct observer *observer, img_error *err)
{
    return img__blobs_fetch(self_of(endpoint), jobs, count, observer, err);
}

static int endpoint_send(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                         struct observer *observer, img_error *err)
{
    return img__blobs_send(self_of(endpoint), jobs, count, observer, err);
}

static void endpoint_free(struct endpoint *endpoint)
{
    struct repository *repository = self_of(endpoint);
    img__blob_readers_free(repository);
    while (repository->mounts) {
        struct mount *mount = repository->mounts;
        repository->mounts = mount->next;
        free(mount->source);
        free(mount->access.scope);
        free(mount);
    }
    img__places_free(repository);
    img__elsewhere_free(repository->elsewhere);
    free(repository->access.scope);
    img__account_free(&repository->account);
    free(repository);
}

static const struct endpoint_ops endpoint_ops = {
    .resolve = endpoint_resolve,
    .is_still = endpoint_is_still,
    .get_document = endpoint_get_document,
    .has_document = endpoint_has_document,
    .put_document = endpoint_put_document,
    .set_name = endpoint_set_name,
    .set_names = endpoint_set_names,
    .has_blob = endpoint_has_blob,
    .referrers = endpoint_referrers,
    .open_source = endpoint_open_source,
    .fetch = endpoint_fetch,
    .send = endpoint_send,
    .free = endpoint_free,
};

/* source NULL: of the repository alone. */
static int make_scope(const char *path, const char *actions, const char *source, char **out,
                      img_error *err)
{
    auto_(buf) struct buf scope = BUF_INIT(SCOPE_MAX);
    img__scope_add_repository(&scope, path, actions);
    if (source)
        img__scope_add_repository(&scope, source, "pull");
    int result = img__buf_check(&scope, "the scope", err);
    if (result)
        return result;
    *out = img__buf_steal(&scope);
    return *out ? 0 : img__fail_memory(err);
}

int img__registry_endpoint(struct registry *registry, const img_reference *reference,
                           enum registry_access access, struct endpoint **out, img_error *err)
{
    struct repository *repository = calloc(1, sizeof(*repository));
    if (!repository)
        return img__fail_memory(err);
    repository->base.ops = &endpoint_ops;
    repository->registry = registry;
    repository->reference = *reference;
    auto_(endpoint) struct endpoint *endpoint = &repository->base;
    struct access *own = &repository->access;
    own->registry = registry;
    own->repository = repository->reference.path;
    own->account = &repository->account;
    own->reads_only = access == REGISTRY_PULL;
    int result = img__places_make(repository, access, err);
    if (result == 0)
        result = make_scope(own->repository, access == REGISTRY_PUSH ? "pull,push" : "pull", NULL,
                            &own->scope, err);
    if (result == 0)
        *out = steal(endpoint);
    return result;
}

/* One scope, letter for letter, is one token. */
int img__registry_join(struct endpoint *from, struct endpoint *to, const char **mount_from,
                       bool *same, img_error *err)
{
    struct repository *source = self_of(from), *target = self_of(to);
    const char *path = source->reference.path;
    char *scope;
    *mount_from = NULL;
    *same = false;
    if (source->access.host != target->access.host)
        return 0;
    *same = strcmp(path, target->reference.path) == 0;
    int result = make_scope(target->reference.path, "pull,push", *same ? NULL : path, &scope, err);
    if (result)
        return result;
    free(target->access.scope);
    target->access.scope = scope;
    char *copy = strdup(scope);
    if (!copy)
        return img__fail_memory(err);
    free(source->access.scope);
    source->access.scope = copy;
    if (!*same)
        *mount_from = path;
    return 0;
}

int img__repository_mount(struct repository *repository, const char *source, struct mount **out,
                          img_error *err)
{
    for (struct mount *mount = repository->mounts; mount; mount = mount->next) {
        if (strcmp(mount->source, source) == 0) {
            *out = mount;
            return 0;
        }
    }
    auto_free struct mount *mount = calloc(1, sizeof(*mount));
    auto_free char *copy = strdup(source);
    if (!mount || !copy)
        return img__fail_memory(err);
    mount->access = repository->access;
    mount->access.scope = NULL;
    int result =
        make_scope(repository->reference.path, "pull,push", source, &mount->access.scope, err);
    if (result)
        return result;
    mount->source = steal(copy);
    mount->next = repository->mounts;
    repository->mounts = steal(mount);
    *out = repository->mounts;
    return 0;
}

int img__repository_check_digest(const struct call *call, const struct http_response *response,
                                 const img_digest *expected, img_error *err)
{
    char text[sizeof(expected->text)], algorithm[16], other[16];
    img_digest digest;
    img__call_header(response, "Docker-Content-Digest", text, sizeof(text));
    if (img_digest_parse(text, &digest, NULL) != 0 || img__digest_equal(&digest, expected))
        return 0;
    img__digest_algorithm(expected, algorithm, sizeof(algorithm));
    img__digest_algorithm(&digest, other, sizeof(other));
    if (strcmp(algorithm, other) != 0)
        return 0;
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    img__url_for_message(call->url, &url);
    return img__fail(err, IMG_EDIGEST, "%s %s: the registry speaks of %s where %s is due",
                     call->request.method, img__buf_text(&url), digest.text, expected->text);
}
