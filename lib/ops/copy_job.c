/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands before a copy: options, the two places that the texts name, and what they have to do
 * with each other.
 */
#include "ops/copy_job.h"

#include "base/options.h"
#include "ops/client.h"

#define CONFIG_LIMIT_BY_DEFAULT ((uint64_t)8 << 20)
#define PLATFORMS_MAX 1000u
#define FLAGS_ALL (IMG_COPY_SPARSE | IMG_COPY_REFERRERS)

_Static_assert(sizeof(img_copy_options) ==
                   offsetof(img_copy_options, on_event_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");
_Static_assert(offsetof(img_copy_options, on_event) ==
                   offsetof(img_copy_options, flags) + sizeof(uint32_t),
               "no hole either");

void img__copy_job_free(struct copy_job *job)
{
    img__copy_place_free(&job->from);
    img__copy_place_free(&job->to);
}

static int check(const img_copy_options *options, img_error *err)
{
    if (options->flags & ~FLAGS_ALL)
        return img__fail(err, IMG_EINVAL, "unknown flags %#x", options->flags & ~FLAGS_ALL);
    if (options->platform_count > PLATFORMS_MAX)
        return img__fail(err, IMG_EINVAL, "%u platforms are too many: at most %u",
                         options->platform_count, PLATFORMS_MAX);
    if (options->platform_count && !options->platforms)
        return img__fail(err, IMG_EINVAL, "platform_count without platforms");
    if ((options->flags & IMG_COPY_SPARSE) && !options->platform_count)
        return img__fail(err, IMG_EINVAL, "a sparse copy needs platforms to be chosen");
    return 0;
}

int img__copy_job_relate(struct copy_job *job, struct copy *copy, img_error *err)
{
    if (job->from.where.kind != TRANSPORT_REGISTRY)
        return 0;
    if (job->to.where.kind != TRANSPORT_REGISTRY)
        return 0;
    return img__registry_join(copy->from, copy->to, &copy->mount_from, &copy->same_repository, err);
}

static void set_up(struct copy_job *job)
{
    const img_client_options *client = job->client ? &job->client->options : NULL;
    const img_copy_options *options = &job->options;
    job->observer =
        (struct observer){options->on_event, options->on_event_arg, client ? client->on_log : NULL,
                          client ? client->on_log_arg : NULL, 0};
    job->copy = (struct copy){
        .from = job->from.endpoint,
        .to = job->to.endpoint,
        .platforms = options->platforms,
        .platform_count = options->platform_count,
        .keep_index = options->flags & IMG_COPY_SPARSE,
        .referrers = options->flags & IMG_COPY_REFERRERS,
        .config_limit_bytes = client ? client->config_limit_bytes : CONFIG_LIMIT_BY_DEFAULT,
        .observer = &job->observer,
        .supply = img__client_supply(job->client, &job->supply),
    };
}

/* A docker archive has no indexes: of one, what docker save would take. */
static int choose_for_docker(struct copy_job *job, img_error *err)
{
    struct copy *copy = &job->copy;
    if (job->to.where.kind != TRANSPORT_DOCKER_ARCHIVE)
        return 0;
    if (copy->platform_count > 1 || copy->keep_index)
        return img__fail(err, IMG_EINVAL, "a docker-archive has room for one platform");
    if (copy->platform_count)
        return 0;
    img_platform_host(&job->host);
    copy->platforms = &job->host;
    copy->platform_count = 1;
    return 0;
}

/* Only registries have lists of them. */
static int check_referrers(const struct copy_job *job, img_error *err)
{
    const struct copy *copy = &job->copy;
    if (!copy->referrers || (copy->from->ops->referrers && copy->to->ops->send))
        return 0;
    return img__fail(err, IMG_EINVAL, "referrers are copied from registry to registry alone");
}

static int prepare(struct copy_job *job, const char *source, const char *destination, bool preview,
                   img_error *err)
{
    int rc = check(&job->options, err);
    if (rc == 0)
        rc = img__copy_place_from(source, job->client, job->options.store, &job->from, err);
    if (rc == 0)
        rc = img__copy_place_to(destination, job->client, job->options.store, &job->from, preview,
                                &job->to, err);
    if (rc)
        return rc;
    set_up(job);
    rc = choose_for_docker(job, err);
    if (rc == 0)
        rc = check_referrers(job, err);
    return rc ? rc : img__copy_job_relate(job, &job->copy, err);
}

int img__copy_job_make(struct copy_job *job, const struct copy_request *request, img_error *err)
{
    *job = (struct copy_job){.client = request->client, .options = IMG_COPY_OPTIONS_INIT};
    int rc = img__options_copy(&job->options, sizeof(job->options), request->options,
                               "img_copy_options", err);
    return rc ? rc : prepare(job, request->source, request->destination, request->preview, err);
}
