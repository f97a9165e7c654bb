/* SPDX-License-Identifier: Apache-2.0
 *
 * The client handle: its options with their defaults, login and logout.
 */
#include "ops/client.h"

#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "core/reference.h"

#define KEY_BYTES 600 /* of a host with a namespace */

_Static_assert(sizeof(img_client_options) ==
                   offsetof(img_client_options, on_blob_arg) + sizeof(void *),
               "no tail padding: a new field could hide in it");
_Static_assert(offsetof(img_client_options, manifest_limit_bytes) ==
                   offsetof(img_client_options, stall_timeout_ms) + sizeof(uint32_t),
               "no hole either");

static void default_u32(uint32_t *value, uint32_t other)
{
    if (*value == 0)
        *value = other;
}

static void set_defaults(img_client_options *options)
{
    default_u32(&options->jobs, 8);
    default_u32(&options->tries, 5);
    default_u32(&options->connect_timeout_ms, 30000);
    default_u32(&options->stall_timeout_ms, 30000);
    if (options->manifest_limit_bytes == 0)
        options->manifest_limit_bytes = (uint64_t)4 << 20;
    if (options->config_limit_bytes == 0)
        options->config_limit_bytes = (uint64_t)8 << 20;
}

static int check(const img_client_options *options, img_error *err)
{
    if (options->jobs > 64)
        return img__fail(err, IMG_EINVAL, "%u jobs are too many: at most 64", options->jobs);
    if (options->tries > 100)
        return img__fail(err, IMG_EINVAL, "%u tries are too many: at most 100", options->tries);
    if (options->manifest_limit_bytes > (uint64_t)16 << 20)
        return img__fail(err, IMG_EINVAL, "the limit of a manifest can't exceed 16 MiB");
    if (options->config_limit_bytes > CONFIG_READ_MAX)
        return img__fail(err, IMG_EINVAL, "the limit of a config can't exceed 32 MiB");
    return 0;
}

int img_client_new(const img_client_options *options, img_client **out, img_error *err)
{
    auto_free img_client *client = calloc(1, sizeof(*client));
    if (!client)
        return img__fail_memory(err);
    client->options = (img_client_options)IMG_CLIENT_OPTIONS_INIT;
    int rc = img__options_copy(&client->options, sizeof(client->options), options,
                               "img_client_options", err);
    if (rc)
        return rc;
    set_defaults(&client->options);
    rc = check(&client->options, err);
    if (rc)
        return rc;
    rc = img__registry_new(&client->options, &client->registry, err);
    if (rc)
        return rc;
    *out = steal(client);
    return 0;
}

void img_client_free(img_client *client)
{
    if (!client)
        return;
    img__registry_free(client->registry);
    free(client);
}

/* Wipes a credential at the end of its scope. */
static inline void img__auto_credential(img_credential *credential)
{
    explicit_bzero(credential, sizeof(*credential));
}

static int fill(char *out, size_t size, const char *what, const char *text, img_error *err)
{
    size_t len = strlen(text);
    if (len == 0 || len >= size)
        return img__fail(err, IMG_EINVAL, "the %s must have 1 to %zu bytes", what, size - 1);
    memcpy(out, text, len + 1);
    return 0;
}

/* What is behind a registry's host: a namespace, whose grammar is that of repositories. The paths
 * of the API are none. */
static int parse_namespace(const char *text, char *out, size_t size, img_error *err)
{
    const char *scheme = strstr(text, "://");
    const char *slash = strchr(scheme ? scheme + 3 : text, '/');
    size_t len = slash ? strlen(slash + 1) : 0;
    char probe[600];
    img_reference reference;
    *out = '\0';
    while (len && slash[len] == '/')
        len--;
    if (len == 0 || (len == 2 && (memcmp(slash, "/v1", 3) == 0 || memcmp(slash, "/v2", 3) == 0)))
        return 0;
    snprintf(probe, sizeof(probe), "registry.invalid/%.*s", (int)(len < 300 ? len : 300),
             slash + 1);
    int rc = img_reference_parse(probe, &reference, NULL);
    if (rc || strlen(reference.path) != len || len >= size)
        return img__fail(err, IMG_EINVAL,
                         "'%.300s' is neither a registry nor a namespace of one, which is written "
                         "as the names of its repositories begin: ghcr.io/team",
                         text);
    memcpy(out, reference.path, len + 1);
    return 0;
}

/* "ghcr.io", "ghcr.io/team". */
static int parse_key(const char *text, char *out, size_t size, img_error *err)
{
    char host[272], ns[256];
    int rc = img__reference_parse_registry(text, host, err);
    if (rc == 0)
        rc = parse_namespace(text, ns, sizeof(ns), err);
    if (rc == 0)
        snprintf(out, size, "%s%s%s", host, *ns ? "/" : "", ns);
    return rc;
}

int img_login(img_client *client, const char *registry, const char *username, const char *password,
              img_error *err)
{
    char key[KEY_BYTES];
    int rc = parse_key(registry, key, sizeof(key), err);
    if (rc)
        return rc;
    auto_(credential) img_credential credential = {"", ""};
    rc = fill(credential.username, sizeof(credential.username), "user name", username, err);
    if (rc == 0)
        rc = fill(credential.password, sizeof(credential.password), "password", password, err);
    if (rc == 0 && strchr(username, ':'))
        rc = img__fail(err, IMG_EINVAL, "a user name can't hold a colon");
    if (rc == 0)
        rc = img__registry_try_credential(client->registry, key, &credential, err);
    if (rc == 0)
        rc = img__registry_store_credential(client->registry, key, &credential, err);
    return rc ? img__prefix(err, rc, "login %s", key) : 0;
}

int img_logout(img_client *client, const char *registry, img_error *err)
{
    char key[KEY_BYTES];
    int rc = parse_key(registry, key, sizeof(key), err);
    if (rc)
        return rc;
    rc = img__registry_erase_credential(client->registry, key, err);
    return rc ? img__prefix(err, rc, "logout %s", key) : 0;
}
