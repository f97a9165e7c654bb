/* SPDX-License-Identifier: Apache-2.0
 *
 * Manifests and indexes, by tag and by digest (registry.md L1-L4, L14, L15, T14, T15, X4, U16).
 * Their bytes are what counts: by digest they must have it, by tag they must have the one that the
 * answer's header tells, if it does. What a tag stood for at the first place that answered has a
 * digest, by which all else is asked for, wherever.
 *
 * What they are read from is the first place that has them; the failure that is told is the
 * origin's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/digest.h"
#include "registry/call.h"
#include "registry/errors.h"
#include "registry/places.h"

#define PATH_MAX_BYTES ((size_t)1024)
#define HEADER_MAX_BYTES ((size_t)1024)

int img__manifest_path(const struct repository *repository, const char *name, struct buf *out,
                       img_error *err)
{
    img__buf_printf(out, "/v2/%s/manifests/%s", repository->reference.path, name);
    return img__buf_check(out, "the URL", err);
}

static const char *own_name(const struct repository *repository)
{
    const img_reference *reference = &repository->reference;
    return *reference->digest.text ? reference->digest.text : reference->tag;
}

/* Have the bytes this digest, computed by its own algorithm? */
static int check_bytes(const char *what, const struct buf *body, const img_digest *expected,
                       img_error *err)
{
    char algorithm[16];
    auto_(hash) struct hash *hash = NULL;
    img_digest actual;
    img__digest_algorithm(expected, algorithm, sizeof(algorithm));
    int result = img__hash_new(algorithm, &hash, err);
    if (result == 0)
        result = img__hash_update(hash, img__buf_text(body), body->len, err);
    if (result == 0)
        result = img__hash_final(hash, &actual, err);
    if (result || img__digest_equal(&actual, expected))
        return result;
    return img__fail(err, IMG_EDIGEST, "%s has digest %s instead of %s", what, actual.text,
                     expected->text);
}

struct getting {
    const img_descriptor *wanted; /* NULL: whatever is there */
    const img_digest *digest;     /* NULL: by tag */
    struct document *out;
};

/* By digest that one counts alone, by tag what the header promises. */
static int check_answer(const struct getting *getting, const struct http_response *response,
                        const char *what, img_error *err)
{
    char text[sizeof(getting->digest->text)];
    img_digest promised;
    const img_descriptor *wanted = getting->wanted;
    if (wanted && wanted->size_bytes != response->body.len)
        return img__fail(err, IMG_EDIGEST, "%s has %zu bytes instead of %" PRIu64, what,
                         response->body.len, wanted->size_bytes);
    if (getting->digest)
        return check_bytes(what, &response->body, getting->digest, err);
    img__call_header(response, "Docker-Content-Digest", text, sizeof(text));
    if (img_digest_parse(text, &promised, NULL) != 0)
        return 0;
    return check_bytes(what, &response->body, &promised, err);
}

static int make_document(const struct getting *getting, const struct http_response *response,
                         const char *media_type, img_error *err)
{
    const struct buf *body = &response->body;
    char *bytes = malloc(body->len + 1);
    if (!bytes)
        return img__fail_memory(err);
    memcpy(bytes, img__buf_text(body), body->len + 1);
    int result = img__document_make(media_type, bytes, body->len, getting->out, err);
    if (result)
        return result;
    if (getting->digest)
        getting->out->descriptor.digest = *getting->digest;
    if (getting->wanted)
        getting->out->descriptor.platform = getting->wanted->platform;
    return 0;
}

static int take_manifest(const struct call *call, const struct http_response *response, void *arg,
                         img_error *err)
{
    const struct getting *getting = arg;
    const img_descriptor *wanted = getting->wanted;
    char content_type[MEDIA_TYPE_MAX], media_type[MEDIA_TYPE_MAX];
    if (response->status != 200)
        return img__call_refused(call, response, err);
    auto_(buf) struct buf what = BUF_INIT(URL_MAX);
    img__buf_printf(&what, "the manifest at %s", call->url);
    int result = check_answer(getting, response, img__buf_text(&what), err);
    if (result)
        return result;
    img__call_header(response, "Content-Type", content_type, sizeof(content_type));
    result = img__document_sniff(img__buf_text(&what), content_type, img__buf_text(&response->body),
                                 response->body.len, media_type, err);
    if (result)
        return result;
    if (wanted && *wanted->media_type && strcmp(wanted->media_type, media_type) != 0)
        return img__fail(err, IMG_EFORMAT, "%s is a %s, but the index that names it says %s",
                         img__buf_text(&what), media_type, wanted->media_type);
    return make_document(getting, response, media_type, err);
}

/* Limits of the rate as Docker Hub tells them: "100;w=21600". */
static void log_rate(const struct call *call, const struct http_response *response)
{
    char limit[64], remaining[64];
    const struct access *access = call->request.access;
    img__call_header(response, "RateLimit-Limit", limit, sizeof(limit));
    img__call_header(response, "RateLimit-Remaining", remaining, sizeof(remaining));
    if (*limit || *remaining)
        img__log(&access->registry->log, IMG_LOG_INFO,
                 "%s limits the rate: %s requests are left of %s", access->host->name,
                 *remaining ? remaining : "?", *limit ? limit : "?");
}

static int take_get(const struct call *call, const struct http_response *response, void *arg,
                    img_error *err)
{
    log_rate(call, response);
    return take_manifest(call, response, arg, err);
}

/* A request for a manifest; name is a tag or a digest, condition a header or NULL. */
struct wish {
    const char *method;
    const char *name;
    const char *condition;
    uint64_t limit;
};

