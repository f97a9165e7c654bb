/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens: asking the service that a Bearer challenge names, once for all who wait, and keeping them
 * until most of their life is over.
 */
#ifndef IMG_REGISTRY_TOKEN_H
#define IMG_REGISTRY_TOKEN_H

#include "registry/call.h"

/* By what a token is asked for. */
enum token_grant {
    TOKEN_GET,      /* a query, with Basic if there is a password */
    TOKEN_REFRESH,  /* a form with a refresh token */
    TOKEN_PASSWORD, /* a form with a password, where there is no GET */
};

/* Of a host; in its list. */
struct token {
    struct token *next;
    struct registry *registry;
    struct host *host;
    char *user;   /* for whom: "" for nobody in particular */
    char *origin; /* of the credential */
    char *scope;  /* for what */
    char *value;
    uint64_t serial;
    uint64_t stale_ms; /* when to ask for another, by the monotonic clock */
    uint64_t dead_ms;  /* when it is over */
    /* While it is on its way: */
    bool pending;
    struct call *waiters;
    char *url;
    char *authorization;
    enum token_grant grant;
    bool posted;         /* a form was sent, and there is no such thing */
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

/* Is it good for one more request at a time of the monotonic clock, which may be a large upload? */
bool img__token_is_fresh(const struct token *token, uint64_t at_ms, uint64_t upload_bytes);

/* The pieces, pure: the URL of GET, the form of POST, the answer. */

/* GET REALM?service=...&scope=...&account=...&client_id=... (registry.md A4). */
int img__token_url(const char *realm, const char *service, const char *scope, const char *user,
                   struct buf *out, img_error *err);
/* The form of POST (A5), for a refresh token, or for a name and a password if refresh is NULL. out
 * must have room for all of it at once. */
struct token_form {
    const char *service; /* NULL: none */
    const char *scope;
    const char *refresh;
    const char *user;
    const char *password;
};
size_t img__token_form_max(const struct token_form *form);
void img__token_form(const struct token_form *form, struct buf *out);

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

/* Is this name, as far as can be told without a list of all of them, of the same owner as that one?
 * By the last two labels, or three where the last two are like "co.uk"; addresses are compared as
 * they are. */
bool img__token_same_site(const char *one, size_t one_len, const char *other, size_t other_len);

#endif
