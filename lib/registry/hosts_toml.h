/* SPDX-License-Identifier: Apache-2.0
 *
 * hosts.toml, in which containerd keeps where the images of one registry can be had
 * (registry.md X2).
 */
#ifndef IMG_REGISTRY_HOSTS_TOML_H
#define IMG_REGISTRY_HOSTS_TOML_H

#include "core/toml.h"
#include "registry/certs.h"

#define HOSTS_TOML_FOLDER "/etc/containerd/certs.d"

struct hosts_entry {
    char *url;       /* as it was written; NULL: the registry itself */
    char host[272];  /* "host[:port]" in normal form; "": the registry itself */
    char base[256];  /* what paths begin with: "/v2", "/proxy/v2" */
    bool plain_http; /* the URL begins with http:// */
    bool pull;       /* content by digest */
    bool resolve;    /* what a tag means */
    bool push;
    bool insecure;
    struct certs certs;
    struct strv headers; /* "Name: value"; as secret as credentials */
    char *where;         /* "FILE:LINE" */
};

struct hosts_toml {
    struct hosts_entry *mirrors; /* in the order of the file */
    size_t mirror_count;
    struct hosts_entry server;
};

/* Looks for host (in normal form) in folder: HOST_PORT_, HOST:PORT, then _default. *out NULL: there
 * is nothing. */
int img__hosts_toml_find(const char *folder, const char *host, const struct observer *log,
                         struct hosts_toml **out, img_error *err);
void img__hosts_toml_free(struct hosts_toml *hosts); /* NULL is fine */

/* From a document; relative paths are of the folder that the file is in. */
int img__hosts_toml_read(const char *file, const struct toml *document, const struct observer *log,
                         struct hosts_toml **out, img_error *err);

IMG_AUTO_POINTER(hosts_toml, struct hosts_toml, img__hosts_toml_free)

#endif
