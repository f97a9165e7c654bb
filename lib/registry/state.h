/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a client, for the files of this room.
 */
#ifndef IMG_REGISTRY_STATE_H
#define IMG_REGISTRY_STATE_H

#include "base/observe.h"
#include "base/path_set.h"
#include "base/strv.h"
#include "net/http.h"
#include "registry/host.h"
#include "registry/registries_conf.h"
#include "registry/registry.h"

struct registry {
    char *auth_file;              /* NULL: the environment says */
    struct strv plain_http;       /* in normal form */
    struct strv insecure;         /* in normal form */
    char *certs_dir;              /* NULL: the usual ones */
    char *hosts_dir;              /* NULL: HOSTS_TOML_FOLDER */
    char *registries_conf;        /* NULL: the usual ones */
    struct registries_conf *conf; /* NULL: not read yet */
    uint32_t jobs;
    uint32_t tries;
    uint32_t helper_timeout_ms;
    uint64_t manifest_limit_bytes;
    img_credential_fn on_credential;
    void *on_credential_arg;
    struct observer log;
    struct http *http;
    struct host *hosts;
    struct path_set warnings; /* that were shown */
    uint32_t window_ms;       /* at least; see fallback.c */
    uint32_t pages_max;       /* of a list */
    uint64_t last_token;      /* serial */
};

/* The host that a reference names, with the settings that there are for it, made at first sight.
 * Lives as long as the registry. */
int img__registry_host(struct registry *registry, const char *domain, struct host **out,
                       img_error *err);
/* The same with settings of this use; name in normal form. */
int img__registry_host_with(struct registry *registry, const char *name,
                            const struct host_settings *settings, struct host **out,
                            img_error *err);
/* What goes with a request to a URL that host has named: its own settings, if the URL is of its
 * origin, else those that there are for whom the URL names. *headers NULL: none. */
int img__registry_settings_for(struct registry *registry, const struct host *host, const char *url,
                               const struct http_tls **tls, const struct strv **headers,
                               img_error *err);
/* What registries.conf says, read at first need. */
int img__registry_conf(struct registry *registry, const struct registries_conf **out,
                       img_error *err);

#endif
