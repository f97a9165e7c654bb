/* SPDX-License-Identifier: Apache-2.0
 *
 * Before a registry is asked for blobs, the caller is. What it brings is on trial as what a
 * registry sends is; but a registry that sends wrong bytes fails the call in the end, while here
 * there is someone else to ask.
 *
 * Events: the blob is one item, whoever brings it. The registry goes on with the item that was
 * begun for the callback.
 */
#include "ops/supply.h"

#include "ops/blob_writer.h"

/* What the callback said, and what became of the bytes. *brought: they are in the store. */
static int judge(const struct copy *copy, const struct blob_job *job, img_blob_writer *writer,
                 int said, bool *brought, img_error *err)
{
    *brought = false;
    if (writer->failed && writer->failed != IMG_EDIGEST) {
        if (err)
            *err = writer->failure;
        return writer->failed;
    }
    if (said < 0 && !(said == IMG_EDIGEST && writer->failed))
        return img__fail(err, IMG_ECANCELED, "interrupted");
    if (said > 0)
        return 0;
    int rc = writer->failed;
    if (rc == 0)
        rc = img__sink_close(writer->sink, &writer->failure);
    if (rc == IMG_EDIGEST) {
        img__log(copy->observer, IMG_LOG_WARNING,
                 "%s: what the caller has is something else, the registry is asked: %s", job->what,
                 writer->failure.message);
        return 0;
    }
    if (rc && err)
        *err = writer->failure;
    *brought = rc == 0;
    return rc;
}

static int ask(const struct copy *copy, struct blob_job *job, struct item *item, bool *brought,
               img_error *err)
{
    const img_descriptor *descriptor = job->descriptor;
    struct endpoint *to = job->local;
    auto_(sink) struct sink *sink = NULL;
    *brought = false;
    int rc = to->ops->open_sink(to, descriptor, &sink, err);
    if (rc || !sink)
        return rc;
    rc = img__item_start(item, copy->observer, job->what, descriptor->digest.text,
                         descriptor->size_bytes, err);
    if (rc)
        return rc;
    img_blob_writer writer = {.sink = sink, .blob = *descriptor, .item = item, .lent = true};
    int said = copy->supply->fn(descriptor, &writer, copy->supply->arg);
    rc = judge(copy, job, &writer, said, brought, err);
    if (rc || !*brought) {
        job->begun = item;
        return rc;
    }
    to->ops->drop_partial(to, descriptor);
    return img__item_end(item, IMG_EVENT_DONE, NULL, err);
}

/* Some bytes need nobody; and what goes into an archive or a pipe can't be taken back. */
static bool is_for_caller(const struct copy *copy, const struct blob_job *job)
{
    return copy->supply && !job->data && job->local->ops->open_partial &&
           job->local->ops->drop_partial;
}

int img__supply(const struct copy *copy, struct blob_job *jobs, size_t *count, struct item *items,
                img_error *err)
{
    size_t left = 0;
    for (size_t i = 0; i < *count; i++) {
        bool brought = false;
        int rc = 0;
        if (is_for_caller(copy, &jobs[i]))
            rc = ask(copy, &jobs[i], &items[i], &brought, err);
        if (rc)
            return img__prefix(err, rc, "%s", jobs[i].what);
        if (!brought)
            jobs[left++] = jobs[i];
    }
    *count = left;
    return 0;
}
