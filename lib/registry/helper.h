/* SPDX-License-Identifier: Apache-2.0
 *
 * Credential helpers: programs called docker-credential-NAME that keep credentials for docker.
 */
#ifndef IMG_REGISTRY_HELPER_H
#define IMG_REGISTRY_HELPER_H

#include "registry/credentials.h"

#define HELPER_TIMEOUT_MS 30000

enum helper_answer {
    HELPER_HAS,
    HELPER_HAS_NOT,
    HELPER_MISSING, /* there is no such program */
};

struct helper {
    const char *name; /* "pass": the program is docker-credential-pass */
    const char
        *origin; /* who named it, for messages: "credsStore in /home/a/.docker/config.json" */
    uint32_t timeout_ms;
};

/* What it has for a host in normal form; out is filled if it has. What is wrong with a helper is
 * IMG_EAUTH, a name that is none IMG_EFORMAT. */
int img__helper_get(const struct helper *helper, const char *host, struct account *out,
                    enum helper_answer *answer, img_error *err);

/* One that is missing fails here. */
int img__helper_store(const struct helper *helper, const char *host,
                      const img_credential *credential, img_error *err);
int img__helper_erase(const struct helper *helper, const char *host, img_error *err);

/* The pieces, pure. What a helper says of a credential that it has; nothing of the text becomes
 * part of a message. *has false: it has none after all. */
int img__helper_parse(const char *what, const char *text, size_t len, struct account *out,
                      bool *has, img_error *err);
/* Is this how helpers say that they have none? */
bool img__helper_has_none(const char *text);

#endif