static int ask_at(struct access *access, const char *path, const struct wish *wish,
                  call_answer_fn answer, void *arg, img_error *err)
{
    auto_(buf) struct buf accept = BUF_INIT(HEADER_MAX_BYTES);
    img__buf_printf(&accept, "Accept: %s", img__media_accept());
    int result = img__buf_check(&accept, "a header", err);
    if (result)
        return result;
    struct call_request request = {
        .access = access,
        .method = wish->method,
        .path = path,
        .headers = (const char *const[]){accept.data, wish->condition, NULL},
        .body_limit = wish->limit,
        .priority = 1,
    };
    return img__call_perform(&request, answer, arg, err);
}

static int ask(const struct place *place, const struct wish *wish, call_answer_fn answer, void *arg,
               img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    int result = img__place_path(place, "manifests", wish->name, &path, err);
    return result ? result : ask_at(place->access, path.data, wish, answer, arg, err);
}

/* Not the fault of a place? */
static bool is_local(int code)
{
    return code == IMG_EIO || code == IMG_ENOMEM || code == IMG_ECANCELED || code == IMG_EINVAL ||
           code == IMG_EFAIL;
}

static int walk_places(struct repository *repository, const struct wish *wish, bool by_tag,
                       struct getting *getting, img_error *err)
{
    uint64_t tried = 0;
    const struct place *told = NULL;
    struct place *place;
    img_error local, first;
    int code = img__fail(&first, IMG_EINVAL, "no place is set up to read %s from", wish->name);
    while ((place = img__place_next(repository, by_tag, &tried))) {
        int result = ask(place, wish, take_get, getting, &local);
        if (result == 0)
            return 0;
        if (!told || !place->mirror || is_local(result)) {
            told = place;
            first = local;
            code = result;
        }
        if (is_local(result))
            break;
        img__place_failed(place, result != IMG_ENOTFOUND);
        if (place->mirror)
            img__log(&repository->registry->log, IMG_LOG_INFO, "trying the next place: %s",
                     local.message);
    }
    if (err)
        *err = first;
    return code;
}

int img__manifest_get(struct repository *repository, const img_descriptor *wanted,
                      struct document *out, img_error *err)
{
    const uint64_t limit = repository->registry->manifest_limit_bytes;
    const img_digest *own = &repository->reference.digest;
    struct getting getting = {wanted, wanted ? &wanted->digest : *own->text ? own : NULL, out};
    const struct wish wish = {"GET", wanted ? wanted->digest.text : own_name(repository), NULL,
                              limit};
    if (wanted && wanted->size_bytes > limit)
        return img__fail(err, IMG_ELIMIT,
                         "manifest %s has %" PRIu64 " bytes, more than the limit of %" PRIu64,
                         wanted->digest.text, wanted->size_bytes, limit);
    return walk_places(repository, &wish, getting.digest == NULL, &getting, err);
}

struct asking {
    const img_digest *digest;
    bool *has;
};

/* No is also what a registry says that does not let us look or does not know HEAD: the request that
 * follows will have a better answer, with a body. */
static int take_presence(const struct call *call, const struct http_response *response, void *arg,
                         img_error *err)
{
    const struct asking *asking = arg;
    switch (response->status) {
    case 200:
        *asking->has = img__repository_check_digest(call, response, asking->digest, NULL) == 0;
        return 0;
    case 400:
    case 403:
    case 404:
    case 405:
    case 406:
    case 501:
        *asking->has = false;
        return 0;
    default:
        return img__call_refused(call, response, err);
    }
}

/* Of the origin: it is about what is to be written there. */
int img__manifest_has(struct repository *repository, const img_descriptor *descriptor, bool *has,
                      img_error *err)
{
    struct asking asking = {&descriptor->digest, has};
    const struct wish wish = {"HEAD", descriptor->digest.text, NULL, 0};
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    int result = img__manifest_path(repository, descriptor->digest.text, &path, err);
    return result ? result
                  : ask_at(&repository->access, path.data, &wish, take_presence, &asking, err);
}

/* Yes is only what is sure: 304, or the very digest. */
static int take_sameness(const struct call *call, const struct http_response *response, void *arg,
                         img_error *err)
{
    const struct asking *asking = arg;
    char text[sizeof(asking->digest->text)];
    (void)err;
    log_rate(call, response);
    img__call_header(response, "Docker-Content-Digest", text, sizeof(text));
    *asking->has = response->status == 304 ||
                   (response->status == 200 && strcmp(text, asking->digest->text) == 0);
    return 0;
}

int img__manifest_is_still(struct repository *repository, const img_descriptor *known, bool *same,
                           img_error *err)
{
    char condition[sizeof(known->digest.text) + 32];
    struct asking asking = {&known->digest, same};
    const struct wish wish = {"HEAD", own_name(repository), condition, 0};
    uint64_t tried = 0;
    img_error local;
    struct place *place = img__place_next(repository, true, &tried);
    snprintf(condition, sizeof(condition), "If-None-Match: \"%s\"", known->digest.text);
    *same = false;
    if (!place)
        return 0;
    int result = ask(place, &wish, take_sameness, &asking, &local);
    if (result && place->mirror && !is_local(result)) {
        img__place_failed(place, true);
        return 0;
    }
    if (result && err)
        *err = local;
    return result;
}

/* Of the origin too. */
int img__manifest_is_tagged(struct repository *repository, const img_digest *digest,
                            const char *tag, bool *is, img_error *err)
{
    struct asking asking = {digest, is};
    const struct wish wish = {"HEAD", tag, NULL, 0};
    auto_(buf) struct buf path = BUF_INIT(PATH_MAX_BYTES);
    int result = img__manifest_path(repository, tag, &path, err);
    return result ? result
                  : ask_at(&repository->access, path.data, &wish, take_sameness, &asking, err);
}
