/* SPDX-License-Identifier: Apache-2.0
 *
 * A copy: the plan is made, all of its blobs move at once, then the documents, from the bottom up,
 * and the name is set with the last one. So whenever it fails there is no name for what is not
 * there.
 */
#include "ops/copy.h"

#include "ops/copy_plan.h"
#include "ops/select.h"

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
        rc = img__io_copy(source, sink, err);
    if (rc == 0)
        rc = img__sink_close(sink, err);
    return rc ? rc : img__item_end(&item, IMG_EVENT_DONE, NULL, err);
}

/* Whichever side is remote moves all of them at once. */
static int move_jobs(const struct copy *copy, const struct blob_job *jobs, size_t count,
                     img_error *err)
{
    struct endpoint *from = copy->from, *to = copy->to;
    if (from->ops->fetch)
        return from->ops->fetch(from, jobs, count, copy->observer, err);
    if (to->ops->send)
        return to->ops->send(to, jobs, count, copy->observer, err);
    for (size_t i = 0; i < count; i++) {
        int rc = move_blob(&jobs[i], to, copy->observer, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int move_blobs(const struct plan *plan, img_error *err)
{
    const struct copy *copy = plan->copy;
    if (plan->blob_count == 0)
        return 0;
    auto_free struct blob_job *jobs = calloc(plan->blob_count, sizeof(*jobs));
    if (!jobs)
        return img__fail_memory(err);
    for (size_t i = 0; i < plan->blob_count; i++) {
        jobs[i].descriptor = &plan->blobs[i].descriptor;
        jobs[i].what = plan->blobs[i].what;
        jobs[i].local = copy->from->ops->fetch ? copy->to : copy->from;
        jobs[i].mount_from = copy->mount_from;
    }
    return move_jobs(copy, jobs, plan->blob_count, err);
}

/* A document moves: an item of its own for the observer. */
static int put(const struct copy *copy, const struct plan_document *planned, bool top,
               img_error *err)
{
    struct endpoint *to = copy->to;
    const struct document *document = &planned->document;
    bool index = img__media_kind(document->descriptor.media_type) == MEDIA_INDEX;
    int kind = !planned->exists ? IMG_EVENT_DONE
               : to->ops->send  ? IMG_EVENT_EXISTS
                                : IMG_EVENT_CACHED;
    struct item item;
    int rc = img__item_start(&item, copy->observer, index ? "index" : "manifest",
                             document->descriptor.digest.text, document->len, err);
    if (rc)
        return rc;
    rc = top ? to->ops->set_name(to, document, err) : to->ops->put_document(to, document, err);
    return rc ? rc : img__item_end(&item, kind, NULL, err);
}

static int put_documents(const struct plan *plan, img_error *err)
{
    for (size_t i = 0; i < plan->document_count; i++) {
        int rc = put(plan->copy, &plan->documents[i], i + 1 == plan->document_count, err);
        if (rc)
            return rc;
    }
    return 0;
}

int img__copy(const struct copy *copy, img_descriptor *top, img_error *err)
{
    if (copy->from->ops->fetch && copy->to->ops->send)
        return img__fail(
            err, IMG_EUNSUPPORTED,
            "copying from registry to registry needs a store in between: pull, then push");
    auto_(plan) struct plan plan = {.copy = copy};
    auto_(document) struct document document = DOCUMENT_INIT;
    int rc = copy->from->ops->resolve(copy->from, &document, err);
    if (rc == 0 && !copy->keep_index)
        rc = img__select_manifest(copy->from, copy->platform, &document, err);
    if (rc)
        return rc;
    img_descriptor named = document.descriptor;
    rc = img__plan_make(copy, &document, &plan, err);
    if (rc == 0)
        rc = move_blobs(&plan, err);
    if (rc == 0)
        rc = put_documents(&plan, err);
    if (rc)
        return rc;
    *top = named;
    return 0;
}
