/* SPDX-License-Identifier: Apache-2.0
 *
 * Places of images as they are written, and what is printed of what went there.
 */
#include "image_place.h"

#include <string.h>

#include "format.h"
#include "memory.h"
#include "text.h"

bool place_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool place_is_stdout(const char *place)
{
    return text_is(place, "-") || place_starts(place, "oci-archive:-:") ||
           place_starts(place, "docker-archive:-:") || text_is(place, "oci-archive:-") ||
           text_is(place, "docker-archive:-");
}

bool place_is_archive(const char *place)
{
    return place_starts(place, "oci-archive:") || place_starts(place, "docker-archive:");
}

bool place_has_transport(const char *text)
{
    return text_is(text, "-") || strstr(text, "://") || place_starts(text, "store:") ||
           place_starts(text, "oci:") || place_is_archive(text);
}

char *place_in_store(const char *text)
{
    return place_has_transport(text) ? xstrdup(text) : xasprintf("store:%s", text);
}

/* How much of "oci:DIR:REF" is "oci:DIR". */
static size_t layout_length(const char *place)
{
    size_t len = strlen("oci:");

    while (place[len] && place[len] != ':')
        len += place[len] == '\\' && place[len + 1] == ':' ? 2 : 1;
    return len;
}

char *place_beside(const char *other, const char *text)
{
    if (place_has_transport(text))
        return xstrdup(text);
    if (place_starts(other, "docker://"))
        return xasprintf("docker://%s", text);
    if (place_starts(other, "oci:"))
        return xasprintf("%.*s:%s", (int)layout_length(other), other, text);
    return place_in_store(text);
}

/* The reference in a place that has one, else NULL. */
static const char *reference_of(const char *place)
{
    if (place_starts(place, "docker://"))
        return place + strlen("docker://");
    if (place_starts(place, "store:"))
        return place + strlen("store:");
    if (place_starts(place, "oci:") || place_is_archive(place))
        return NULL;
    return place;
}

int place_print_result(const struct cli *cli, const char *place, const img_descriptor *descriptor,
                       img_error *err)
{
    const char *reference = reference_of(place);
    struct json_out j = {.stream = stdout};

    if (place_is_stdout(place))
        return 0;
    if (reference)
        return cli_print_result(cli, reference, descriptor, err);
    if (!cli->json) {
        puts(descriptor->digest.text);
        return 0;
    }
    json_begin_object(&j, NULL);
    json_put_string(&j, "name", place);
    json_put_string(&j, "digest", descriptor->digest.text);
    json_put_string(&j, "media_type", descriptor->media_type);
    json_put_uint(&j, "size_bytes", descriptor->size_bytes);
    json_end_object(&j);
    return 0;
}

void place_print_plan(const img_copy_plan *plan)
{
    char size[FORMAT_MAX];

    format_size(size, plan->missing_bytes);
    if (plan->mounts)
        printf("would mount %u of %u layers; %u exist\n", plan->missing_layers, plan->layers,
               plan->layers - plan->missing_layers);
    else
        printf("would upload %u of %u layers, %s; %u exist\n", plan->missing_layers, plan->layers,
               size, plan->layers - plan->missing_layers);
}

void place_print_plan_json(const img_copy_plan *plan, const bool *changed)
{
    struct json_out j = {.stream = stdout};

    json_begin_object(&j, NULL);
    json_put_string(&j, "digest", plan->target.digest.text);
    json_put_string(&j, "media_type", plan->target.media_type);
    json_put_uint(&j, "layers", plan->layers);
    json_put_uint(&j, "missing_layers", plan->missing_layers);
    json_put_uint(&j, "missing_bytes", plan->missing_bytes);
    json_put_uint(&j, "manifests", plan->manifests);
    json_put_uint(&j, "missing_manifests", plan->missing_manifests);
    json_put_bool(&j, "mounts", plan->mounts);
    if (changed)
        json_put_bool(&j, "changed", *changed);
    json_end_object(&j);
}
