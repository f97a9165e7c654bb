/* SPDX-License-Identifier: Apache-2.0
 *
 * From the text of a place to an endpoint. Layouts in directories are stores that are opened where
 * they are. A lease keeps the collector of this and other processes away from blobs that have
 * arrived and are not reached by a name yet, or are just being read.
 */
#include "ops/copy_place.h"

#include <stdio.h>
#include <string.h>

#include "archive/archive.h"
#include "core/reference.h"
#include "ops/client.h"

void img__copy_place_free(struct copy_place *place)
{
    img__endpoint_free(steal(place->endpoint));
    img__lease_free(steal(place->lease));
    img_store_free(steal(place->store));
    free(steal(place->name));
    img__transport_free(&place->where);
}

/* ---- nothing: what a place holds that would be made ---- */

static int nothing_has(struct endpoint *endpoint, const img_descriptor *descriptor, bool *has,
                       img_error *err)
{
    (void)endpoint, (void)descriptor, (void)err;
    *has = false;
    return 0;
}

static void nothing_free(struct endpoint *endpoint)
{
    free(endpoint);
}

static int open_nothing(struct copy_place *place, img_error *err)
{
    static const struct endpoint_ops ops = {
        .has_document = nothing_has, .has_blob = nothing_has, .free = nothing_free};
    place->endpoint = calloc(1, sizeof(*place->endpoint));
    if (!place->endpoint)
        return img__fail_memory(err);
    place->endpoint->ops = &ops;
    return 0;
}

/* ---- registries ---- */

static int open_registry(struct copy_place *place, img_client *client, enum registry_access access,
                         img_error *err)
{
    if (!client)
        return img__fail(err, IMG_EINVAL, "%s is in a registry, for which a client is needed",
                         place->where.name);
    return img__registry_endpoint(client->registry, &place->reference, access, &place->endpoint,
                                  err);
}

/* ---- stores and layouts ---- */

static int open_store(struct copy_place *place, bool must_exist, img_error *err)
{
    img_store_options options = IMG_STORE_OPTIONS_INIT;
    options.path = place->where.path;
    options.must_exist = must_exist;
    return img_store_open(&options, &place->store, err);
}

static int open_layout(struct copy_place *place, img_store *store, img_error *err)
{
    int rc = img__lease_take(store, &place->lease, err);
    return rc ? rc : img__store_endpoint(store, place->name, &place->endpoint, err);
}

/* Of names the first, and how many there are. */
struct only {
    char *name;
    size_t count;
    struct buf list;
};

static void img__auto_only(struct only *only)
{
    free(only->name);
    img__buf_free(&only->list);
}

static int add_name(const char *label, const img_descriptor *descriptor, void *arg)
{
    struct only *only = arg;
    (void)descriptor;
    if (only->count++ == 0)
        only->name = strdup(label);
    img__buf_printf(&only->list, "%s%s", only->list.len ? ", " : "", label);
    return 0;
}

/* Without a name the one image that is there is meant. */
static int find_only(img_store *store, char **name, img_error *err)
{
    auto_(only) struct only only = {.list = BUF_INIT(512)};
    int rc = img_store_list(store, add_name, &only, err);
    if (rc)
        return rc;
    if (only.count == 0)
        return img__fail(err, IMG_ENOTFOUND, "%s holds no image", img_store_path(store));
    if (only.count > 1)
        return img__fail(err, IMG_EINVAL, "%s holds %zu images; say which one: %s",
                         img_store_path(store), only.count, img__buf_text(&only.list));
    *name = steal(only.name);
    return *name ? 0 : img__fail_memory(err);
}

static int read_layout(struct copy_place *place, img_error *err)
{
    int rc = open_store(place, true, err);
    if (rc == 0 && !place->name)
        rc = find_only(place->store, &place->name, err);
    return rc ? rc : open_layout(place, place->store, err);
}

static int read_store(struct copy_place *place, img_store *store, img_error *err)
{
    int rc = store ? 0 : open_store(place, true, err);
    return rc ? rc : open_layout(place, store ? store : place->store, err);
}

