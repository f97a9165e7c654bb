/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of referrers under a tag, which several clients may change at once (registry.md R4).
 *
 * If-Match makes that safe where a registry obeys it; docker-registry answers 201 to any. There a
 * writer who has read before us overwrites what we wrote after it. So we write soon after we have
 * read, look again when everyone who read before us must have written, and begin anew if what we
 * wrote is gone. How long that is, we take from how long it took us.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "core/digest.h"
#include "registry/referrers.h"

#define TRIES_MAX 12
#define LOOKS_MAX 5 /* at what goes on changing, but keeps what we wrote */
#define WINDOW_MAX_MS ((uint64_t)5000)
#define STALE_MS ((uint64_t)50)

struct state {
    struct json *json; /* NULL: there is no list */
    img_digest digest;
    char etag[256];
    uint64_t asked_ms;
};

struct change {
    struct repository *repository;
    const char *tag;
    const char *digest;
    const struct json *entry;
    uint64_t window_ms;
    bool wrote;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* At least ms, at most twice that: clients that met once do not meet again. */
static void pause_ms(uint64_t ms)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof(random), 0) == (ssize_t)sizeof(random))
        ms += random % (ms + 1);
    struct timespec pause = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
}

static void state_clear(struct state *state)
{
    img__json_free(state->json);
    *state = (struct state){0};
}

static inline void img__auto_state(struct state *state)
{
    state_clear(state);
}

static int take_list(const struct call *call, const struct http_response *response, void *arg,
                     img_error *err)
{
    struct state *state = arg;
    char content_type[MEDIA_TYPE_MAX], media_type[MEDIA_TYPE_MAX];
    const struct buf *body = &response->body;
    const char *what = "the list of referrers under a tag";
    if (response->status == 404)
        return 0;
    if (response->status != 200)
        return img__call_refused(call, response, err);
    img__call_header(response, "Content-Type", content_type, sizeof(content_type));
    img__call_header(response, "ETag", state->etag, sizeof(state->etag));
    int result =
        img__document_sniff(what, content_type, img__buf_text(body), body->len, media_type, err);
    if (result == 0 && img__media_kind(media_type) != MEDIA_INDEX)
        result = img__fail(err, IMG_EFORMAT, "%s is a %s, not an index", what, media_type);
    if (result == 0)
        result = img__digest_of(img__buf_text(body), body->len, &state->digest, err);
    return result ? result
                  : img__json_parse(what, img__buf_text(body), body->len, &state->json, err);
}

static int read_list(const struct change *change, struct state *state, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    auto_(buf) struct buf accept = BUF_INIT(1024);
    state_clear(state);
    state->asked_ms = now_ms();
    img__buf_printf(&accept, "Accept: %s", img__media_accept());
    int result = img__buf_check(&accept, "a header", err);
    if (result == 0)
        result = img__manifest_path(change->repository, change->tag, &path, err);
    if (result)
        return result;
    const struct call_request request = {
        .access = &change->repository->access,
        .method = "GET",
        .path = path.data,
        .headers = (const char *const[]){accept.data, NULL},
        .body_limit = change->repository->registry->manifest_limit_bytes,
    };
    return img__call_perform(&request, take_list, state, err);
}

struct writing {
    bool lost; /* somebody else has written */
};

/* 412 is what If-Match is for. docker-registry, when it reads what another client is just writing,
 * takes the digest for wrong. */
static int take_written(const struct call *call, const struct http_response *response, void *arg,
                        img_error *err)
{
    struct writing *writing = arg;
    if (response->status / 100 == 2)
        return 0;
    int result = img__call_refused(call, response, err);
    writing->lost = response->status == 412 || response->status == 409 ||
                    (err && strcmp(err->registry_code, "DIGEST_INVALID") == 0);
    return writing->lost ? 0 : result;
}

