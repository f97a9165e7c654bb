/* SPDX-License-Identifier: Apache-2.0
 *
 * registries.conf, version 2, as containers-registries.conf(5) has it: where the images of a name
 * really are, at which mirrors besides, and which are blocked (registry.md X1).
 */
#ifndef IMG_REGISTRY_REGISTRIES_CONF_H
#define IMG_REGISTRY_REGISTRIES_CONF_H

#include <libimg/reference.h>

#include "base/observe.h"
#include "base/strv.h"
#include "core/toml.h"

struct conf_endpoint {
    char *location; /* "host[:port][/path]", the host in normal form; "": what the prefix matched */
    bool insecure;  /* plain HTTP, and TLS that is not verified, are allowed */
    bool by_tag;    /* it may say what a tag means */
    bool by_digest; /* images that are asked for by digest may be read there */
    char *where;    /* "FILE:LINE" */
};

struct conf_registry {
    char *prefix; /* "host[:port][/path][:tag|@digest]" or "*.host"; the host in normal form */
    struct conf_endpoint own;
    struct conf_endpoint *mirrors;
    size_t mirror_count;
    bool blocked;
};

struct conf_alias {
    char *name;
    char *value;
    char *where;
};

struct registries_conf {
    struct conf_registry *registries; /* each prefix once */
    size_t count;
    struct conf_alias *aliases; /* each name once */
    size_t alias_count;
    struct strv search; /* hosts that short names may be sought at */
    char *search_where; /* NULL: none are named */
    struct strv files;  /* that were read */
};

/* Reads the files. path NULL: $CONTAINERS_REGISTRIES_CONF, else the user's, else the system's.
 * One that is named must exist. Unknown keys are told to log. */
int img__registries_conf_load(const char *path, const struct observer *log,
                              struct registries_conf **out, img_error *err);
void img__registries_conf_free(struct registries_conf *conf); /* NULL is fine */
void img__conf_registry_free(struct conf_registry *registry); /* what is in it */

/* Adds what a document says to what is there already, as a later file does. */
int img__registries_conf_add(struct registries_conf *conf, const char *file,
                             const struct toml *document, const struct observer *log,
                             img_error *err);

/* The table with the longest prefix that fits; NULL: none. A prefix without a port is about the
 * default port alone. */
const struct conf_registry *img__registries_conf_find(const struct registries_conf *conf,
                                                      const img_reference *reference);

/* The same tag and digest at the endpoint of a table that was found for it. */
int img__registries_conf_rewrite(const struct conf_registry *registry,
                                 const struct conf_endpoint *endpoint,
                                 const img_reference *reference, img_reference *out,
                                 img_error *err);

const struct conf_alias *img__registries_conf_alias(const struct registries_conf *conf,
                                                    const char *name);

IMG_AUTO_POINTER(registries_conf, struct registries_conf, img__registries_conf_free)

#endif
