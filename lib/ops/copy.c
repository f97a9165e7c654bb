/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy: the plan is made, all of its blobs move at once, then the documents, from the bottom up,
 * and the name is set with the last one. So whenever it fails there is no name for what is not
 * there.
 */
#include "ops/copy.h"

#include <stdio.h>
#include <string.h>

#include "ops/copy_plan.h"
#include "ops/copy_referrers.h"
#include "ops/select.h"
#include "ops/supply.h"

/* As img__io_copy(), and may be canceled in between. */
static int move_bytes(struct source *source, struct sink *sink, struct item *item, img_error *err)
{
    auto_free char *chunk = malloc(IMG_IO_CHUNK);
    uint64_t done = 0;
    if (!chunk)
        return img__fail_memory(err);
    for (;;) {
        ssize_t got = img__source_read(source, chunk, IMG_IO_CHUNK, err);
        int rc = got > 0 ? img__sink_write(sink, chunk, (size_t)got, err) : (int)got;
        if (got <= 0 || rc)
            return rc;
        done += (size_t)got;
        rc = img__item_progress(item, done, err);
        if (rc)
            return rc;
    }
}

/* Between two local places. */
static int move_blob(const struct blob_job *job, struct endpoint *to, struct observer *observer,
                     img_error *err)
{
    struct item item;
    const img_descriptor *descriptor = job->descriptor;
    int rc = img__item_start(&item, observer, job->what, descriptor->digest.text,
                             descriptor->size_bytes, err);
    if (rc)
        return rc;
    auto_(sink) struct sink *sink = NULL;
    rc = to->ops->open_sink(to, descriptor, &sink, err);
    if (rc)
        return rc;
    if (!sink)
        return img__item_end(&item, IMG_EVENT_CACHED, NULL, err);
    auto_(source) struct source *source = NULL;
    rc = job->local->ops->open_source(job->local, descriptor, &source, err);
    if (rc == 0)
        rc = move_bytes(source, sink, &item, err);
    if (rc == 0)
        rc = img__sink_close(sink, err);
    return rc ? rc : img__item_end(&item, IMG_EVENT_DONE, NULL, err);
}

/* What the caller does not have. */
static int fetch(const struct copy *copy, struct endpoint *from, struct blob_job *jobs,
                 size_t count, img_error *err)
{
    auto_free struct item *items = copy->supply ? calloc(count, sizeof(*items)) : NULL;
    int rc = 0;
    if (copy->supply && !items)
        return img__fail_memory(err);
    if (copy->supply)
        rc = img__supply(copy, jobs, &count, items, err);
    return rc || count == 0 ? rc : from->ops->fetch(from, jobs, count, copy->observer, err);
}

/* Into a local place, all from one that the jobs have as the other side. */
static int move_from(const struct copy *copy, struct blob_job *jobs, size_t count, img_error *err)
{
    struct endpoint *from = jobs[0].local;
    int rc = 0;
    if (!from->ops->fetch) {
        for (size_t i = 0; rc == 0 && i < count; i++)
            rc = move_blob(&jobs[i], copy->to, copy->observer, err);
        return rc;
    }
    for (size_t i = 0; i < count; i++)
        jobs[i].local = copy->to;
    return fetch(copy, from, jobs, count, err);
}