static int write_list(const struct change *change, const struct document *list,
                      const struct state *state, bool *lost, img_error *err)
{
    auto_(buf) struct buf path = BUF_INIT(URL_MAX);
    auto_(source) struct source *body = NULL;
    char match[300];
    struct writing writing = {false};
    snprintf(match, sizeof(match), "If-Match: %s", state->etag);
    const char *headers[] = {"Content-Type: " MEDIA_OCI_INDEX, *state->etag ? match : NULL, NULL};
    int result = img__manifest_path(change->repository, change->tag, &path, err);
    if (result == 0)
        result = img__source_memory(list->bytes, list->len, &body, err);
    if (result)
        return result;
    const struct call_request request = {
        .access = &change->repository->access,
        .method = "PUT",
        .path = path.data,
        .headers = headers,
        .body = body,
        .body_size = list->len,
    };
    img_error local;
    result = img__call_perform(&request, take_written, &writing, &local);
    *lost = writing.lost;
    if (result && err)
        *err = local;
    return result;
}

/* *out is empty if nothing is to be changed. */
static int make_list(const struct change *change, const struct state *state, struct document *out,
                     img_error *err)
{
    auto_(json) struct json *json = NULL;
    int result = img__referrers_change(state->json, change->digest, change->entry, &json, err);
    if (result || !json)
        return result;
    result = img__document_from_json(MEDIA_OCI_INDEX, json, out, err);
    if (result == 0 && out->len > change->repository->registry->manifest_limit_bytes)
        return img__fail(err, IMG_ELIMIT,
                         "the list of referrers would have %zu bytes, more than "
                         "the limit of %" PRIu64,
                         out->len, change->repository->registry->manifest_limit_bytes);
    return result;
}

/* A list that is just being written may not be there for a moment. One that we took long to think
 * about is read again. */
static int read_and_make(const struct change *change, struct state *state, struct document *list,
                         img_error *err)
{
    int result = 0;
    for (int i = 0; result == 0 && i < 3; i++) {
        img__document_free(list);
        result = read_list(change, state, err);
        if (result == 0 && !state->json && i == 0) {
            pause_ms(change->repository->registry->window_ms / 15);
            continue;
        }
        uint64_t got_ms = now_ms();
        if (result == 0)
            result = make_list(change, state, list, err);
        if (now_ms() - got_ms < STALE_MS)
            break;
    }
    return result;
}

/* Looks again when who has read before us has written. *holds: it was not for nothing. */
static int settle(const struct change *change, const img_digest *written, bool *holds,
                  img_error *err)
{
    img_digest last = *written;
    for (int i = 0; i < LOOKS_MAX; i++) {
        auto_(state) struct state state = {0};
        auto_(document) struct document list = DOCUMENT_INIT;
        pause_ms(change->window_ms);
        int result = read_list(change, &state, err);
        if (result == 0)
            result = make_list(change, &state, &list, err);
        *holds = !list.bytes;
        if (result || !*holds || img__digest_equal(&state.digest, &last))
            return result;
        last = state.digest; /* others are at work */
    }
    return 0;
}

/* One round. *done: it is as it should be, and stays so as far as one can tell. */
static int try_once(struct change *change, bool *done, img_error *err)
{
    auto_(state) struct state state = {0};
    auto_(document) struct document list = DOCUMENT_INIT;
    bool lost = false;
    int result = read_and_make(change, &state, &list, err);
    if (result)
        return result;
    if (!list.bytes && !change->wrote) {
        *done = true;
        return 0;
    }
    if (list.bytes) {
        change->wrote = true;
        result = write_list(change, &list, &state, &lost, err);
        state.digest = list.descriptor.digest;
    }
    if (result || lost)
        return result;
    change->window_ms = 4 * (now_ms() - state.asked_ms);
    if (change->window_ms < change->repository->registry->window_ms)
        change->window_ms = change->repository->registry->window_ms;
    if (change->window_ms > WINDOW_MAX_MS)
        change->window_ms = WINDOW_MAX_MS;
    return settle(change, &state.digest, done, err);
}

int img__referrers_tag_change(struct repository *repository, const img_digest *subject,
                              const char *digest, const struct json *entry, img_error *err)
{
    char tag[REFERRERS_TAG_MAX];
    struct change change = {repository, tag, digest, entry, 0, false};
    img__referrers_tag(subject, tag);
    for (int i = 0; i < TRIES_MAX; i++) {
        bool done = false;
        if (i)
            pause_ms((uint64_t)repository->registry->window_ms / 4 << (i < 3 ? i : 3));
        int result = try_once(&change, &done, err);
        if (result || done)
            return result;
    }
    return img__fail(err, IMG_EREFUSED,
                     "the list of referrers under the tag %s is overwritten again and again", tag);
}
