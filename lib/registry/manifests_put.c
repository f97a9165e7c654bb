/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes to the registry (registry.md U14, U15, U19). What is sent is sent as it is,
 * with its media type, and the digest that the registry answers with must be its own.
 *
 * Several tags go with one PUT where the registry knows that (?tag=a&tag=b, and OCI-Tag in the
 * answer for those that it made); what it does not confirm is put by itself. A tag that must not be
 * moved is no failure where it stands for this very manifest.
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/strv.h"
#include "core/digest.h"
#include "net/url.h"
#include "registry/call.h"
#include "registry/errors.h"
#include "registry/referrers.h"
#include "registry/repository.h"

#define PATH_MAX_BYTES ((size_t)1024)
#define HEADER_MAX_BYTES ((size_t)1024)
#define MUDDLED_TRIES 4
#define MUDDLED_PAUSE_NS 100000000 /* before the second try; more before the next ones */

#define TAGS_AT_ONCE 10
#define TAGS_PATH_MAX_BYTES ((size_t)4096)

struct putting {
    const img_digest *digest;
    char subject[sizeof(((img_digest *)NULL)->text)]; /* OCI-Subject of the answer */
    struct strv *made; /* takes the tags that the answer confirms; NULL: it is not looked at */
};

/* OCI-Tag: in lines of their own, or with commas. */
static int take_made(const struct http_response *response, struct strv *made, img_error *err)
{
    const char *value;
    size_t len;
    for (size_t i = 0; (value = img__http_header(response, "OCI-Tag", i, &len)); i++) {
        auto_free char *line = strndup(value, len);
        char *rest = NULL;
        if (!line)
            return img__fail_memory(err);
        for (char *tag = strtok_r(line, ", \t", &rest); tag; tag = strtok_r(NULL, ", \t", &rest)) {
            int result = img__strv_add(made, tag, err);
            if (result)
                return result;
        }
    }
    return 0;
}

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
    int result = img__repository_check_digest(call, response, putting->digest, err);
    return result || !putting->made ? result : take_made(response, putting->made, err);
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

/* made: see struct putting. */
static int put_at(struct repository *repository, const struct document *document, const char *path,
                  struct strv *made, img_error *err)
{
    auto_(buf) struct buf type = BUF_INIT(HEADER_MAX_BYTES);
    auto_(source) struct source *body = NULL;
    img__buf_printf(&type, "Content-Type: %s", document->descriptor.media_type);
    int result = img__buf_check(&type, "a header", err);
    if (result == 0)
        result = img__source_memory(document->bytes, document->len, &body, err);
    if (result)
        return result;
    struct putting putting = {&document->descriptor.digest, "", made};
    struct call_request request = {
        .access = &repository->access,
        .method = "PUT",
        .path = path,
        .headers = (const char *const[]){type.data, NULL},
        .body = body,
        .body_size = document->len,
    };
    result = put_patiently(&request, &putting, err);
    return result ? result : img__referrers_after_put(repository, document, putting.subject, err);
}

/* How registries refuse to move a tag: Harbor with 412, ECR with 400 TAG_INVALID, others with 403
 * or 409. */
static bool is_fixed(const img_error *err)
{
    switch (err->http_status) {
    case 409:
    case 412:
        return true;
    case 400:
    case 403:
        return strcmp(err->registry_code, "TAG_INVALID") == 0 ||
               strcasestr(err->message, "immutable") != NULL;
    default:
        return false;
    }
}

static int put_tag(struct repository *repository, const struct document *document, const char *tag,
                   img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    img_error local;
    bool there = false;
    int result = img__manifest_path(repository, tag, &path, err);
    if (result)
        return result;
    result = put_at(repository, document, path.data, NULL, &local);
    if (result && is_fixed(&local)) {
        img_error ignored;
        int asked = img__manifest_is_tagged(repository, &document->descriptor.digest, tag, &there,
                                            &ignored);
        if (asked == 0 && there)
            return 0;
        img__prefix(&local, result, "the registry does not let the tag %s be moved", tag);
    }
    if (result && err)
        *err = local;
    return result;
}

int img__manifest_put(struct repository *repository, const struct document *document, bool by_name,
                      img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    const char *tag = repository->reference.tag;
    int result = check_put(repository, document, by_name, err);
    if (result == 0 && by_name && *tag)
        return put_tag(repository, document, tag, err);
    if (result == 0)
        result = img__manifest_path(repository, document->descriptor.digest.text, &path, err);
    return result ? result : put_at(repository, document, path.data, NULL, err);
}

/* One PUT by digest with these tags. That it refuses them is no failure: made stays empty. */
static int put_together(struct repository *repository, const struct document *document,
                        const char *const *tags, size_t count, struct strv *made, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(TAGS_PATH_MAX_BYTES);
    img_error local;
    int result = img__manifest_path(repository, document->descriptor.digest.text, &path, err);
    for (size_t i = 0; result == 0 && i < count; i++)
        img__url_append_query(&path, "tag", tags[i]);
    if (result == 0)
        result = img__buf_check(&path, "the URL", err);
    if (result)
        return result;
    result = put_at(repository, document, path.data, made, &local);
    if (result == 0 || local.http_status / 100 == 4)
        return 0;
    if (err)
        *err = local;
    return result;
}

int img__manifest_put_tags(struct repository *repository, const struct document *document,
                           const char *const *tags, size_t count, img_error *err)
{
    auto_(strv) struct strv made = {0};
    /* Of fewer the try could cost more than it saves. */
    bool together = count > 2 && !repository->access.host->tags_singly;
    int result = check_put(repository, document, false, err);
    for (size_t i = 0; result == 0 && together && i < count; i += TAGS_AT_ONCE) {
        size_t before = made.count;
        size_t some = count - i < TAGS_AT_ONCE ? count - i : TAGS_AT_ONCE;
        result = put_together(repository, document, tags + i, some, &made, err);
        together = made.count > before;
    }
    if (result == 0 && count > 2 && !together)
        repository->access.host->tags_singly = true;
    for (size_t i = 0; result == 0 && i < count; i++) {
        if (!img__strv_has(&made, tags[i]))
            result = put_tag(repository, document, tags[i], err);
    }
    return result;
}