static int write_layout(struct copy_place *place, img_store *store, bool preview, img_error *err)
{
    int rc = store ? 0 : open_store(place, preview, err);
    if (rc == IMG_ENOTFOUND && preview)
        return open_nothing(place, err);
    return rc ? rc : open_layout(place, store ? store : place->store, err);
}

/* ---- archives ---- */

static int write_archive(struct copy_place *place, img_error *err)
{
    bool docker = place->where.kind == TRANSPORT_DOCKER_ARCHIVE;
    return img__archive_writer(place->where.path, docker ? ARCHIVE_DOCKER : ARCHIVE_OCI,
                               place->name, &place->endpoint, err);
}

/* ---- both directions ---- */

static int set_name(struct copy_place *place, const char *name, img_error *err)
{
    place->name = strdup(name);
    return place->name ? 0 : img__fail_memory(err);
}

static int parse(const char *text, struct copy_place *place, img_error *err)
{
    int rc = img__transport_parse(text, &place->where, err);
    const struct transport *where = &place->where;
    img_digest alone; /* looks like a reference, "sha256" with a tag */
    if (rc || !where->name)
        return rc;
    bool digest =
        where->kind == TRANSPORT_STORE && img_digest_parse(where->name, &alone, NULL) == 0;
    if ((where->kind == TRANSPORT_REGISTRY || where->kind == TRANSPORT_STORE) && !digest)
        img_reference_parse(where->name, &place->reference, NULL);
    return set_name(place, where->name, err);
}

int img__copy_place_from(const char *text, img_client *client, img_store *store,
                         struct copy_place *place, img_error *err)
{
    int rc = parse(text, place, err);
    if (rc)
        return rc;
    switch (place->where.kind) {
    case TRANSPORT_REGISTRY:
        return open_registry(place, client, REGISTRY_PULL, err);
    case TRANSPORT_STORE:
        return read_store(place, store, err);
    case TRANSPORT_OCI:
        return read_layout(place, err);
    default:
        return img__archive_reader(place->where.path, place->where.name, &place->endpoint, err);
    }
}

/* docker load wants a repository, all others a tag or whatever the source had. */
static int name_alike(struct copy_place *place, const struct copy_place *from, img_error *err)
{
    img_reference reference = from->reference;
    char full[IMG_REFERENCE_TEXT_MAX];
    if (place->where.kind == TRANSPORT_DOCKER_ARCHIVE && reference.tag[0]) {
        reference.digest.text[0] = '\0';
        img_reference_familiar(&reference, full);
        return set_name(place, full, err);
    }
    if (place->where.kind == TRANSPORT_DOCKER_ARCHIVE)
        return 0;
    bool layout = from->where.kind == TRANSPORT_OCI || from->where.kind == TRANSPORT_OCI_ARCHIVE;
    const char *name = layout && from->where.name ? from->where.name : reference.tag;
    return set_name(place, *name ? name : "latest", err);
}

/* The store names images by whole references. */
static int name_in_store(struct copy_place *place, img_error *err)
{
    char full[IMG_REFERENCE_TEXT_MAX];
    int rc = img_reference_parse(place->where.name, &place->reference, err);
    if (rc)
        return rc;
    img__reference_store_name(&place->reference, full);
    free(steal(place->name));
    return set_name(place, full, err);
}

int img__copy_place_to(const char *text, img_client *client, img_store *store,
                       const struct copy_place *from, bool preview, struct copy_place *place,
                       img_error *err)
{
    int rc = parse(text, place, err);
    if (rc == 0 && !place->name)
        rc = name_alike(place, from, err);
    if (rc == 0 && place->where.kind == TRANSPORT_STORE)
        rc = name_in_store(place, err);
    if (rc)
        return rc;
    switch (place->where.kind) {
    case TRANSPORT_REGISTRY:
        return open_registry(place, client, REGISTRY_PUSH, err);
    case TRANSPORT_STORE:
        return write_layout(place, store, preview, err);
    case TRANSPORT_OCI:
        return write_layout(place, NULL, preview, err);
    default:
        return preview ? open_nothing(place, err) : write_archive(place, err);
    }
}
