/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the base of a build comes from: the store, or else a registry; an image layout, or an
 * archive. What is not in the store is brought there first, from the last two under no name: the
 * lease of the build keeps it.
 */
#include "ops/build_base.h"

#include <stdio.h>
#include <string.h>

#include "ops/copy.h"
#include "ops/copy_place.h"
#include "ops/find.h"
#include "ops/load.h"

#define CONFIG_BYTES_MAX ((uint64_t)8 << 20)

/* A platform that was asked for must be the base's; one that was not is set by it. */
static struct image_search search_of(const img_build *build, img_client *client)
{
    return (struct image_search){
        .store = build->store,
        .client = client,
        .platform = &build->config.platform,
        .required = build->options.platform.os[0] != '\0',
        .on_event = build->options.on_event,
        .on_event_arg = build->options.on_event_arg,
    };
}

static int copy_layout(img_build *build, const char *place, img_descriptor *out, img_error *err)
{
    auto_(copy_place) struct copy_place from = {0};
    auto_(endpoint) struct endpoint *to = NULL;
    struct copy copy = {
        .platforms = &build->config.platform,
        .platform_count = 1,
        .nameless = true,
        .config_limit_bytes = CONFIG_BYTES_MAX,
        .observer = &build->observer,
    };
    int rc = img__copy_place_from(place, NULL, build->store, &from, err);
    if (rc == 0)
        rc = img__store_endpoint(build->store, NULL, &to, err);
    if (rc)
        return rc;
    copy.from = from.endpoint;
    copy.to = to;
    return img__copy(&copy, out, err);
}

/* Layers that are plain in it are compressed as ours are. */
static int load_archive(img_build *build, const struct transport *where, img_descriptor *out,
                        img_error *err)
{
    const img_build_options *own = &build->options;
    bool chunked = own->compression > IMG_COMPRESSION_NONE;
    img_load_options options = IMG_LOAD_OPTIONS_INIT;
    options.platform = &build->config.platform;
    options.compression = chunked ? IMG_COMPRESSION_GZIP : own->compression;
    options.level = chunked ? 0 : own->level;
    options.threads = own->threads;
    options.on_event = own->on_event;
    options.on_event_arg = own->on_event_arg;
    options.on_log = own->on_log;
    options.on_log_arg = own->on_log_arg;
    return img__load_unnamed(build->store, where->path, where->name, &options, out, err);
}

/* A layout changes with its index.json alone: blobs are never changed. */
static int tell_input(const img_build *build, const struct transport *where, img_error *err)
{
    auto_free char *path = NULL;
    if (strcmp(where->path, "-") == 0)
        return 0;
    const char *behind = where->kind == TRANSPORT_OCI ? "/index.json" : "";
    if (asprintf(&path, "%s%s", where->path, behind) < 0) {
        path = NULL;
        return img__fail_memory(err);
    }
    return img__input(&build->inputs, path, IMG_INPUT_FILE, err);
}

static int bring(img_build *build, const char *place, const struct transport *where,
                 img_image **out, img_error *err)
{
    const struct image_search search = search_of(build, NULL);
    img_descriptor found;
    int rc = where->kind == TRANSPORT_OCI ? copy_layout(build, place, &found, err)
                                          : load_archive(build, where, &found, err);
    if (rc == 0)
        rc = tell_input(build, where, err);
    return rc ? rc : img__image_find_descriptor(&search, &found, out, err);
}

static int find(img_build *build, img_client *client, const char *reference, struct build_base *out,
                img_error *err)
{
    const struct image_search search = search_of(build, client);
    out->name = strdup(reference);
    return out->name ? img__image_find(&search, reference, &out->image, err)
                     : img__fail_memory(err);
}

int img__build_base_open(img_build *build, img_client *client, const char *place,
                         struct build_base *out, img_error *err)
{
    auto_(transport) struct transport where = TRANSPORT_INIT;
    int rc = img__transport_parse(place, &where, err);
    if (rc)
        return rc;
    switch (where.kind) {
    case TRANSPORT_REGISTRY:
        return find(build, client, where.name, out, err);
    case TRANSPORT_STORE:
        return find(build, NULL, where.name, out, err);
    case TRANSPORT_PIPE:
        return img__fail(err, IMG_EINVAL,
                         "a base is not read from a pipe: name a file, as in "
                         "oci-archive:FILE");
    default:
        return bring(build, place, &where, &out->image, err);
    }
}

void img__build_base_free(struct build_base *base)
{
    img_image_free(base->image);
    free(base->name);
    *base = (struct build_base){NULL, NULL};
}
