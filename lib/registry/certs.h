/* SPDX-License-Identifier: Apache-2.0
 *
 * certs.d: folders with what TLS needs for one registry, as docker and podman have them
 * (registry.md T3).
 */
#ifndef IMG_REGISTRY_CERTS_H
#define IMG_REGISTRY_CERTS_H

#include "base/buf.h"
#include "base/observe.h"
#include "base/strv.h"

#define CERTS_CA_MAX ((size_t)1024 * 1024)

struct certs {
    struct buf ca;     /* PEM, of all that were added */
    char *cert_file;   /* NULL: no client certificate */
    char *key_file;    /* with it */
    struct strv files; /* what was taken, for those who ask why */
};
#define CERTS_INIT                                                                                 \
    {                                                                                              \
        BUF_INIT(CERTS_CA_MAX), NULL, NULL, STRV_INIT                                              \
    }

/* Reads HOST:PORT in folder, or, if that is NULL, in the first of the user's, containers' and
 * docker's certs.d that has it. *.crt are authorities; NAME.cert with NAME.key is a client's pair,
 * and half of one an error. A folder that can't be read is told of and skipped. host is in normal
 * form. */
int img__certs_find(const char *folder, const char *host, const struct observer *log,
                    struct certs *out, img_error *err);

/* Adds the authorities in a PEM file. */
int img__certs_add_ca(struct certs *certs, const char *path, img_error *err);
/* Sets the client's pair; both must be there. */
int img__certs_set_client(struct certs *certs, const char *cert, const char *key, img_error *err);
void img__certs_free(struct certs *certs);

static inline void img__auto_certs(struct certs *certs)
{
    img__certs_free(certs);
}

#endif
