/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry client: pull and push between a store and registries that speak the OCI distribution
 * API, as Docker Hub does. It keeps connections, tokens and credentials for as long as it lives.
 */
#ifndef LIBIMG_CLIENT_H
#define LIBIMG_CLIENT_H

#include <libimg/callbacks.h>
#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_client img_client;

/* What a registry asks for; filled by the callback below. */
typedef struct img_credential {
    char username[256];
    char password[4096]; /* or a token */
} img_credential;

/* Supplies the credential for a registry ("docker.io", "localhost:5000"). Returns 0 if it filled
 * it, IMG_ENOTFOUND to look in the files as without a callback, anything else to fail. */
typedef int (*img_credential_fn)(const char *registry, img_credential *out, void *arg);

typedef struct img_client_options {
    size_t size;
    /* Where credentials are read and img_login() writes them. NULL: $REGISTRY_AUTH_FILE, else
     * $DOCKER_CONFIG/config.json, else $HOME/.docker/config.json. */
    const char *auth_file;
    /* Registries to talk plain HTTP to, "host[:port]", ended by NULL; NULL: none. Loopback is
     * spoken to in HTTPS first and in plain HTTP if that finds no TLS there. */
    const char *const *plain_http;
    /* A PEM file of certificate authorities. NULL: $SSL_CERT_FILE and $SSL_CERT_DIR, else the
     * system's. */
    const char *ca_file;
    const char *user_agent; /* put before libimg's own; NULL: nothing */
    uint32_t jobs;          /* transfers at once; 0 is 6, at most 64 */
    uint32_t
        tries; /* of a request that fails in passing; 0 is 5, 1 never tries again; at most 100 */
    uint32_t connect_timeout_ms;   /* 0 is 30,000 */
    uint32_t stall_timeout_ms;     /* without a byte in either direction; 0 is 60,000 */
    uint64_t manifest_limit_bytes; /* 0 is 4 MiB; at most 16 MiB */
    uint64_t config_limit_bytes;   /* 0 is 8 MiB; at most 32 MiB */
    img_credential_fn on_credential;
    void *on_credential_arg;
    img_log_fn on_log;
    void *on_log_arg;
} img_client_options;

#define IMG_CLIENT_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(img_client_options), NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL,    \
            NULL                                                                                   \
    }

/* options may be NULL. Connects to nothing yet. */
IMG_API int img_client_new(const img_client_options *options, img_client **out, img_error *err);
IMG_API void img_client_free(img_client *client);

typedef struct img_pull_options {
    size_t size;
    /* Takes this platform of an index alone, and the name stands for its manifest; but if reference
     * has the digest of an index, for that index. NULL: the index with all of its platforms. */
    const img_platform *platform;
    img_event_fn on_event;
    void *on_event_arg;
} img_pull_options;

#define IMG_PULL_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_pull_options), NULL, NULL, NULL                                                 \
    }

/* Brings an image into a store, under the name by which it was asked for. Blobs that the store has
 * are not fetched. The name is set once everything has arrived and agrees with its digests. options
 * and out may be NULL. */
IMG_API int img_pull(img_client *client, img_store *store, const char *reference,
                     const img_pull_options *options, img_descriptor *out, img_error *err);

typedef struct img_push_options {
    size_t size;
    img_event_fn on_event;
    void *on_event_arg;
} img_push_options;

#define IMG_PUSH_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_push_options), NULL, NULL                                                       \
    }

/* Sends an image of a store to the registry that destination names; NULL: the one that reference
 * names. Blobs that the registry has are not sent. The tag is set last. options and out may be
 * NULL. */
IMG_API int img_push(img_client *client, img_store *store, const char *reference,
                     const char *destination, const img_push_options *options, img_descriptor *out,
                     img_error *err);

/* Asks the registry whether it takes the credential, then writes it to the auth file (mode 0600).
 */
IMG_API int img_login(img_client *client, const char *registry, const char *username,
                      const char *password, img_error *err);

/* Takes a registry's credential out of the auth file; IMG_ENOTFOUND if there is none. */
IMG_API int img_logout(img_client *client, const char *registry, img_error *err);

#ifdef __cplusplus
}
#endif

#endif
