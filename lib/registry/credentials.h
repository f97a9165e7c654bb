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
    char *origin;   /* "/home/a/.docker/config.json", or where nothing was found; for messages */
};

void img__account_free(struct account *account); /* leaves it empty */

static inline bool img__account_is_anonymous(const struct account *account)
{
    return !account->user && !account->identity && !account->bearer;
}

/* From a name and a password. A user "<token>" has a refresh token for a password. */
int img__account_set(struct account *account, const char *user, const char *password,
                     img_error *err);

/* "user alice of /home/a/.docker/config.json" or "no credential for HOST in ...". Nothing secret.
 */
void img__account_describe(const struct account *account, const char *host, struct buf *out);

/* Asks the callback, then the auth file, once. repository "" is the host alone. */
int img__account_find(struct registry *registry, struct host *host, const char *repository,
                      struct account *out, img_error *err);

static inline void img__auto_account(struct account *account)
{
    img__account_free(account);
}

#endif
