/* SPDX-License-Identifier: Apache-2.0
 *
 * Copying a repository. Its tags are resolved first, as many as memory is set aside for; those that
 * stand for one manifest are set together when that has arrived. What one tag has brought, the next
 * one does not ask for.
 */
#include "ops/copy_tags.h"

#include <stdio.h>
#include <string.h>

#include "base/strv.h"
#include "core/digest.h"
#include "core/reference.h"
#include "ops/client.h"
#include "registry/tags.h"

/* Of the manifests that are held at a time. */
#define HELD_BYTES_MAX ((size_t)16 << 20)

/* A manifest with its tags. */
struct group {
    struct document document;
    struct strv tags;
};

struct tags {
    struct copy_job *job;
    struct copy_seen seen;
    struct strv list;
    struct group *groups;
    size_t group_count, held_bytes;
    struct copy_look *look; /* NULL: it is no preview */
    img_copied_fn fn;
    void *arg;
};

static void drop_groups(struct tags *tags)
{
    for (size_t i = 0; i < tags->group_count; i++) {
        img__document_free(&tags->groups[i].document);
        img__strv_free(&tags->groups[i].tags);
    }
    free(steal(tags->groups));
    tags->group_count = tags->held_bytes = 0;
}

static void img__auto_tags(struct tags *tags)
{
    drop_groups(tags);
    img__strv_free(&tags->list);
    img__copy_seen_free(&tags->seen);
}

/* ---- endpoints of single tags ---- */

/* Of the registry that the source is in. */
static int open_from(const struct copy_job *job, const char *tag, struct endpoint **out,
                     img_error *err)
{
    img_reference reference = job->from.reference;
    reference.digest.text[0] = '\0';
    snprintf(reference.tag, sizeof(reference.tag), "%s", tag);
    return img__registry_endpoint(job->client->registry, &reference, REGISTRY_PULL, out, err);
}

static int open_to(const struct copy_job *job, const char *tag, struct endpoint **out,
                   img_error *err)
{
    const struct copy_place *to = &job->to;
    char name[IMG_REFERENCE_TEXT_MAX];
    img_reference reference = to->reference;
    reference.digest.text[0] = '\0';
    snprintf(reference.tag, sizeof(reference.tag), "%s", tag);
    if (to->where.kind == TRANSPORT_REGISTRY)
        return img__registry_endpoint(job->client->registry, &reference, REGISTRY_PUSH, out, err);
    img__reference_store_name(&reference, name);
    return img__store_endpoint(to->store ? to->store : job->options.store,
                               to->where.kind == TRANSPORT_STORE ? name : tag, out, err);
}

/* ---- the copies ---- */

struct endpoints {
    struct endpoint **list;
    size_t count;
};

static void img__auto_endpoints(struct endpoints *endpoints)
{
    for (size_t i = 0; i < endpoints->count; i++)
        img__endpoint_free(endpoints->list[i]);
    free(endpoints->list);
}

static int open_all(const struct copy_job *job, const struct strv *names, struct endpoints *out,
                    img_error *err)
{
    out->list = calloc(names->count, sizeof(struct endpoint *));
    if (!out->list)
        return img__fail_memory(err);
    for (const char *const *name = img__strv_list(names); *name; name++) {
        int rc = open_to(job, *name, &out->list[out->count], err);
        if (rc)
            return rc;
        out->count++;
    }
    return 0;
}

static int tell(const struct tags *tags, const struct group *group, const img_descriptor *top,
                img_error *err)
{
    for (const char *const *name = img__strv_list(&group->tags); tags->fn && *name; name++)
        if (tags->fn(*name, top, tags->arg))
            return img__fail(err, IMG_ECANCELED, "interrupted");
    return 0;
}

/* All tags of a manifest. */
static int copy_group(struct tags *tags, struct group *group, img_error *err)
{
    struct copy_job *job = tags->job;
    const char *first = img__strv_list(&group->tags)[0];
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(endpoints) struct endpoints to = {NULL, 0};
    struct copy copy = job->copy;
    img_descriptor top;
    int rc = open_from(job, first, &from, err);
    if (rc == 0)
        rc = open_all(job, &group->tags, &to, err);
    copy.from = from;
    for (size_t i = to.count; rc == 0 && i > 0; i--) {
        copy.to = to.list[i - 1];
        rc = img__copy_job_relate(job, &copy, err);
    }
    if (rc)
        return rc;
    copy.also = to.list + 1;
    copy.also_count = to.count - 1;
    copy.seen = &tags->seen;
    rc = img__copy_document(&copy, &group->document, &top, err);
    return rc ? img__prefix(err, rc, "tag %s", first) : tell(tags, group, &top, err);
}