static int compare_addresses(const void *a, const void *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* By place, and then in the order of the plan. */
static int compare_jobs(const void *a, const void *b)
{
    const struct blob_job *x = a, *y = b;
    int order = compare_addresses(x->local, y->local);
    return order ? order : compare_addresses(x->descriptor, y->descriptor);
}

/* Whichever side is remote moves all of them at once; of two registries it is the target, which
 * reads from the other as from a local place. */
static int move_jobs(const struct copy *copy, struct blob_job *jobs, size_t count, img_error *err)
{
    struct endpoint *to = copy->to;
    if (to->ops->send)
        return to->ops->send(to, jobs, count, copy->observer, err);
    if (copy->extra_count)
        qsort(jobs, count, sizeof(*jobs), compare_jobs);
    for (size_t done = 0, next = 0; done < count; done = next) {
        while (next < count && jobs[next].local == jobs[done].local)
            next++;
        int rc = move_from(copy, jobs + done, next - done, err);
        if (rc)
            return rc;
    }
    return 0;
}

static void set_origin(const struct copy *copy, struct blob_job *job)
{
    const struct copy_extra *extra = img__copy_extra(copy, &job->descriptor->digest);
    job->local = extra ? extra->place : copy->from;
    job->mount_from = extra ? extra->mount_from : copy->mount_from;
}

static int move_blobs(const struct plan *plan, img_error *err)
{
    if (plan->blob_count == 0)
        return 0;
    auto_free struct blob_job *jobs = calloc(plan->blob_count, sizeof(*jobs));
    if (!jobs)
        return img__fail_memory(err);
    size_t count = 0;
    for (size_t i = 0; i < plan->blob_count; i++) {
        const struct plan_blob *blob = &plan->blobs[i];
        if (blob->exists)
            continue;
        jobs[count].descriptor = &blob->descriptor;
        jobs[count].what = blob->what;
        set_origin(plan->copy, &jobs[count]);
        jobs[count].data = blob->data;
        jobs[count++].urls = blob->urls.count ? img__strv_list(&blob->urls) : NULL;
    }
    return count ? move_jobs(plan->copy, jobs, count, err) : 0;
}

static bool is_repeated(const img_descriptor *layers, size_t index)
{
    size_t i = 0;
    while (strcmp(layers[i].digest.text, layers[index].digest.text) != 0)
        i++;
    return i < index;
}

int img__copy_layers(const struct copy *copy, const img_descriptor *layers, size_t count,
                     img_error *err)
{
    auto_free struct blob_job *jobs = calloc(count + 1, sizeof(*jobs));
    auto_free char(*names)[56] = calloc(count + 1, sizeof(*names));
    size_t wanted = 0;
    if (!jobs || !names)
        return img__fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        if (is_repeated(layers, i))
            continue;
        snprintf(names[i], sizeof(names[i]), "layer %zu/%zu", i + 1, count);
        jobs[wanted].descriptor = &layers[i];
        jobs[wanted].what = names[i];
        set_origin(copy, &jobs[wanted++]);
    }
    return wanted ? move_jobs(copy, jobs, wanted, err) : 0;
}

/* A document moves: an item of its own for the observer. What a registry has already is put again
 * for its name alone. */
static int put(const struct copy *copy, const struct plan_document *planned, bool top,
               img_error *err)
{
    struct endpoint *to = copy->to;
    const struct document *document = &planned->document;
    bool index = img__media_kind(document->descriptor.media_type) == MEDIA_INDEX;
    int kind = !planned->exists ? IMG_EVENT_DONE
               : to->ops->send  ? IMG_EVENT_EXISTS
                                : IMG_EVENT_CACHED;
    bool names = top && !copy->nameless;
    struct item item;
    int rc = img__item_start(&item, copy->observer, index ? "index" : "manifest",
                             document->descriptor.digest.text, document->len, err);
    if (rc)
        return rc;
    if (names)
        rc = to->ops->set_name(to, document, err);
    else if (kind != IMG_EVENT_EXISTS)
        rc = to->ops->put_document(to, document, err);
    return rc ? rc : img__item_end(&item, kind, NULL, err);
}

static int put_documents(const struct plan *plan, img_error *err)
{
    const struct copy *copy = plan->copy;
    size_t count = plan->document_count;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = put(copy, &plan->documents[i], i + 1 == count, err);
    if (rc == 0 && copy->also_count && copy->also[0]->ops->set_names)
        return copy->also[0]->ops->set_names(copy->also, copy->also_count,
                                             &plan->documents[count - 1].document, err);
    for (size_t i = 0; rc == 0 && i < copy->also_count; i++)
        rc = copy->also[i]->ops->set_name(copy->also[i], &plan->documents[count - 1].document, err);
    return rc;
}

/* Of an index what the platforms want: one manifest, or an index of those alone. */
static int choose(const struct copy *copy, struct document *document, img_error *err)
{
    auto_(document) struct document made = DOCUMENT_INIT;
    if (copy->keep_index || !copy->platform_count)
        return 0;
    if (copy->platform_count == 1)
        return img__select_manifest(copy->from, copy->to->ops->send ? NULL : copy->to,
                                    copy->platforms, document, err);
    if (img__media_kind(document->descriptor.media_type) != MEDIA_INDEX)
        return 0;
    int rc = img__select_index(document, copy->platforms, copy->platform_count, &made, err);
    if (rc)
        return rc;
    img__document_free(document);
    *document = made;
    made = (struct document)DOCUMENT_INIT;
    return 0;
}

