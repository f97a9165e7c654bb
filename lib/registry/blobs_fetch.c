/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs from the registry to the local side (registry.md L6-L13, K2). Bytes go straight to the sink
 * that the local side gives, which verifies them; a blob counts as done once that sink is closed.
 * What the local side has is not asked for.
 *
 * A blob that is wanted twice is brought once: the second job waits and finds it there.
 */
#include <search.h>
#include <string.h>

#include "registry/download.h"

struct fetches {
    struct batch batch;
    struct download *all;
    void *moving; /* the latest download of each digest, see tsearch() */
};

static int compare(const void *a, const void *b)
{
    const struct download *one = a, *other = b;
    return strcmp(one->job->descriptor->digest.text, other->job->descriptor->digest.text);
}

static void keep(void *node)
{
    (void)node;
}

/* *twin: another job that is bringing the same blob; NULL: none. */
static int find_twin(struct fetches *fetches, struct download *download, struct download **twin,
                     img_error *err)
{
    struct download **node = tsearch(download, &fetches->moving, compare);
    *twin = NULL;
    if (!node)
        return img__fail_memory(err);
    if (*node != download && !(*node)->ended)
        *twin = *node;
    else
        *node = download;
    return 0;
}

static void start(struct batch *batch, size_t index)
{
    struct fetches *fetches = (struct fetches *)batch;
    struct download *download = &fetches->all[index], *twin;
    img_error err;
    download->batch = batch;
    download->job = &batch->jobs[index];
    int result = find_twin(fetches, download, &twin, &err);
    if (result)
        img__batch_ended(batch, result, &err);
    else if (twin)
        img__batch_wait(batch, index);
    else
        img__download_start(download);
}

int img__blobs_fetch(struct repository *repository, const struct blob_job *jobs, size_t count,
                     struct observer *observer, img_error *err)
{
    auto_free struct download *all = calloc(count ? count : 1, sizeof(*all));
    if (!all)
        return img__fail_memory(err);
    struct fetches fetches = {
        .batch =
            {
                .repository = repository,
                .jobs = jobs,
                .count = count,
                .observer = observer,
                .start = start,
            },
        .all = all,
    };
    int result = img__batch_run(&fetches.batch, err);
    tdestroy(fetches.moving, keep);
    return result;
}
