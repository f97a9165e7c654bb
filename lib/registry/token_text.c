/* SPDX-License-Identifier: Apache-2.0
 *
 * The texts of the token protocol (registry.md A4-A6, A12, 1.13): what is asked, what is answered,
 * and which realms may be asked at all. Answers are taken as JSON whatever their type is; issued_at
 * is not looked at, since clocks differ.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "core/json.h"
#include "registry/secret.h"
#include "registry/token.h"

#define CLIENT_ID "libimg"
#define LIFE_MIN_SEC ((uint64_t)60)
#define LIFE_MAX_SEC ((uint64_t)366 * 24 * 3600)
#define TOKEN_MAX ((size_t)128 * 1024)

int img__token_url(const char *realm, const char *service, const char *scope, const char *user,
                   struct buf *out, img_error *err)
{
    img__buf_clear(out);
    img__buf_puts(out, realm);
    if (service)
        img__url_append_query(out, "service", service);
    while (*scope) {
        char item[1024];
        size_t len = strcspn(scope, " ");
        if (len >= sizeof(item))
            return img__fail(err, IMG_ELIMIT, "a scope is longer than %zu bytes", sizeof(item));
        memcpy(item, scope, len);
        item[len] = '\0';
        if (len)
            img__url_append_query(out, "scope", item);
        scope += len + (scope[len] == ' ');
    }
    if (user)
        img__url_append_query(out, "account", user);
    img__url_append_query(out, "client_id", CLIENT_ID);
    return img__buf_check(out, "the URL of the token service", err);
}

static void append_field(struct buf *out, const char *name, const char *value)
{
    img__buf_printf(out, "%s%s=", out->len ? "&" : "", name);
    for (; *value; value++) {
        const char one[2] = {*value, '\0'};
        if (*value == ' ')
            img__buf_putc(out, '+');
        else
            img__url_append_encoded(out, one);
    }
}

size_t img__token_form_max(const struct token_form *form)
{
    const char *const values[] = {form->service, form->scope, form->refresh, form->user,
                                  form->password};
    size_t len = 0;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        len += values[i] ? strlen(values[i]) : 0;
    return 3 * len + 1024;
}

void img__token_form(const struct token_form *form, struct buf *out)
{
    append_field(out, "grant_type", form->refresh ? "refresh_token" : "password");
    if (form->service)
        append_field(out, "service", form->service);
    append_field(out, "client_id", CLIENT_ID);
    append_field(out, "access_type", form->refresh ? "offline" : "online");
    if (*form->scope)
        append_field(out, "scope", form->scope);
    if (form->refresh) {
        append_field(out, "refresh_token", form->refresh);
    } else {
        append_field(out, "username", form->user);
        append_field(out, "password", form->password);
    }
}

bool img__token_is_sendable(const char *token)
{
    size_t len = strlen(token);
    if (len == 0 || len > TOKEN_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (token[i] <= ' ' || token[i] > '~')
            return false;
    }
    return true;
}

static uint64_t life_of(const struct json *json, const char *what)
{
    uint64_t life = LIFE_MIN_SEC;
    if (img__json_get_size(json, what, "expires_in", false, &life, NULL) != 0)
        return LIFE_MIN_SEC;
    if (life < LIFE_MIN_SEC)
        return LIFE_MIN_SEC;
    return life > LIFE_MAX_SEC ? LIFE_MAX_SEC : life;
}

int img__token_parse(const char *what, const char *body, size_t len, struct token_answer *out,
                     img_error *err)
{
    auto_(json) struct json *json = NULL;
    int result = img__json_parse_secret(what, body, len, &json, err);
    if (result)
        return result;
    const char *token = img__json_text(img__json_get(json, "access_token"));
    const char *refresh = img__json_text(img__json_get(json, "refresh_token"));
    if (!token || !*token)
        token = img__json_text(img__json_get(json, "token"));
    if (!token)
        return img__fail(err, IMG_EFORMAT, "%s: the answer holds no token", what);
    if (!img__token_is_sendable(token))
        return img__fail(err, IMG_EFORMAT, "%s: the token is malformed", what);
    *out = (struct token_answer){0};
    out->token = strdup(token);
    out->refresh = refresh && *refresh ? strdup(refresh) : NULL;
    out->life_sec = life_of(json, what);
    if (out->token && (!refresh || !*refresh || out->refresh))
        return 0;
    img__token_answer_free(out);
    return img__fail_memory(err);
}

void img__token_answer_free(struct token_answer *answer)
{
    img__secret_clear(&answer->token);
    img__secret_clear(&answer->refresh);
}

int img__token_check_realm(const char *base, const char *realm, struct buf *url, img_error *err)
{
    struct url_origin from, to;
    int result = img__url_resolve(NULL, realm, url, err);
    if (result == 0)
        result = img__url_origin(img__buf_text(url), &to, err);
    if (result == 0)
        result = img__url_origin(base, &from, err);
    if (result)
        return img__prefix(err, result, "the token service that %s names", base);
    const char *reason = NULL;
    if (from.https && !to.https)
        reason = "which would be asked without TLS";
    else if (img__url_is_loopback(img__buf_text(url)) && !img__url_is_loopback(base))
        reason = "which is this machine";
    else if (img__host_is_link_local(&to) && !img__host_is_link_local(&from))
        reason = "which is an address of this link alone";
    if (!reason)
        return 0;
    return img__fail(err, IMG_EAUTH, "%s names a token service at %.*s, %s: refused", base,
                     (int)to.host_len, to.host, reason);
}

/* The label that ends before at; at goes to its start. */
static size_t label_before(const char *host, size_t *at)
{
    size_t end = *at;
    while (*at > 0 && host[*at - 1] != '.')
        --*at;
    return end - *at;
}

static bool is_shared(const char *label, size_t len)
{
    static const char *const shared[] = {"co",  "com", "net", "org", "gov",
                                         "edu", "ac",  "or",  "ne",  "go"};
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        if (strlen(shared[i]) == len && memcmp(shared[i], label, len) == 0)
            return true;
    }
    return false;
}

static bool is_address(const char *host, size_t len)
{
    return *host == '[' || (len && img__is_digit(host[len - 1]));
}

/* Where what is registered begins: in "registry.example.co.uk" at "example". */
static size_t site_start(const char *host, size_t len)
{
    size_t at = len;
    size_t last = label_before(host, &at);
    for (int labels = 1; at > 0 && labels < 3; labels++) {
        at--;
        size_t label = label_before(host, &at);
        if (labels == 1 && !(last == 2 && is_shared(host + at, label)))
            break;
    }
    return at;
}

bool img__token_same_site(const char *one, size_t one_len, const char *other, size_t other_len)
{
    bool address = is_address(one, one_len) || is_address(other, other_len);
    size_t a = address ? 0 : site_start(one, one_len);
    size_t b = address ? 0 : site_start(other, other_len);
    if (one_len - a != other_len - b)
        return false;
    for (; a < one_len; a++, b++) {
        if (img__to_lower(one[a]) != img__to_lower(other[b]))
            return false;
    }
    return true;
}