static int resolve(const struct copy *copy, struct document *out, img_error *err)
{
    struct endpoint *from = copy->from, *to = copy->to;
    bool same = copy->known && copy->sure;
    int rc = 0;
    if (copy->known && !same && from->ops->is_still)
        rc = from->ops->is_still(from, copy->known, &same, err);
    if (rc)
        return rc;
    return same ? to->ops->get_document(to, copy->known, out, err)
                : from->ops->resolve(from, out, err);
}

/* Takes document over, unless it fails. */
static int make_plan(const struct copy *copy, struct document *document, struct plan *plan,
                     img_descriptor *top, img_error *err)
{
    int rc = choose(copy, document, err);
    if (rc)
        return rc;
    *top = document->descriptor;
    return img__plan_make(copy, document, plan, err);
}

static int note_documents(const struct plan *plan, struct strv *out, img_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && out && i < plan->document_count; i++)
        rc = img__strv_add(out, plan->documents[i].document.descriptor.digest.text, err);
    return rc;
}

static int copy_graph(const struct copy *copy, struct document *document, img_descriptor *top,
                      img_error *err)
{
    auto_(plan) struct plan plan = {.copy = copy, .whole = copy->documents != NULL};
    img_descriptor named;
    int rc = make_plan(copy, document, &plan, &named, err);
    if (rc == 0)
        rc = move_blobs(&plan, err);
    if (rc == 0)
        rc = put_documents(&plan, err);
    if (rc == 0)
        rc = note_documents(&plan, copy->documents, err);
    if (rc)
        return rc;
    *top = named;
    return 0;
}

int img__copy_document(const struct copy *copy, struct document *document, img_descriptor *top,
                       img_error *err)
{
    auto_(strv) struct strv subjects = STRV_INIT;
    struct copy own = *copy;
    if (!copy->referrers)
        return copy_graph(copy, document, top, err);
    own.referrers = false;
    own.documents = &subjects;
    int rc = copy_graph(&own, document, top, err);
    return rc ? rc : img__copy_referrers(&own, &subjects, err);
}

int img__copy(const struct copy *copy, img_descriptor *top, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = resolve(copy, &document, err);
    return rc ? rc : img__copy_document(copy, &document, top, err);
}

/* A place that can't tell, such as a pipe, has nothing. */
static int has_blob(struct endpoint *to, const struct plan_blob *blob, bool *has, img_error *err)
{
    *has = blob->exists;
    if (blob->exists || !to->ops->has_blob)
        return 0;
    return to->ops->has_blob(to, &blob->descriptor, has, err);
}

static int count_blobs(const struct plan *plan, struct copy_look *out, img_error *err)
{
    for (size_t i = 0; i < plan->blob_count; i++) {
        const struct plan_blob *blob = &plan->blobs[i];
        bool has;
        int rc = has_blob(plan->copy->to, blob, &has, err);
        if (rc)
            return rc;
        out->layers += blob->layer;
        if (has)
            continue;
        out->missing_bytes += blob->descriptor.size_bytes;
        out->layers_missing += blob->layer;
    }
    return 0;
}

int img__copy_look_document(const struct copy *copy, struct document *document,
                            struct copy_look *out, img_error *err)
{
    auto_(plan) struct plan plan = {.copy = copy, .whole = true};
    struct copy_look look = *out;
    int rc = make_plan(copy, document, &plan, &look.top, err);
    if (rc == 0)
        rc = count_blobs(&plan, &look, err);
    if (rc)
        return rc;
    look.mounts = copy->mount_from != NULL;
    look.documents += plan.document_count;
    for (size_t i = 0; i < plan.document_count; i++)
        look.documents_missing += !plan.documents[i].exists;
    *out = look;
    return 0;
}

int img__copy_look(const struct copy *copy, struct copy_look *out, img_error *err)
{
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = resolve(copy, &document, err);
    return rc ? rc : img__copy_look_document(copy, &document, out, err);
}
