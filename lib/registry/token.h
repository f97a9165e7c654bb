/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: asking the service that a Bearer challenge names, once for all who wait, and keeping them
 * until most of their life is over.
 */
#ifndef IMG_REGISTRY_TOKEN_H
#define IMG_REGISTRY_TOKEN_H

#include "registry/call.h"

/* Of a host; in its list. */
struct token {
    struct token *next;
    struct registry *registry;
    struct host *host;
    char *user;  /* for whom: "" for nobody in particular */
    char *scope; /* for what */
    char *value;
    uint64_t serial;
    uint64_t stale_ms; /* when to ask for another, by the monotonic clock */
    /* While it is on its way: */
    bool pending;
    struct call *waiters;
    char *url;
    char *authorization;
    struct source *form; /* NULL: by GET */
    struct buf form_text;
};

/* A token for the call's access. *out NULL: it is on its way, and the call is resumed when it is
 * there. */
int img__token_for(struct call *call, const struct token **out, img_error *err);

/* The registry did not like it. */
void img__token_drop(struct host *host, uint64_t serial);
/* All but those on their way. */
void img__tokens_drop(struct host *host);

/* The pieces, pure: the URL of GET, the form of POST, the answer. */

/* GET REALM?service=...&scope=...&account=...&client_id=... (registry.md A4). */
int img__token_url(const char *realm, const char *service, const char *scope, const char *user,
                   struct buf *out, img_error *err);
/* For a refresh token (A5). out must have room for all of it at once. */
void img__token_form(const char *service, const char *scope, const char *refresh, struct buf *out);

struct token_answer {
    char *token;
    char *refresh;     /* NULL: none */
    uint64_t life_sec; /* 60 or more */
};
int img__token_parse(const char *what, const char *body, size_t len, struct token_answer *out,
                     img_error *err);
/* May it stand in a header line? */
bool img__token_is_sendable(const char *token);
void img__token_answer_free(struct token_answer *answer);

/* May host's registry send us to this realm with a credential? (A12) */
int img__token_check_realm(const char *base, const char *realm, struct buf *url, img_error *err);

#endif
