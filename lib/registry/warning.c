/* SPDX-License-Identifier: Apache-2.0
 *
 * Warning: 299 - "the text" [, ...]. The text is a quoted string, in which a backslash takes the
 * meaning of what follows away. It goes to the log, which escapes controls, and is never an error:
 * not even if it is malformed, there are too many, or memory is short.
 */
#include "registry/warning.h"

#include <string.h>

#include "base/path_set.h"
#include "net/url.h"

#define WARNINGS_MAX 100u /* of a client; others are not shown */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_blanks(const char *value, size_t len, size_t at)
{
    while (at < len && is_blank(value[at]))
        at++;
    return at;
}

static size_t word_end(const char *value, size_t len, size_t at)
{
    while (at < len && !is_blank(value[at]) && value[at] != ',' && value[at] != '"')
        at++;
    return at;
}

/* Behind the opening quote; returns where the closing one is, or len. out may be NULL. */
static size_t take_text(const char *value, size_t len, size_t at, struct buf *out)
{
    for (; at < len && value[at] != '"'; at++) {
        if (value[at] == '\\' && at + 1 < len)
            at++;
        if (out && out->len < WARNING_BYTES_MAX)
            img__buf_putc(out, value[at]);
    }
    return at;
}

/* Where the comma behind an element is, or len. A date may follow the text, in quotes too. */
static size_t element_end(const char *value, size_t len, size_t at)
{
    while (at < len && value[at] != ',') {
        if (value[at] == '"')
            at = take_text(value, len, at + 1, NULL);
        if (at < len)
            at++;
    }
    return at;
}

/* One element of the list, up to the comma behind it. false: it is none of ours. */
static bool take_element(const char *value, size_t len, size_t *at, struct buf *out)
{
    size_t code = skip_blanks(value, len, *at), code_end = word_end(value, len, code);
    size_t agent = skip_blanks(value, len, code_end), agent_end = word_end(value, len, agent);
    size_t quote = skip_blanks(value, len, agent_end);
    bool ours = code_end - code == 3 && memcmp(value + code, "299", 3) == 0 &&
                agent_end - agent == 1 && value[agent] == '-' && quote < len && value[quote] == '"';
    img__buf_clear(out);
    size_t end = quote;
    if (quote < len && value[quote] == '"')
        end = take_text(value, len, quote + 1, out);
    bool closed = end < len && value[end] == '"';
    end = element_end(value, len, closed ? end + 1 : end);
    *at = end < len ? end + 1 : len;
    return ours && closed && out->len;
}

bool img__warning_next(const char *value, size_t len, size_t *at, struct buf *out)
{
    while (*at < len) {
        if (take_element(value, len, at, out))
            return true;
    }
    return false;
}

static void show(const struct access *access, const struct buf *text)
{
    struct registry *registry = access->registry;
    auto_(buf) struct buf key = BUF_INIT(WARNING_BYTES_MAX + 512);
    bool known = true;
    img__buf_printf(&key, "%s ", access->host->name);
    img__buf_append(&key, text->data, text->len);
    if (key.failed || registry->warnings.count >= WARNINGS_MAX ||
        img__path_set_add_bytes(&registry->warnings, key.data, key.len, &known, NULL) != 0 || known)
        return;
    img__log(&registry->log, IMG_LOG_WARNING, "%s warns: %s", access->host->name, text->data);
}

void img__warnings_show(const struct call *call, const struct http_response *response)
{
    auto_(buf) struct buf text = BUF_INIT(WARNING_BYTES_MAX + 1);
    const char *value;
    size_t len;
    if (!img__url_same_origin(call->url, response->url))
        return;
    for (size_t i = 0; (value = img__http_header(response, "Warning", i, &len)); i++) {
        for (size_t at = 0; img__warning_next(value, len, &at, &text);)
            show(call->request.access, &text);
    }
}
