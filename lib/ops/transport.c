/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of a place. What has no transport before its first colon is a reference to a registry,
 * so an image that is called like a transport needs "docker://" before it.
 *
 * Behind "oci:" and the archives the first colon ends the path, as for skopeo, since a name may
 * hold colons itself; one that belongs to the path is written "\:". A name is a reference or what
 * the image-spec allows as a ref.name ("latest", "1.0+git").
 */
#include "ops/transport.h"

#include <stdlib.h>
#include <string.h>

#include <libimg/reference.h>

#include "base/auto.h"
#include "base/text.h"

#define TRANSPORTS                                                                                 \
    "docker://REF, store:REF, oci:DIR[:REF], oci-archive:FILE[:REF], "                             \
    "docker-archive:FILE[:REF] and -"
#define NAME_BYTES_MAX ((size_t)1024)

static const struct {
    const char *prefix;
    enum transport_kind kind;
    bool has_path;
} transports[] = {
    {"docker://", TRANSPORT_REGISTRY, false},
    {"store:", TRANSPORT_STORE, false},
    {"oci:", TRANSPORT_OCI, true},
    {"oci-archive:", TRANSPORT_OCI_ARCHIVE, true},
    {"docker-archive:", TRANSPORT_DOCKER_ARCHIVE, true},
};

/* Of other tools; none of them could be the name of an image that one would mean here. */
static const char *const unknown[] = {
    "docker-daemon:", "containers-storage:", "dir:", "ostree:", "sif:", "tarball:", "atomic:",
    "docker:",        "registry:",           NULL,
};

void img__transport_free(struct transport *transport)
{
    free(transport->path);
    free(transport->name);
    *transport = (struct transport)TRANSPORT_INIT;
}

static int check_reference(const char *text, img_error *err)
{
    img_reference reference;
    return img_reference_parse(text, &reference, err);
}

/* What may stand in a ref.name, and is harmless in messages and JSON. */
static int check_name(const char *text, const char *name, img_error *err)
{
    size_t len = strlen(name);
    if (len == 0)
        return img__fail(err, IMG_EINVAL, "'%s': a name is missing behind the last colon", text);
    if (len > NAME_BYTES_MAX)
        return img__fail(err, IMG_EINVAL, "the name of an image is longer than %zu bytes",
                         NAME_BYTES_MAX);
    for (const char *c = name; *c; c++)
        if (!img__is_alnum(*c) && !strchr("-._:@+/", *c))
            return img__fail(err, IMG_EINVAL,
                             "'%s': '%s' is no name of an image: a colon that belongs to the path "
                             "is written \\:",
                             text, name);
    if (!img__is_alnum(name[0]) || !img__is_alnum(name[len - 1]))
        return img__fail(err, IMG_EINVAL,
                         "'%s': the name '%s' must begin and end with a letter or digit", text,
                         name);
    return 0;
}

/* Copies up to the first colon without a backslash before it; *rest is behind that, or NULL. */
static char *take_path(const char *text, const char **rest)
{
    char *path = malloc(strlen(text) + 1), *to = path;
    *rest = NULL;
    if (!path)
        return NULL;
    while (*text && *text != ':') {
        if (text[0] == '\\' && text[1] == ':')
            text++;
        *to++ = *text++;
    }
    *to = '\0';
    if (*text)
        *rest = text + 1;
    return path;
}

/* "C:\images", "c:/images": a drive is no directory here. */
static bool is_drive(const char *path, const char *rest)
{
    bool letter = img__is_lower(path[0]) || img__is_upper(path[0]);
    return letter && !path[1] && rest && (rest[0] == '\\' || rest[0] == '/');
}

static int fail_drive(const char *text, img_error *err)
{
    return img__fail(err, IMG_EINVAL, "'%s': paths of Windows are not known here", text);
}

static int parse_path(const char *text, const char *behind, struct transport *out, img_error *err)
{
    const char *name;
    out->path = take_path(behind, &name);
    if (!out->path)
        return img__fail_memory(err);
    if (!*out->path)
        return img__fail(err, IMG_EINVAL, "'%s': the path is missing", text);
    if (is_drive(out->path, name))
        return fail_drive(text, err);
    if (!name)
        return 0;
    int rc = check_name(text, name, err);
    if (rc)
        return rc;
    out->name = strdup(name);
    return out->name ? 0 : img__fail_memory(err);
}

static int parse_reference(const char *behind, struct transport *out, img_error *err)
{
    int rc = check_reference(behind, err);
    if (rc)
        return rc;
    out->name = strdup(behind);
    return out->name ? 0 : img__fail_memory(err);
}

/* What a store calls an image need not be a reference, if another tool named it. */
static int parse_store(const char *text, const char *behind, struct transport *out, img_error *err)
{
    int rc = check_name(text, behind, err);
    if (rc)
        return rc;
    out->name = strdup(behind);
    return out->name ? 0 : img__fail_memory(err);
}

static int fail_unknown(const char *text, size_t len, img_error *err)
{
    return img__fail(err, IMG_EINVAL,
                     "'%s': the transport '%.*s' is not known; there are " TRANSPORTS, text,
                     (int)len, text);
}

/* No transport of ours: a reference, unless it looks like one of another tool. */
static int parse_bare(const char *text, struct transport *out, img_error *err)
{
    const char *scheme = strstr(text, "://");
    if (scheme)
        return fail_unknown(text, (size_t)(scheme - text), err);
    for (const char *const *prefix = unknown; *prefix; prefix++)
        if (img__text_starts(text, *prefix))
            return fail_unknown(text, strlen(*prefix) - 1, err);
    if (*text && is_drive((char[]){text[0], '\0'}, text[1] == ':' ? text + 2 : NULL))
        return fail_drive(text, err);
    if (text[0] == '/' || text[0] == '.')
        return img__fail(err, IMG_EINVAL,
                         "'%s' is a path without a transport; there are " TRANSPORTS, text);
    return parse_reference(text, out, err);
}

static int parse(const char *text, struct transport *out, img_error *err)
{
    if (strcmp(text, "-") == 0) {
        out->kind = TRANSPORT_PIPE;
        out->path = strdup(text);
        return out->path ? 0 : img__fail_memory(err);
    }
    for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
        if (!img__text_starts(text, transports[i].prefix))
            continue;
        const char *behind = text + strlen(transports[i].prefix);
        out->kind = transports[i].kind;
        if (transports[i].has_path)
            return parse_path(text, behind, out, err);
        return out->kind == TRANSPORT_STORE ? parse_store(text, behind, out, err)
                                            : parse_reference(behind, out, err);
    }
    return parse_bare(text, out, err);
}

int img__transport_parse(const char *text, struct transport *out, img_error *err)
{
    auto_(transport) struct transport transport = TRANSPORT_INIT;
    int rc = parse(text, &transport, err);
    if (rc)
        return rc;
    *out = transport;
    transport = (struct transport)TRANSPORT_INIT;
    return 0;
}
