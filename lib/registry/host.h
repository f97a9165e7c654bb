/* SPDX-License-Identifier: Apache-2.0
 *
 * A registry as a place on the network, and what was learned about it.
 */
#ifndef IMG_REGISTRY_HOST_H
#define IMG_REGISTRY_HOST_H

#include "base/buf.h"
#include "base/strv.h"
#include "net/address.h"
#include "net/http.h"
#include "net/url.h"
#include "registry/certs.h"
#include "registry/challenge.h"
#include "registry/placed.h"
#include "registry/upload_ways.h"

struct facts;
struct token;
struct call;
struct helper_memory;
struct rotation;

enum host_scheme {
    HOST_HTTPS,
    HOST_HTTP,
    HOST_UNKNOWN, /* loopback: HTTPS until it is seen that there is no TLS */
};

struct host {
    struct host *next;
    char name[272];    /* as references name it, in normal form: "docker.io" */
    char address[272]; /* where its API is: "registry-1.docker.io" */
    char *variant;     /* hosts of one name and different settings are different hosts */
    enum host_scheme scheme;
    struct http_tls tls; /* for its own origin alone; points into certs */
    struct certs certs;
    struct strv headers; /* secret; for its own origin alone */
    int64_t failed_ms;   /* when it failed as a mirror, by the monotonic clock; 0: it did not */
    bool greeted;        /* it has answered, see greeting.h */
    struct call *greeter, *shy;
    bool challenged; /* by a 401: challenges says how */
    struct challenges challenges;
    enum address_place place; /* where it is: what it names may be no nearer */
    bool tokens_fail;         /* its token service is none, Basic does */
    struct token *tokens;
    struct upload_ways ways; /* of sending that were found to work, or not */
    struct placed placed;
    bool tags_singly;              /* it makes no tags that are in the query of a PUT by digest */
    struct helper_memory *helpers; /* what they said */
    struct rotation *rotations;    /* of refresh tokens */
    bool warned_of_file;
    struct facts *facts; /* about its repositories; see facts.h */
    bool warned_of_helper;
    bool warned_of_realm;
};

/* name in normal form. */
void img__host_init(struct host *host, const char *name, bool plain_http);
void img__host_free(struct host *host); /* it is out of all lists */

struct host_settings {
    const char *variant;        /* which settings these are, among those for that name */
    bool lax;                   /* TLS is not verified, and plain HTTP tried where there is none */
    bool insecure;              /* TLS is not verified */
    const char *scheme;         /* "http" or "https" for certain; NULL: not said */
    struct certs *certs;        /* taken over; NULL or empty: those of certs.d */
    const struct strv *headers; /* copied; NULL: none */
};

/* "https://HOST". */
void img__host_append_base(const struct host *host, struct buf *out);

/* An address of this link alone, as metadata services have? Names are not looked up. */
bool img__host_is_link_local(const struct url_origin *origin);

#endif
