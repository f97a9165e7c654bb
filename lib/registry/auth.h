/* SPDX-License-Identifier: Apache-2.0
 *
 * Authorisation of a call, and what to do about a 401.
 */
#ifndef IMG_REGISTRY_AUTH_H
#define IMG_REGISTRY_AUTH_H

#include "registry/call.h"

/* Sets call->authorization, to NULL if nothing was ever asked for. *wait: there has to be a token
 * first, and img__call_resume() comes when it is there. */
int img__auth_prepare(struct call *call, bool *wait, img_error *err);

/* Takes in the challenge of a 401 or 403. *again: there is something better to send now. */
int img__auth_challenged(struct call *call, const struct http_response *response, bool *again,
                         img_error *err);

/* The answer was no refusal: tells if that was without the credential that there is. */
void img__auth_succeeded(struct call *call);

/* "Basic ...". NULL: no memory. */
char *img__auth_basic(const struct account *account);

#endif
