/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals (distribution-spec, "Error Codes"; registry.md W6): the request, the status, the
 * registry's first code and words, and what may help. Token services have their own shapes: OAuth's
 * error and error_description, or a lone "details" or "message". Whatever a server says is cut
 * short, and cleaned when it becomes a message.
 */
#include "registry/errors.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/json.h"
#include "net/url.h"

#define DETAIL_READ_MAX ((size_t)64 * 1024)

/* Registries' codes are upper case and underscores; what is not of this kind is dropped. */
static void take_code(struct complaint *out, const char *code)
{
    size_t len = code ? strlen(code) : 0;
    if (len == 0 || len >= sizeof(out->code))
        return;
    for (size_t i = 0; i < len; i++) {
        if (!img__is_alnum(code[i]) && code[i] != '_' && code[i] != '-')
            return;
    }
    memcpy(out->code, code, len + 1);
}

/* The first line of it, cut at a whole character. */
static void take_text(struct complaint *out, const char *text)
{
    size_t len = text ? strcspn(text, "\r\n") : 0;
    char line[sizeof(out->text)];
    snprintf(line, sizeof(line), "%.*s", (int)(len < sizeof(line) ? len : sizeof(line) - 1),
             text ? text : "");
    img__text_clean(line, out->text, sizeof(out->text));
}

static const char *member(const struct json *object, const char *key)
{
    return img__json_text(img__json_get(object, key));
}

/* A detail may be anything. What says nothing is left out. */
static void take_detail(struct complaint *out, const struct json *detail)
{
    auto_(buf) struct buf text = BUF_INIT(DETAIL_READ_MAX);
    const char *words = img__json_text(detail);
    enum json_kind kind = img__json_kind(detail);
    bool list = kind == JSON_OBJECT || kind == JSON_ARRAY;
    if (kind == JSON_NULL || (words && !*words) || (list && img__json_count(detail) == 0))
        return;
    if (words)
        img__buf_puts(&text, words);
    else
        img__json_write(detail, &text);
    if (text.failed && !text.len)
        return;
    img__text_clean(img__buf_text(&text), out->detail, sizeof(out->detail));
    if (strstr(out->text, out->detail))
        *out->detail = '\0';
}

static void take_object(struct complaint *out, const struct json *object)
{
    static const char *const words[] = {"message", "error_description", "details", "detail"};
    take_code(out, member(object, "code"));
    if (!*out->code)
        take_code(out, member(object, "error"));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !*out->text; i++)
        take_text(out, member(object, words[i]));
    take_detail(out, img__json_get(object, "detail"));
}

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

void img__complaint_parse(const char *body, size_t len, struct complaint *out)
{
    *out = (struct complaint){0};
    const char *start = skip_blanks(body);
    auto_(json) struct json *json = NULL;
    if (*start == '<') {
        out->html = true;
    } else if (*start == '{') {
        if (img__json_parse("the answer", body, len, &json, NULL) != 0)
            return;
        const struct json *errors = img__json_get(json, "errors");
        bool list = img__json_kind(errors) == JSON_ARRAY && img__json_count(errors);
        take_object(out, list ? img__json_at(errors, 0) : json);
        out->more = list ? img__json_count(errors) - 1 : 0;
    } else {
        take_text(out, start);
    }
}

static int code_of(int status, const struct complaint *complaint)
{
    if (status == 401 || status == 403 || strcmp(complaint->code, "invalid_grant") == 0)
        return IMG_EAUTH;
    if (status == 404)
        return IMG_ENOTFOUND;
    return status == 429 ? IMG_ERATELIMIT : IMG_EREFUSED;
}

/* Who was refused, or was not let in for want of a credential. */
static void append_account(struct buf *out, const struct access *access, int status)
{
    const struct account *account = access->account;
    if (account->refusal)
        img__buf_puts(out, "without a credential, since ");
    img__account_describe(account, access->host->name, out);
    if (account->refusal || img__account_is_anonymous(account))
        return;
    img__buf_puts(out, status == 403 ? " may not do this"
                                     : " was refused: check the password and log in again");
}

/* Registries hide what one may not see behind a 404. That a manifest alone is unknown tells that
 * the repository is not hidden. */
