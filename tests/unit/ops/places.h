/* SPDX-License-Identifier: Apache-2.0
 *
 * Places for the tests of the copy: content in memory, and endpoints that have some of it, local or
 * remote. They write down in which order things reach them, and take nothing that refers to what
 * they lack.
 */
#ifndef TESTS_OPS_PLACES_H
#define TESTS_OPS_PLACES_H

#include "unit.h"

#include "base/buf.h"
#include "core/digest.h"
#include "core/endpoint.h"

#define CONTENTS_MAX 64
#define REFS_MAX 16

struct content {
    char label[16];
    img_descriptor descriptor;
    char *bytes;
    size_t refs[REFS_MAX];
    size_t ref_count;
};

struct world {
    struct content contents[CONTENTS_MAX];
    size_t count;
    struct buf trace; /* "put M;name I;" */
    struct buf warnings;
    int started, ended; /* items */
    int events;
    int cancel_at;       /* this event; 0: none */
    const char *fail_at; /* the label of what can't be put; NULL: none */
    bool sparse;         /* an index may lack some of its entries */
};

struct place {
    struct endpoint base;
    struct world *world;
    bool has[CONTENTS_MAX];
    bool gave[CONTENTS_MAX]; /* was fetched from it */
    size_t name;             /* CONTENTS_MAX: none */
    int gets;
};

static inline void world_free(struct world *world)
{
    for (size_t i = 0; i < world->count; i++)
        free(world->contents[i].bytes);
    img__buf_free(&world->trace);
    img__buf_free(&world->warnings);
}

static inline void img__auto_world(struct world *world)
{
    world_free(world);
}

#define WORLD_INIT                                                                                 \
    {                                                                                              \
        .trace = BUF_INIT(65536), .warnings = BUF_INIT(65536)                                      \
    }

/* ---- content ---- */

static inline size_t add_content(struct world *world, const char *label, const char *type,
                                 const char *text)
{
    img_error err = {0};
    assert_true(world->count < CONTENTS_MAX);
    struct content *content = &world->contents[world->count];
    snprintf(content->label, sizeof(content->label), "%s", label);
    content->bytes = strdup(text);
    assert_non_null(content->bytes);
    snprintf(content->descriptor.media_type, sizeof(content->descriptor.media_type), "%s", type);
    content->descriptor.size_bytes = strlen(text);
    assert_ok(img__digest_of(text, strlen(text), &content->descriptor.digest, &err));
    return world->count++;
}

static inline size_t add_layer(struct world *world, const char *label)
{
    return add_content(world, label, MEDIA_OCI_LAYER, label);
}

static inline void write_descriptor(struct buf *out, const img_descriptor *descriptor,
                                    const char *platform)
{
    img__buf_printf(out, "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%llu",
                    descriptor->media_type, descriptor->digest.text,
                    (unsigned long long)descriptor->size_bytes);
    if (platform)
        img__buf_printf(out, ",\"platform\":{\"os\":\"linux\",\"architecture\":\"%s\"}", platform);
    img__buf_putc(out, '}');
}

/* layers ends with CONTENTS_MAX. */
static inline size_t add_manifest(struct world *world, const char *label, size_t config,
                                  const size_t *layers)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_MANIFEST "\",\"config\":");
    write_descriptor(&text, &world->contents[config].descriptor, NULL);
    img__buf_puts(&text, ",\"layers\":[");
    for (const size_t *at = layers; *at != CONTENTS_MAX; at++) {
        img__buf_puts(&text, at == layers ? "" : ",");
        write_descriptor(&text, &world->contents[*at].descriptor, NULL);
    }
    img__buf_printf(&text, "],\"annotations\":{\"label\":\"%s\"}}", label);
    size_t made = add_content(world, label, MEDIA_OCI_MANIFEST, text.data);
    struct content *content = &world->contents[made];
    content->refs[content->ref_count++] = config;
    for (; *layers != CONTENTS_MAX; layers++)
        content->refs[content->ref_count++] = *layers;
    return made;
}

/* An entry of an index; platform may be NULL. */
struct child {
    size_t content;
    const char *platform;
};

