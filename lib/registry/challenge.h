/* SPDX-License-Identifier: Apache-2.0
 *
 * What a 401 asks for: the challenges of WWW-Authenticate (RFC 9110, section 11.6.1).
 */
#ifndef IMG_REGISTRY_CHALLENGE_H
#define IMG_REGISTRY_CHALLENGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"

/* The schemes that libimg can answer, and the names of the others. */
struct challenges {
    bool basic;
    bool bearer;   /* with a realm */
    char *realm;   /* of the first Bearer that has one; these four may be NULL */
    char *service; /* the same's */
    char *scope;
    char *error;
    char others[64]; /* "Negotiate, NTLM": for messages */
};

/* Adds those of one header line. Later Bearer challenges are ignored, and whatever makes no sense
 * is skipped: the only failure is of memory. */
int img__challenges_add(struct challenges *challenges, const char *value, size_t len,
                        img_error *err);
void img__challenges_free(struct challenges *challenges); /* leaves it empty */

static inline void img__auto_challenges(struct challenges *challenges)
{
    img__challenges_free(challenges);
}

#endif
