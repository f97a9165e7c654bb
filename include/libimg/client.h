/* SPDX-License-Identifier: Apache-2.0
 *
 * The registry client: pull and push between a store and registries that speak the OCI distribution
 * API, as Docker Hub does. It keeps connections, tokens and credentials for as long as it lives.
 */
#ifndef LIBIMG_CLIENT_H
#define LIBIMG_CLIENT_H

#include <libimg/blob.h>
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
    /* The only file in which credentials are looked for, and where img_login() writes them. NULL:
     * the first of these that has one for the registry: $DOCKER_AUTH_CONFIG, which is the content
     * itself, $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json (without that variable
     * /run/containers/UID/auth.json), $XDG_CONFIG_HOME/containers/auth.json,
     * $DOCKER_CONFIG/config.json, $HOME/.docker/config.json, $HOME/.dockercfg. Helper programs that
     * these files name are asked. */
    const char *auth_file;
    /* Registries to talk plain HTTP to, "host[:port]", ended by NULL; NULL: none. Loopback is
     * spoken to in HTTPS first and in plain HTTP if that finds no TLS there. */
    const char *const *plain_http;
    /* A PEM file of certificate authorities. NULL: $SSL_CERT_FILE and $SSL_CERT_DIR, else the
     * system's. */
    const char *ca_file;
    const char *user_agent; /* put before libimg's own; NULL: nothing */
    uint32_t jobs;          /* transfers at once; 0 is 8, at most 64 */
    uint32_t
        tries; /* of a request that fails in passing; 0 is 5, 1 never tries again; at most 100 */
    uint32_t connect_timeout_ms;   /* 0 is 30,000 */
    uint32_t stall_timeout_ms;     /* without a byte in either direction; 0 is 30,000 */
    uint64_t manifest_limit_bytes; /* 0 is 4 MiB; at most 16 MiB */
    uint64_t config_limit_bytes;   /* 0 is 8 MiB; at most 32 MiB */
    img_credential_fn on_credential;
    void *on_credential_arg;
    img_log_fn on_log;
    void *on_log_arg;
    /* "HOST:PORT:ADDRESS", ended by NULL: connect there instead of looking the name up; NULL: none.
     */
    const char *const *resolve;
    /* Registries whose certificate is not checked, "host[:port]", ended by NULL; NULL: none. They
     * are spoken to in TLS all the same; see plain_http. Meant for those hosts alone: never for a
     * mirror, a token service or whatever else they lead to. */
    const char *const *insecure;
    /* A folder with one folder HOST[:PORT] for each registry, that holds authorities (*.crt) and a
     * client certificate (*.cert with *.key). NULL: $XDG_CONFIG_HOME/containers/certs.d or
     * ~/.config/containers/certs.d, /etc/containers/certs.d, /etc/docker/certs.d: the first that
     * knows the registry. */
    const char *certs_dir;
    /* Where images are really read, mirrors, blocked registries: containers-registries.conf(5).
     * NULL: $CONTAINERS_REGISTRIES_CONF, else the user's or the system's, with their drop-ins. */
    const char *registries_conf;
    /* containerd's folder of HOST[:PORT]/hosts.toml, for names of which registries.conf knows
     * nothing. NULL: /etc/containerd/certs.d. */
    const char *hosts_dir;
    /* Asked for each blob that a store lacks, before a registry is; not for the configs that an
     * edit or an index reads first. NULL: nobody. */
    img_blob_fn on_blob;
    void *on_blob_arg;
} img_client_options;

#define IMG_CLIENT_OPTIONS_INIT                                                                    \
    {                                                                                              \
        sizeof(img_client_options), NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL,    \
            NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL                                         \
    }

/* Makes a client, which connects to nothing yet. options may be NULL. */
IMG_API int img_client_new(const img_client_options *options, img_client **out, img_error *err);
IMG_API void img_client_free(img_client *client);

typedef struct img_pull_options {
    size_t size;
    /* Takes this platform of an index alone, and the name stands for its manifest; but if reference
     * has the digest of an index, for that index. NULL: the index with all of its platforms. */
    const img_platform *platform;
    img_event_fn on_event;
    void *on_event_arg;
    /* 1: what the store has is read, whatever its size, and brought again if it is damaged. 0: that
     * is done for manifests and small blobs alone; of others the size counts. */
    uint32_t verify;
    uint32_t reserved; /* 0 */
} img_pull_options;

