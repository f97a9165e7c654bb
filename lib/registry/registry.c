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
#include "registry/token.h"

static void host_free(struct host *host)
{
    img__tokens_drop(host);
    img__accounts_forget(host);
    img__challenges_free(&host->challenges);
    img__placed_free(&host->placed);
    free(host);
}

void img__registry_free(struct registry *registry)
{
    if (!registry)
        return;
    img__http_free(registry->http);
    while (registry->hosts) {
        struct host *host = registry->hosts;
        registry->hosts = host->next;
        host_free(host);
    }
    img__strv_free(&registry->plain_http);
    free(registry->auth_file);
    free(registry);
}

static int copy_plain_http(struct registry *registry, const char *const *list, img_error *err)
{
    for (; list && *list; list++) {
        char host[272], normal[272];
        int result = img__reference_parse_registry(*list, host, err);
        if (result)
            return img__prefix(err, result, "a registry for plain HTTP");
        img__reference_host_normal(host, normal, sizeof(normal));
        result = img__strv_add(&registry->plain_http, normal, err);
        if (result)
            return result;
    }
    return 0;
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
    registry->manifest_limit_bytes = options->manifest_limit_bytes;
    registry->helper_timeout_ms = HELPER_TIMEOUT_MS;
    registry->on_credential = options->on_credential;
    registry->on_credential_arg = options->on_credential_arg;
    registry->log.on_log = options->on_log;
    registry->log.on_log_arg = options->on_log_arg;
    registry->auth_file = options->auth_file ? strdup(options->auth_file) : NULL;
    if (options->auth_file && !registry->auth_file)
        return img__fail_memory(err);
    int result = copy_plain_http(registry, options->plain_http, err);
    if (result == 0)
        result = open_http(registry, options, err);
    if (result == 0)
        *out = steal(registry);
    return result;
}

int img__registry_host(struct registry *registry, const char *domain, struct host **out,
                       img_error *err)
{
    char name[272];
    img__reference_host_normal(domain, name, sizeof(name));
    for (struct host *host = registry->hosts; host; host = host->next) {
        if (strcmp(host->name, name) == 0) {
            *out = host;
            return 0;
        }
    }
    struct host *host = calloc(1, sizeof(*host));
    if (!host)
        return img__fail_memory(err);
    img__host_init(host, name, img__strv_has(&registry->plain_http, name));
    host->next = registry->hosts;
    registry->hosts = host;
    *out = host;
    return 0;
}
