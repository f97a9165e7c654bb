/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes to the registry (registry.md U14). What is sent is sent as it is, with its
 * media type, and the digest that the registry answers with must be its own.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/digest.h"
#include "registry/call.h"
#include "registry/errors.h"
#include "registry/referrers.h"
#include "registry/repository.h"

#define PATH_MAX_BYTES ((size_t)1024)
#define HEADER_MAX_BYTES ((size_t)1024)
#define MUDDLED_TRIES 4
#define MUDDLED_PAUSE_NS 100000000 /* before the second try; more before the next ones */

struct putting {
    const img_digest *digest;
    char subject[sizeof(((img_digest *)NULL)->text)]; /* OCI-Subject of the answer */
};

static int take_put(const struct call *call, const struct http_response *response, void *arg,
                    img_error *err)
{
    struct putting *putting = arg;
    struct complaint answer = {0};
    if (response->status / 100 != 2)
        return img__call_refused(call, response, err);
    img__complaint_parse(img__buf_text(&response->body), response->body.len, &answer);
    if (answer.html)
        return img__fail(
            err, IMG_EFORMAT,
            "PUT %s: the answer is an HTML page: is this really a registry, or a login "
            "page or proxy in between?",
            call->url);
    if (response->status != 201 && response->status != 200)
        return img__fail(err, IMG_EREFUSED,
                         "PUT %s: the registry answered %d where 201 is due: the manifest may not "
                         "be there",
                         call->url, response->status);
    img__call_header(response, "OCI-Subject", putting->subject, sizeof(putting->subject));
    return img__repository_check_digest(call, response, putting->digest, err);
}

static int check_put(const struct repository *repository, const struct document *document,
                     bool by_name, img_error *err)
{
    const img_digest *own = &repository->reference.digest;
    const img_descriptor *descriptor = &document->descriptor;
    uint64_t limit = repository->registry->manifest_limit_bytes;
    if (document->len > limit)
        return img__fail(err, IMG_ELIMIT,
                         "manifest %s has %zu bytes, more than the limit of %" PRIu64,
                         descriptor->digest.text, document->len, limit);
    if (!*descriptor->media_type || strpbrk(descriptor->media_type, "\r\n"))
        return img__fail(err, IMG_EFORMAT, "manifest %s has the malformed media type \"%s\"",
                         descriptor->digest.text, descriptor->media_type);
    if (by_name && *own->text && !img__digest_equal(own, &descriptor->digest))
        return img__fail(err, IMG_EINVAL, "manifest %s can't be given the name %s",
                         descriptor->digest.text, own->text);
    return 0;
}

/* The digest is the bytes' own, so a registry that calls it wrong has read, on its side, what
 * another client was just writing (docker-registry, when several push the same): it passes. */
static bool is_muddled(int code, const img_error *err)
{
    return code == IMG_EREFUSED && err->http_status == 400 &&
           strcmp(err->registry_code, "DIGEST_INVALID") == 0;
}

static int put_patiently(const struct call_request *request, struct putting *putting,
                         img_error *err)
{
    img_error local;
    int result = img__call_perform(request, take_put, putting, &local);
    for (long tries = 1; tries < MUDDLED_TRIES && is_muddled(result, &local); tries++) {
        struct timespec pause = {.tv_nsec = tries * MUDDLED_PAUSE_NS};
        nanosleep(&pause, NULL);
        result = img__source_rewind(request->body, &local);
        if (result == 0)
            result = img__call_perform(request, take_put, putting, &local);
    }
    if (result && err)
        *err = local;
    return result;
}

int img__manifest_put(struct repository *repository, const struct document *document, bool by_name,
                      img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    auto_(buf) struct buf type = BUF_INIT(HEADER_MAX_BYTES);
    auto_(source) struct source *body = NULL;
    const char *tag = repository->reference.tag;
    int result = check_put(repository, document, by_name, err);
    if (result)
        return result;
    img__buf_printf(&type, "Content-Type: %s", document->descriptor.media_type);
    result = img__buf_check(&type, "a header", err);
    if (result == 0)
        result = img__manifest_path(
            repository, by_name && *tag ? tag : document->descriptor.digest.text, &path, err);
    if (result == 0)
        result = img__source_memory(document->bytes, document->len, &body, err);
    if (result)
        return result;
    struct putting putting = {&document->descriptor.digest, ""};
    struct call_request request = {
        .access = &repository->access,
        .method = "PUT",
        .path = path.data,
        .headers = (const char *const[]){type.data, NULL},
        .body = body,
        .body_size = document->len,
    };
    result = put_patiently(&request, &putting, err);
    return result ? result : img__referrers_after_put(repository, document, putting.subject, err);
}