/* children ends with CONTENTS_MAX. */
static inline size_t add_index(struct world *world, const char *label, const struct child *children)
{
    auto_(buf) struct buf text = BUF_INIT(65536);
    size_t refs[REFS_MAX], count = 0;
    img__buf_puts(&text,
                  "{\"schemaVersion\":2,\"mediaType\":\"" MEDIA_OCI_INDEX "\",\"manifests\":[");
    for (; children->content != CONTENTS_MAX; children++) {
        const struct content *child = &world->contents[children->content];
        img__buf_puts(&text, count ? "," : "");
        write_descriptor(&text, &child->descriptor, children->platform);
        refs[count++] = children->content;
    }
    img__buf_puts(&text, "]}");
    size_t made = add_content(world, label, MEDIA_OCI_INDEX, text.data);
    struct content *content = &world->contents[made];
    memcpy(content->refs, refs, sizeof(refs));
    content->ref_count = count;
    return made;
}

/* ---- places ---- */

static inline struct place *place_of(struct endpoint *endpoint)
{
    return (struct place *)endpoint;
}

/* CONTENTS_MAX: there is no such content. */
static inline size_t find_content(const struct world *world, const img_digest *digest)
{
    for (size_t i = 0; i < world->count; i++)
        if (img__digest_equal(&world->contents[i].descriptor.digest, digest))
            return i;
    return CONTENTS_MAX;
}

static inline int give(struct place *place, size_t at, struct document *out, img_error *err)
{
    if (at == CONTENTS_MAX || !place->has[at])
        return img__fail(err, IMG_ENOTFOUND, "it is not in this place");
    const struct content *content = &place->world->contents[at];
    place->gets++;
    *out = (struct document){content->descriptor, strdup(content->bytes), strlen(content->bytes)};
    assert_non_null(out->bytes);
    return 0;
}

static inline int place_resolve(struct endpoint *endpoint, struct document *out, img_error *err)
{
    return give(place_of(endpoint), place_of(endpoint)->name, out, err);
}

static inline int place_get(struct endpoint *endpoint, const img_descriptor *descriptor,
                            struct document *out, img_error *err)
{
    struct place *place = place_of(endpoint);
    return give(place, find_content(place->world, &descriptor->digest), out, err);
}

static inline int place_has(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                            img_error *err)
{
    struct place *place = place_of(endpoint);
    size_t at = find_content(place->world, &descriptor->digest);
    (void)err;
    *has = at != CONTENTS_MAX && place->has[at];
    return 0;
}

/* Whatever arrives; what it refers to must be there, but for kinds that the copy does not know. */
static inline int take(struct place *place, const img_digest *digest, const char *verb,
                       img_error *err)
{
    struct world *world = place->world;
    size_t at = find_content(world, digest);
    assert_int_not_equal(at, CONTENTS_MAX);
    const struct content *content = &world->contents[at];
    if (world->fail_at && strcmp(world->fail_at, content->label) == 0)
        return img__fail(err, IMG_EREFUSED, "%s is not taken", content->label);
    for (size_t i = 0; i < content->ref_count; i++) {
        const struct content *ref = &world->contents[content->refs[i]];
        bool known = img__media_kind(ref->descriptor.media_type) != MEDIA_UNKNOWN;
        if (known && !world->sparse && !place->has[content->refs[i]])
            fail_msg("%s came before %s", content->label, ref->label);
    }
    place->has[at] = true;
    img__buf_printf(&world->trace, "%s %s;", verb, content->label);
    return 0;
}

static inline int place_put(struct endpoint *endpoint, const struct document *document,
                            img_error *err)
{
    return take(place_of(endpoint), &document->descriptor.digest, "put", err);
}

static inline int place_name(struct endpoint *endpoint, const struct document *document,
                             img_error *err)
{
    struct place *place = place_of(endpoint);
    int rc = take(place, &document->descriptor.digest, "name", err);
    if (rc == 0)
        place->name = find_content(place->world, &document->descriptor.digest);
    return rc;
}

static inline int place_source(struct endpoint *endpoint, const img_descriptor *descriptor,
                               struct source **out, img_error *err)
{
    struct place *place = place_of(endpoint);
    size_t at = find_content(place->world, &descriptor->digest);
    if (at == CONTENTS_MAX || !place->has[at])
        return img__fail(err, IMG_ENOTFOUND, "the blob is not in this place");
    const char *bytes = place->world->contents[at].bytes;
    return img__source_memory(bytes, strlen(bytes), out, err);
}

struct place_sink {
    struct sink base;
    struct place *place;
    img_descriptor descriptor;
    uint64_t bytes;
};

