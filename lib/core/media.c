/* SPDX-License-Identifier: Apache-2.0
 *
 * Media types: the table, and finding a row of it by what a server or a document says. Types are
 * compared without case and without parameters (registry.md L4).
 */
#include "core/media.h"

#include <string.h>

#include "base/text.h"

#define OCI_FOREIGN "application/vnd.oci.image.layer.nondistributable.v1.tar"
#define DOCKER_LAYER "application/vnd.docker.image.rootfs.diff.tar"
#define DOCKER_FOREIGN "application/vnd.docker.image.rootfs.foreign.diff.tar"
#define DOCKER_SCHEMA1 "application/vnd.docker.distribution.manifest.v1"

struct media {
    const char *type;
    const char *oci; /* its twin; NULL: it is OCI's own, or has none */
    enum media_kind kind;
    enum media_compression compression; /* of layers */
};

static const struct media table[] = {
    {MEDIA_OCI_INDEX, NULL, MEDIA_INDEX, MEDIA_OTHER},
    {MEDIA_OCI_MANIFEST, NULL, MEDIA_MANIFEST, MEDIA_OTHER},
    {MEDIA_OCI_CONFIG, NULL, MEDIA_CONFIG, MEDIA_OTHER},
    {MEDIA_OCI_LAYER, NULL, MEDIA_LAYER, MEDIA_NONE},
    {MEDIA_OCI_LAYER_GZIP, NULL, MEDIA_LAYER, MEDIA_GZIP},
    {MEDIA_OCI_LAYER_ZSTD, NULL, MEDIA_LAYER, MEDIA_ZSTD},
    {OCI_FOREIGN, NULL, MEDIA_LAYER, MEDIA_NONE},
    {OCI_FOREIGN "+gzip", NULL, MEDIA_LAYER, MEDIA_GZIP},
    {OCI_FOREIGN "+zstd", NULL, MEDIA_LAYER, MEDIA_ZSTD},
    {MEDIA_DOCKER_INDEX, MEDIA_OCI_INDEX, MEDIA_INDEX, MEDIA_OTHER},
    {MEDIA_DOCKER_MANIFEST, MEDIA_OCI_MANIFEST, MEDIA_MANIFEST, MEDIA_OTHER},
    {MEDIA_DOCKER_CONFIG, MEDIA_OCI_CONFIG, MEDIA_CONFIG, MEDIA_OTHER},
    {DOCKER_LAYER, MEDIA_OCI_LAYER, MEDIA_LAYER, MEDIA_NONE},
    {DOCKER_LAYER ".gzip", MEDIA_OCI_LAYER_GZIP, MEDIA_LAYER, MEDIA_GZIP},
    {DOCKER_LAYER ".zstd", MEDIA_OCI_LAYER_ZSTD, MEDIA_LAYER, MEDIA_ZSTD},
    {DOCKER_FOREIGN, OCI_FOREIGN, MEDIA_LAYER, MEDIA_NONE},
    {DOCKER_FOREIGN ".gzip", OCI_FOREIGN "+gzip", MEDIA_LAYER, MEDIA_GZIP},
    {DOCKER_FOREIGN ".zstd", OCI_FOREIGN "+zstd", MEDIA_LAYER, MEDIA_ZSTD},
    {DOCKER_SCHEMA1 "+json", NULL, MEDIA_SCHEMA1, MEDIA_OTHER},
    {DOCKER_SCHEMA1 "+prettyjws", NULL, MEDIA_SCHEMA1, MEDIA_OTHER},
};

/* What is a layer whatever its suffix ("+gzip+encrypted"). */
static const char *const layer_prefixes[] = {MEDIA_OCI_LAYER "+", OCI_FOREIGN "+",
                                             DOCKER_LAYER "."};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const struct media *find(const char *type)
{
    while (is_blank(*type))
        type++;
    size_t len = strcspn(type, ";");
    while (len > 0 && is_blank(type[len - 1]))
        len--;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strlen(table[i].type) == len && img__text_starts_nocase(type, table[i].type))
            return &table[i];
    return NULL;
}

enum media_kind img__media_kind(const char *type)
{
    const struct media *media = find(type);
    if (media)
        return media->kind;
    for (size_t i = 0; i < sizeof(layer_prefixes) / sizeof(layer_prefixes[0]); i++)
        if (img__text_starts_nocase(type, layer_prefixes[i]))
            return MEDIA_LAYER;
    return MEDIA_UNKNOWN;
}

enum media_compression img__media_compression(const char *type)
{
    const struct media *media = find(type);
    return media ? media->compression : MEDIA_OTHER;
}

bool img__media_is_foreign(const char *type)
{
    return img__text_starts_nocase(img__media_to_oci(type), OCI_FOREIGN);
}

const char *img__media_to_oci(const char *type)
{
    const struct media *media = find(type);
    if (!media)
        return type;
    return media->oci ? media->oci : media->type;
}

const char *img__media_to_docker(const char *type)
{
    const struct media *media = find(type);
    for (size_t i = 0; media && i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].oci && strcmp(table[i].oci, media->type) == 0)
            return table[i].type;
    return type;
}

const char *img__media_canonical(const char *type)
{
    const struct media *media = find(type);
    return media ? media->type : type;
}

bool img__media_valid(const char *type)
{
    size_t len = strlen(type);
    const char *slash = strchr(type, '/');
    if (len >= MEDIA_TYPE_MAX || !slash || slash == type || !slash[1] || is_blank(slash[1]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (type[i] < ' ' || type[i] > '~')
            return false;
    return !is_blank(type[0]) && !is_blank(type[len - 1]);
}

const char *img__media_accept(void)
{
    return MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_INDEX
                           ", " MEDIA_DOCKER_MANIFEST;
}
