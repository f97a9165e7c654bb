/* SPDX-License-Identifier: Apache-2.0
 *
 * Who we are at a registry: a credential, and where it was found.
 */
#ifndef IMG_REGISTRY_CREDENTIALS_H
#define IMG_REGISTRY_CREDENTIALS_H

#include <libimg/client.h>

#include "base/buf.h"

struct registry;
struct host;

/* All NULL: nobody in particular. */
struct account {
    char *user;
    char *password;
    char *identity; /* a refresh token: it is swapped for access tokens */
    char *bearer;   /* a token for the registry itself, sent as it is */
    bool known;     /* it was looked for */
    bool renewed;   /* its helper was asked a second time already */
    char *origin;  /* "auths["ghcr.io"] in /home/a/.docker/config.json", or where nothing was found;
                      for messages. NULL: there is no place to look in */
    char *place;   /* "/home/a/.docker/config.json"; these three are NULL where there is none */
    char *key;     /* "auths["ghcr.io"]" */
    char *program; /* "docker-credential-pass" */
    char *refusal; /* how the credential that was here was refused: since then it is anonymous */
    bool told;     /* somebody was warned of that */
};

void img__account_free(struct account *account); /* leaves it empty */

static inline bool img__account_is_anonymous(const struct account *account)
{
    return !account->user && !account->identity && !account->bearer;
}

/* From a name and a password. A user "<token>" has a refresh token for a password. */
int img__account_set(struct account *account, const char *user, const char *password,
                     img_error *err);

/* The credential without where it was found. */
int img__account_copy(const struct account *from, struct account *to, img_error *err);

/* "user "alice" of auths["ghcr.io"] in FILE" or "no credential for HOST in ...". Nothing secret. */
void img__account_describe(const struct account *account, const char *host, struct buf *out);

/* Told of a place that has no credential, and why; not 0 ends the search with IMG_ECANCELED. */
typedef int (*account_skip_fn)(const char *place, const char *why, void *arg);

struct account_search {
    struct registry *registry;
    struct host *host;
    const char *repository;  /* "": the host alone */
    account_skip_fn skipped; /* NULL: nobody wants to know */
    void *arg;
};

/* Asks the callback, then the places where credentials are kept, in their order. */
int img__account_search(const struct account_search *search, struct account *out, img_error *err);

/* The same, once. */
int img__account_find(struct registry *registry, struct host *host, const char *repository,
                      struct account *out, img_error *err);

/* The registry refuses a credential. If a helper gave it, it is asked again, once; *changed: it has
 * another one by now. */
int img__account_renew(const struct account_search *search, struct account *account, bool *changed,
                       img_error *err);

/* Makes it anonymous, in the face of how it was refused. */
int img__account_refuse(struct account *account, const char *refusal, img_error *err);

/* A token service has replaced a refresh token: the old one may be worth nothing from now on. */
int img__account_rotate(struct host *host, struct account *account, const char *identity,
                        img_error *err);

/* What helpers and token services said is forgotten. */
void img__accounts_forget(struct host *host);

static inline void img__auto_account(struct account *account)
{
    img__account_free(account);
}

#endif
