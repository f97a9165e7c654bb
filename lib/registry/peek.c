/* SPDX-License-Identifier: Apache-2.0
 *
 * What a name stands for, without its bytes (registry.md L3, T14). Registries answer HEAD with
 * 403, 404 or 405 where GET works, without the digest, without a length; whatever is not a full
 * answer is asked for again by GET, which then also says why not.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "registry/repository.h"

struct peeking {
    const struct repository *repository;
    img_descriptor *out;
    bool found;
};

static void take_size(const struct http_response *response, img_descriptor *out)
{
    char text[32];
    img__call_header(response, "Content-Length", text, sizeof(text));
    if (!img__text_number(text, (uint64_t)1 << 53, &out->size_bytes))
        out->size_bytes = 0;
}

static int take_head(const struct call *call, const struct http_response *response, void *arg,
                     img_error *err)
{
    struct peeking *peeking = arg;
    const img_digest *own = &peeking->repository->reference.digest;
    img_descriptor found = {"", {""}, 0, {"", "", "", ""}};
    char digest[sizeof(found.digest.text)], type[MEDIA_TYPE_MAX];
    if (response->status == 401)
        return img__call_refused(call, response, err);
    if (response->status != 200)
        return 0;
    img__call_header(response, "Docker-Content-Digest", digest, sizeof(digest));
    img__call_header(response, "Content-Type", type, sizeof(type));
    enum media_kind kind = img__media_kind(type);
    if (*own->text)
        found.digest = *own;
    else if (img_digest_parse(digest, &found.digest, NULL) != 0)
        return 0;
    if (kind != MEDIA_MANIFEST && kind != MEDIA_INDEX)
        return 0;
    int result = img__repository_check_digest(call, response, &found.digest, err);
    if (result)
        return result;
    snprintf(found.media_type, sizeof(found.media_type), "%s", img__media_canonical(type));
    take_size(response, &found);
    *peeking->out = found;
    peeking->found = true;
    return 0;
}

static int get(struct repository *repository, img_descriptor *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    int result = img__manifest_get(repository, NULL, &document, err);
    if (result == 0)
        *out = document.descriptor;
    return result;
}

int img__manifest_peek(struct repository *repository, img_descriptor *out, img_error *err)
{
    const img_reference *reference = &repository->reference;
    const char *name = *reference->digest.text ? reference->digest.text : reference->tag;
    struct peeking peeking = {repository, out, false};
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    auto_(buf) struct buf accept = BUF_INIT(1024);
    img__buf_printf(&accept, "Accept: %s", img__media_accept());
    int result = img__buf_check(&accept, "a header", err);
    if (result == 0)
        result = img__manifest_path(repository, name, &path, err);
    if (result)
        return result;
    const struct call_request request = {
        .access = &repository->access,
        .method = "HEAD",
        .path = path.data,
        .headers = (const char *const[]){accept.data, NULL},
    };
    result = img__call_perform(&request, take_head, &peeking, err);
    return result || peeking.found ? result : get(repository, out, err);
}