static bool may_be_hidden(const struct access *access, const struct complaint *complaint)
{
    if (img__account_is_anonymous(access->account) && !access->host->challenged)
        return false; /* it never asked who is there */
    return access->account->known && strncmp(complaint->code, "MANIFEST_", 9) != 0 &&
           strncmp(complaint->code, "BLOB_", 5) != 0;
}

static void append_rate(struct buf *out, const struct http_response *response)
{
    size_t len;
    const char *after = img__http_header(response, "Retry-After", 0, &len);
    if (!after || len >= 40) {
        img__buf_puts(out, "too many requests; try again later");
        return;
    }
    bool seconds = img__is_digit(*after);
    img__buf_printf(out, "try again %s %.*s%s", seconds ? "in" : "after", (int)len, after,
                    seconds ? " s" : "");
}

static void append_hint(struct buf *out, int code, const struct access *access,
                        const struct complaint *complaint, const struct http_response *response)
{
    auto_(buf) struct buf hint = BUF_INIT((size_t)8192);
    if (code == IMG_EAUTH || access->account->refusal)
        append_account(&hint, access, response->status);
    else if (code == IMG_ERATELIMIT)
        append_rate(&hint, response);
    else if (code == IMG_ENOTFOUND && may_be_hidden(access, complaint)) {
        img__buf_puts(&hint, "or it is there, but not for ");
        if (img__account_is_anonymous(access->account))
            img__buf_puts(&hint, "everybody: ");
        img__account_describe(access->account, access->host->name, &hint);
    }
    if (hint.len)
        img__buf_printf(out, " (%.700s)", img__buf_text(&hint));
}

/* What the registry's people find the request by in their logs. */
static void append_request_id(struct buf *out, const struct http_response *response)
{
    static const char *const names[] = {
        "X-Request-Id",
        "X-Amzn-RequestId",
        "X-Amz-Request-Id",
        "X-GitHub-Request-Id",
        "X-Ms-Correlation-Request-Id",
        "X-Correlation-Id",
        "CF-Ray",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t len;
        const char *value = img__http_header(response, names[i], 0, &len);
        if (value && len) {
            img__buf_printf(out, " [%s %.*s]", names[i], (int)(len < 80 ? len : 80), value);
            return;
        }
    }
}

/* It was not the registry that refused. */
static void append_redirect(struct buf *out, const struct http_response *response)
{
    auto_(buf) struct buf url = BUF_INIT(URL_MAX);
    img__url_for_message(response->url, &url);
    img__buf_printf(out, " (redirected to %.300s)", img__buf_text(&url));
}

/* "CODE: words, detail (and 2 more)". */
static void append_complaint(struct buf *out, const struct complaint *complaint)
{
    if (*complaint->code)
        img__buf_printf(out, " %s", complaint->code);
    if (*complaint->text)
        img__buf_printf(out, ": %s", complaint->text);
    if (*complaint->detail)
        img__buf_printf(out, "%s%s", *complaint->text ? ", " : ": ", complaint->detail);
    if (complaint->more)
        img__buf_printf(out, ", and %zu more", complaint->more);
    if (complaint->html)
        img__buf_puts(out, ", with an HTML page: this is not a registry, or a proxy answered");
}

int img__fail_refused(const char *method, const char *url, const struct access *access,
                      const struct http_response *response, img_error *err)
{
    auto_(buf) struct buf text = BUF_INIT((size_t)8192);
    auto_(buf) struct buf shown = BUF_INIT(URL_MAX);
    struct complaint complaint;
    img__complaint_parse(img__buf_text(&response->body), response->body.len, &complaint);
    int code = code_of(response->status, &complaint);
    img__url_for_message(url, &shown);
    img__buf_printf(&text, "%s %.400s: %d", method, img__buf_text(&shown), response->status);
    append_complaint(&text, &complaint);
    if (response->tries > 1)
        img__buf_printf(&text, " (%u attempts)", response->tries);
    if (img__url_same_origin(url, response->url))
        append_hint(&text, code, access, &complaint, response);
    else
        append_redirect(&text, response);
    append_request_id(&text, response);
    img__fail(err, code, "%s", img__buf_text(&text));
    if (err) {
        err->http_status = response->status;
        memcpy(err->registry_code, complaint.code, sizeof(complaint.code));
    }
    return code;
}
