/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of a client: options, hosts, the one HTTP loop.
 */
#include "registry/registry.h"

#include <assert.h>
#include <string.h>

#include <libimg/version.h>

#include "core/reference.h"
#include "registry/call.h"
#include "registry/helper.h"
#include "registry/pager.h"
#include "registry/referrers.h"
#include "registry/token.h"

void img__registry_free(struct registry *registry)
{
    if (!registry)
        return;
    img__http_free(registry->http);
    while (registry->hosts) {
        struct host *host = registry->hosts;
        registry->hosts = host->next;
        img__host_free(host);
    }
    img__registries_conf_free(registry->conf);
    img__path_set_free(&registry->warnings);
    img__strv_free(&registry->plain_http);
    img__strv_free(&registry->insecure);
    free(registry->certs_dir);
    free(registry->hosts_dir);
    free(registry->registries_conf);
    free(registry->auth_file);
    free(registry);
}

static int copy_hosts(struct strv *out, const char *const *list, const char *what, img_error *err)
{
    for (; list && *list; list++) {
        char host[272], normal[272];
        int result = img__reference_parse_registry(*list, host, err);
        if (result)
            return img__prefix(err, result, "a registry %s", what);
        img__reference_host_normal(host, normal, sizeof(normal));
        result = img__strv_add(out, normal, err);
        if (result)
            return result;
    }
    return 0;
}

static int copy_text(char **out, const char *text, img_error *err)
{
    *out = text ? strdup(text) : NULL;
    return text && !*out ? img__fail_memory(err) : 0;
}

static int copy_routes(struct registry *registry, const img_client_options *options, img_error *err)
{
    int result = copy_hosts(&registry->plain_http, options->plain_http, "for plain HTTP", err);
    if (result == 0)
        result = copy_hosts(&registry->insecure, options->insecure, "that is not verified", err);
    if (result == 0)
        result = copy_text(&registry->certs_dir, options->certs_dir, err);
    if (result == 0)
        result = copy_text(&registry->registries_conf, options->registries_conf, err);
    if (result == 0)
        result = copy_text(&registry->hosts_dir, options->hosts_dir, err);
    return result;
}

static int open_http(struct registry *registry, const img_client_options *options, img_error *err)
{
    auto_(buf) struct buf agent = BUF_INIT(1024);
    const char *before = options->user_agent;
    img__buf_printf(&agent, "%s%slibimg/" LIBIMG_VERSION_STRING, before ? before : "",
                    before && *before ? " " : "");
    int result = img__buf_check(&agent, "the user agent", err);
    if (result)
        return result;
    const struct http_options http = {
        .ca_file = options->ca_file,
        .user_agent = img__buf_text(&agent),
        .connect_timeout_ms = options->connect_timeout_ms,
        .stall_timeout_ms = options->stall_timeout_ms,
        .tries = options->tries,
        .connections = options->jobs,
        .observer = &registry->log,
        .resolve = options->resolve,
    };
    return img__http_new(&http, &registry->http, err);
}

int img__registry_new(const img_client_options *options, struct registry **out, img_error *err)
{
    assert(options->jobs && options->tries && options->manifest_limit_bytes);
    auto_(registry) struct registry *registry = calloc(1, sizeof(*registry));
    if (!registry)
        return img__fail_memory(err);
    registry->jobs = options->jobs;
    registry->tries = options->tries;
    registry->window_ms = REFERRERS_WINDOW_MS;
    registry->pages_max = PAGES_MAX;
    registry->manifest_limit_bytes = options->manifest_limit_bytes;
    registry->helper_timeout_ms = HELPER_TIMEOUT_MS;
    registry->on_credential = options->on_credential;
    registry->on_credential_arg = options->on_credential_arg;
    registry->log.on_log = options->on_log;
    registry->log.on_log_arg = options->on_log_arg;
    registry->auth_file = options->auth_file ? strdup(options->auth_file) : NULL;
    if (options->auth_file && !registry->auth_file)
        return img__fail_memory(err);
    int result = copy_routes(registry, options, err);
    if (result == 0)
        result = open_http(registry, options, err);
    if (result == 0)
        *out = steal(registry);
    return result;
}