#define IMG_PULL_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_pull_options), NULL, NULL, NULL, 0, 0                                           \
    }

/* Brings an image into a store, under the name by which it was asked for. Blobs that the store has
 * are not fetched, and of a tag that it has it is only asked whether it changed. What a pull that
 * broke off had of a blob is gone on with, and a blob that another process is bringing is waited
 * for. The name is set once everything has arrived and agrees with its digests. options and out may
 * be NULL. */
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

/* Asks the registry whether it takes the credential, then keeps it: in auth_file, else in
 * $REGISTRY_AUTH_FILE, else in $DOCKER_CONFIG/config.json, else in $HOME/.docker/config.json (mode
 * 0600), or with the helper that this file names for the registry. registry may have a namespace,
 * "ghcr.io/team": then the credential is for what is beneath. A registry that asks for no
 * credential can't check one: a warning goes to on_log. So does where it is kept (IMG_LOG_INFO). */
IMG_API int img_login(img_client *client, const char *registry, const char *username,
                      const char *password, img_error *err);

/* Takes the credential of a registry, or of a namespace there, away from where it is found first;
 * IMG_ENOTFOUND if there is none. on_log hears where that was (IMG_LOG_INFO). */
IMG_API int img_logout(img_client *client, const char *registry, img_error *err);

/* Takes one fact; returns 0 to go on, anything else ends the call with IMG_ECANCELED. */
typedef int (*img_explain_fn)(const char *topic, const char *text, void *arg);

/* Tells what would be done for a reference and why, without a request to a registry. Never tells
 * anything secret. The topics, of which each may be missing, or be there several times:
 *
 *   reference            as it was understood, whole
 *   settings             a file with settings of registries that was read
 *   short-name           what these say of a name without a domain, which is not heeded
 *   roots                the certificate authorities that count, and who named them
 *   place                where it would be read, the best first: "https://HOST/v2/PATH"; those
 *                        that follow are about it
 *   place.why            who says so: "FILE:LINE: a mirror", "the reference"
 *   place.asks           for what, if not for all: "content alone", "tags alone"
 *   place.namespace      the registry that it stands for, sent as ns=
 *   place.tls            "the certificate is not checked", "plain HTTP"
 *   place.certificates   a file of certs.d or of hosts.toml
 *   place.headers        how many of its own it is sent
 *   place.proxy          "none (...)", "http://proxy:3128 (HTTPS_PROXY)"
 *   place.credential     whose it would be; for mirrors
 *
 * And for the registry itself:
 *
 *   credential.host      as which the registry is looked up: "docker.io"
 *   credential.skipped   a place without a credential for it, and why: "/home/a/.dockercfg: ..."
 *   credential.file      where it is found; and in it
 *   credential.key       ... under this: auths["ghcr.io/team"], credHelpers["ghcr.io"], credsStore
 *   credential.helper    the program that has it: "docker-credential-pass"; it is asked
 *   credential.callback  there it is found instead
 *   credential.kind      "password", "identity token" or "registry token"
 *   credential.user      whose it is
 *   credential.none      there is none
 *
 * There may be more one day. */
IMG_API int img_client_explain(img_client *client, const char *reference, img_explain_fn fn,
                               void *arg, img_error *err);

/* Asks every place where the reference may be read for it, and tells what happens. Nothing is
 * changed, and no content fetched. 0 if it is there at one of them, else what the registry itself
 * said to it. The topics:
 *
 *   check.place          the one that the next are about
 *   check.connect        with what address, TLS and protocol
 *   check.api            what /v2/ answers
 *   check.credential     whose is used
 *   check.token          the token service gave one
 *   check.manifest       what is there
 *   check.failed         what went wrong in that step, and ends it for this place
 *   check.remedy         what may help
 */
IMG_API int img_client_check(img_client *client, const char *reference, img_explain_fn fn,
                             void *arg, img_error *err);

#ifdef __cplusplus
}
#endif

#endif
