/* SPDX-License-Identifier: Apache-2.0
 *
 * img_copy() and its kin: the walk between the two places of a job, or a look at it.
 */
#include "ops/copy_job.h"
#include "ops/copy_tags.h"
#include "ops/transport.h"

int img_place_check(const char *text, img_error *err)
{
    auto_(transport) struct transport where = TRANSPORT_INIT;
    return img__transport_parse(text, &where, err);
}

static int fail(const struct copy_request *request, int code, img_error *err)
{
    return img__prefix(err, code, "copy %s to %s", request->source, request->destination);
}

int img_copy(img_client *client, const char *source, const char *destination,
             const img_copy_options *options, img_descriptor *out, img_error *err)
{
    auto_(copy_job) struct copy_job job = {0};
    const struct copy_request request = {client, source, destination, options, false};
    img_descriptor top;
    int rc = img__copy_job_make(&job, &request, err);
    if (rc == 0)
        rc = img__copy(&job.copy, &top, err);
    if (rc)
        return fail(&request, rc, err);
    if (out)
        *out = top;
    return 0;
}

void img__copy_take_look(const struct copy_look *look, img_copy_plan *out)
{
    *out = (img_copy_plan){
        .target = look->top,
        .missing_bytes = look->missing_bytes,
        .layers = (uint32_t)look->layers,
        .missing_layers = (uint32_t)look->layers_missing,
        .manifests = (uint32_t)look->documents,
        .missing_manifests = (uint32_t)look->documents_missing,
        .mounts = look->mounts,
    };
}

int img_copy_preview(img_client *client, const char *source, const char *destination,
                     const img_copy_options *options, img_copy_plan *out, img_error *err)
{
    auto_(copy_job) struct copy_job job = {0};
    const struct copy_request request = {client, source, destination, options, true};
    struct copy_look look = {0};
    int rc = img__copy_job_make(&job, &request, err);
    if (rc == 0)
        rc = img__copy_look(&job.copy, &look, err);
    if (rc)
        return fail(&request, rc, err);
    img__copy_take_look(&look, out);
    return 0;
}

int img_copy_tags(img_client *client, const char *source, const char *destination,
                  const img_copy_options *options, img_copied_fn fn, void *arg, img_error *err)
{
    auto_(copy_job) struct copy_job job = {0};
    const struct copy_request request = {client, source, destination, options, false};
    int rc = img__copy_job_make(&job, &request, err);
    if (rc == 0)
        rc = img__copy_tags(&job, fn, arg, err);
    return rc ? fail(&request, rc, err) : 0;
}

int img_copy_tags_preview(img_client *client, const char *source, const char *destination,
                          const img_copy_options *options, img_copy_plan *out, img_error *err)
{
    auto_(copy_job) struct copy_job job = {0};
    const struct copy_request request = {client, source, destination, options, true};
    struct copy_look look = {0};
    int rc = img__copy_job_make(&job, &request, err);
    if (rc == 0)
        rc = img__copy_tags_look(&job, &look, err);
    if (rc)
        return fail(&request, rc, err);
    img__copy_take_look(&look, out);
    return 0;
}