static inline int place_sink_write(struct sink *sink, const void *data, size_t len, img_error *err)
{
    (void)data, (void)err;
    ((struct place_sink *)sink)->bytes += len;
    return 0;
}

static inline int place_sink_close(struct sink *sink, img_error *err)
{
    struct place_sink *self = (struct place_sink *)sink;
    assert_int_equal(self->bytes, self->descriptor.size_bytes);
    return take(self->place, &self->descriptor.digest, "blob", err);
}

static inline void place_sink_free(struct sink *sink)
{
    free(sink);
}

static inline int place_sink(struct endpoint *endpoint, const img_descriptor *descriptor,
                             struct sink **out, img_error *err)
{
    static const struct sink_ops ops = {place_sink_write, place_sink_close, place_sink_free};
    bool has;
    *out = NULL;
    place_has(endpoint, descriptor, &has, err);
    if (has)
        return 0;
    struct place_sink *self = calloc(1, sizeof(*self));
    assert_non_null(self);
    *self = (struct place_sink){{&ops}, place_of(endpoint), *descriptor, 0};
    *out = &self->base;
    return 0;
}

/* One after the other, as a registry that is asked for one transfer at once. */
static inline int place_fetch(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                              struct observer *observer, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct item item;
        auto_(source) struct source *source = NULL;
        auto_(sink) struct sink *sink = NULL;
        const img_descriptor *descriptor = jobs[i].descriptor;
        if (jobs[i].begun)
            item = *jobs[i].begun;
        else
            rc = img__item_start(&item, observer, jobs[i].what, descriptor->digest.text,
                                 descriptor->size_bytes, err);
        if (rc == 0)
            rc = jobs[i].local->ops->open_sink(jobs[i].local, descriptor, &sink, err);
        if (rc == 0 && sink)
            rc = place_source(endpoint, descriptor, &source, err);
        if (rc == 0 && sink)
            rc = img__io_copy(source, sink, err);
        if (rc == 0 && sink)
            place_of(endpoint)->gave[find_content(place_of(endpoint)->world, &descriptor->digest)] =
                true;
        if (rc == 0 && sink)
            rc = img__sink_close(sink, err);
        if (rc == 0)
            rc = img__item_end(&item, sink ? IMG_EVENT_DONE : IMG_EVENT_CACHED, NULL, err);
    }
    return rc;
}

static inline int place_send(struct endpoint *endpoint, const struct blob_job *jobs, size_t count,
                             struct observer *observer, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct item item;
        auto_(source) struct source *source = NULL;
        const img_descriptor *descriptor = jobs[i].descriptor;
        bool has = false;
        rc = img__item_start(&item, observer, jobs[i].what, descriptor->digest.text,
                             descriptor->size_bytes, err);
        if (rc == 0)
            rc = place_has(endpoint, descriptor, &has, err);
        if (rc == 0 && !has)
            rc = jobs[i].local->ops->open_source(jobs[i].local, descriptor, &source, err);
        if (rc == 0 && !has)
            rc = take(place_of(endpoint), &descriptor->digest, "blob", err);
        if (rc == 0)
            rc = img__item_end(&item, has ? IMG_EVENT_EXISTS : IMG_EVENT_DONE, NULL, err);
    }
    return rc;
}

static const struct endpoint_ops place_local_ops = {
    .resolve = place_resolve,
    .get_document = place_get,
    .has_document = place_has,
    .put_document = place_put,
    .set_name = place_name,
    .open_source = place_source,
    .open_sink = place_sink,
};

static const struct endpoint_ops place_remote_ops = {
    .resolve = place_resolve,
    .get_document = place_get,
    .has_document = place_has,
    .put_document = place_put,
    .set_name = place_name,
    .open_source = place_source,
    .fetch = place_fetch,
    .send = place_send,
};

static inline struct place place_new(struct world *world, bool remote)
{
    return (struct place){
        .base = {.ops = remote ? &place_remote_ops : &place_local_ops},
        .world = world,
        .name = CONTENTS_MAX,
    };
}

/* A place with everything, whose name stands for top. */
static inline struct place place_full(struct world *world, bool remote, size_t top)
{
    struct place place = place_new(world, remote);
    for (size_t i = 0; i < world->count; i++)
        place.has[i] = true;
    place.name = top;
    return place;
}

#endif