static int look_at_group(struct tags *tags, struct group *group, img_error *err)
{
    struct copy copy = tags->job->copy;
    copy.seen = &tags->seen;
    int rc = img__copy_look_document(&copy, &group->document, tags->look, err);
    return rc ? img__prefix(err, rc, "tag %s", img__strv_list(&group->tags)[0]) : 0;
}

static int work_off(struct tags *tags, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < tags->group_count; i++)
        rc = tags->look ? look_at_group(tags, &tags->groups[i], err)
                        : copy_group(tags, &tags->groups[i], err);
    drop_groups(tags);
    return rc;
}

/* Takes document over, unless it fails. */
static int add(struct tags *tags, struct document *document, const char *tag, img_error *err)
{
    for (size_t i = 0; i < tags->group_count; i++) {
        struct group *group = &tags->groups[i];
        if (!img__digest_equal(&group->document.descriptor.digest, &document->descriptor.digest))
            continue;
        img__document_free(document);
        return img__strv_add(&group->tags, tag, err);
    }
    struct group *grown = reallocarray(tags->groups, tags->group_count + 1, sizeof(*tags->groups));
    if (!grown)
        return img__fail_memory(err);
    tags->groups = grown;
    struct group *group = &grown[tags->group_count++];
    *group = (struct group){*document, STRV_INIT};
    *document = (struct document)DOCUMENT_INIT;
    tags->held_bytes += group->document.len;
    return img__strv_add(&group->tags, tag, err);
}

static int resolve(struct tags *tags, const char *tag, img_error *err)
{
    auto_(endpoint) struct endpoint *from = NULL;
    auto_(document) struct document document = DOCUMENT_INIT;
    struct copy copy = tags->job->copy;
    int rc = open_from(tags->job, tag, &from, err);
    copy.from = from;
    if (rc == 0)
        rc = img__copy_job_relate(tags->job, &copy, err);
    if (rc == 0)
        rc = from->ops->resolve(from, &document, err);
    if (rc == 0)
        rc = add(tags, &document, tag, err);
    if (rc == 0 && tags->held_bytes >= HELD_BYTES_MAX)
        rc = work_off(tags, err);
    return rc;
}

/* ---- the list ---- */

static int take_tag(const char *name, void *arg, img_error *err)
{
    struct tags *tags = arg;
    return img__strv_add(&tags->list, name, err);
}

static int check(const struct copy_job *job, img_error *err)
{
    enum transport_kind to = job->to.where.kind;
    if (job->from.where.kind != TRANSPORT_REGISTRY)
        return img__fail(err, IMG_EINVAL, "only a repository of a registry has tags to be listed");
    if (to != TRANSPORT_REGISTRY && to != TRANSPORT_STORE && to != TRANSPORT_OCI)
        return img__fail(err, IMG_EINVAL, "all tags go to a registry, a store or a layout");
    if (job->copy.same_repository)
        return img__fail(err, IMG_EINVAL, "source and destination are the same repository");
    return 0;
}

static int run(struct tags *tags, img_error *err)
{
    struct copy_job *job = tags->job;
    struct listing listing = {.take = take_tag, .arg = tags};
    int rc = check(job, err);
    if (rc == 0)
        rc = img__registry_tags(job->client->registry, &job->from.reference, &listing, err);
    if (rc == 0 && tags->list.count == 0)
        rc = img__fail(err, IMG_ENOTFOUND, "the repository has no tags");
    for (size_t i = 0; rc == 0 && i < tags->list.count; i++)
        rc = resolve(tags, img__strv_list(&tags->list)[i], err);
    return rc ? rc : work_off(tags, err);
}

int img__copy_tags(struct copy_job *job, img_copied_fn fn, void *arg, img_error *err)
{
    auto_(tags) struct tags tags = {.job = job, .list = STRV_INIT, .fn = fn, .arg = arg};
    return run(&tags, err);
}

int img__copy_tags_look(struct copy_job *job, struct copy_look *out, img_error *err)
{
    auto_(tags) struct tags tags = {.job = job, .list = STRV_INIT, .look = out};
    return run(&tags, err);
}
