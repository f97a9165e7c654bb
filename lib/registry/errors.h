/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals: from an HTTP answer to an img_error.
 */
#ifndef IMG_REGISTRY_ERRORS_H
#define IMG_REGISTRY_ERRORS_H

#include "net/http.h"
#include "registry/access.h"

/* What the body of a refusal says. */
struct complaint {
    char code[48];    /* "MANIFEST_UNKNOWN", "" if there is none */
    char text[400];   /* in words, "" if there are none */
    char detail[260]; /* JSON, or words; "" if there is none, or it is what text says */
    size_t more;      /* errors besides the first */
    bool html;        /* it is a page: something else than a registry answered */
};

void img__complaint_parse(const char *body, size_t len, struct complaint *out);

/* "METHOD URL: 403 DENIED: requested access to ... is denied (user "a" of FILE)". */
int img__fail_refused(const char *method, const char *url, const struct access *access,
                      const struct http_response *response, img_error *err);

#endif
