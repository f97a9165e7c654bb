/* SPDX-License-Identifier: Apache-2.0
 *
 * URLs as RFC 3986 has them, cut down to what a registry may say: http or https, a host of plain
 * ASCII, no user information. The host's alphabet is so small that curl can't read another host
 * from the same text than we compare origins by.
 */
#include "net/url.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

#define HOST_MAX 254

struct span {
    const char *text;
    size_t len;
    bool there; /* an empty query is not the same as none */
};

struct parts {
    struct span scheme, authority, path, query;
};

static struct span take(const char *text, size_t len)
{
    return (struct span){text, len, true};
}

static bool is_scheme(const char *text, size_t len)
{
    if (len == 0 || img__is_digit(text[0]))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!img__is_alnum(text[i]) && !strchr("+-.", text[i]))
            return false;
    return true;
}

/* The expression of appendix B. */
static struct parts split(const char *text)
{
    struct parts parts = {0};
    size_t len = strcspn(text, ":/?#");
    if (text[len] == ':' && is_scheme(text, len)) {
        parts.scheme = take(text, len);
        text += len + 1;
    }
    if (text[0] == '/' && text[1] == '/') {
        len = strcspn(text + 2, "/?#");
        parts.authority = take(text + 2, len);
        text += 2 + len;
    }
    len = strcspn(text, "?#");
    parts.path = take(text, len);
    text += len;
    if (*text == '?')
        parts.query = take(text + 1, strcspn(text + 1, "#"));
    return parts;
}

static bool span_is(struct span span, const char *lower)
{
    if (!span.there || span.len != strlen(lower))
        return false;
    for (size_t i = 0; i < span.len; i++)
        if (img__to_lower(span.text[i]) != lower[i])
            return false;
    return true;
}

static bool is_ipv6(const char *text, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr binary;
    if (len < 2 || text[0] != '[' || text[len - 1] != ']' || len - 2 >= sizeof(address))
        return false;
    memcpy(address, text + 1, len - 2);
    address[len - 2] = '\0';
    return inet_pton(AF_INET6, address, &binary) == 1;
}

static bool is_host(const char *text, size_t len)
{
    if (len == 0 || len > HOST_MAX)
        return false;
    if (text[0] == '[')
        return is_ipv6(text, len);
    for (size_t i = 0; i < len; i++)
        if (!img__is_alnum(text[i]) && !strchr("-._", text[i]))
            return false;
    return true;
}

/* ":443", ":" or nothing. */
static bool parse_port(const char *text, size_t len, uint16_t *port)
{
    uint32_t value = 0;
    if (len == 0 || (len == 1 && *text == ':'))
        return true;
    if (*text != ':' || len > 6)
        return false;
    for (size_t i = 1; i < len; i++) {
        if (!img__is_digit(text[i]))
            return false;
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *port = (uint16_t)value;
    return value >= 1 && value <= UINT16_MAX;
}

static int parse_origin(const struct parts *parts, struct url_origin *out, img_error *err)
{
    struct span authority = parts->authority;
    out->https = span_is(parts->scheme, "https");
    if (!out->https && !span_is(parts->scheme, "http"))
        return img__fail(err, IMG_EFORMAT, "the URL is neither http nor https");
    if (!authority.there || authority.len == 0)
        return img__fail(err, IMG_EFORMAT, "the URL names no host");
    if (memchr(authority.text, '@', authority.len))
        return img__fail(err, IMG_EFORMAT, "the URL holds a user name or password");
    const char *host = authority.text, *end = host + authority.len;
    const char *after = *host == '[' ? memchr(host, ']', authority.len) : NULL;
    const char *colon = memchr(after ? after : host, ':', (size_t)(end - (after ? after : host)));
    out->host = host;
    out->host_len = (size_t)((colon ? colon : end) - host);
    if (!is_host(out->host, out->host_len))
        return img__fail(err, IMG_EFORMAT, "the URL's host '%.*s' is malformed", (int)authority.len,
                         host);
    out->port = out->https ? 443 : 80;
    if (!parse_port(host + out->host_len, authority.len - out->host_len, &out->port))
        return img__fail(err, IMG_EFORMAT, "the URL's port in '%.*s' is malformed",
                         (int)authority.len, host);
    return 0;
}

static int check_text(const char *text, img_error *err)
{
    if (strlen(text) > URL_MAX)
        return img__fail(err, IMG_ELIMIT, "the URL is longer than %zu bytes", URL_MAX);
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return img__fail(err, IMG_EFORMAT, "the URL holds control characters");
    return 0;
}

/* Blanks and bytes beyond ASCII may not be sent; all else is left alone. */
static void append_sendable(struct buf *out, struct span span)
{
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)span.text[i];
        if (c <= ' ' || c >= 0x7f)
            img__buf_printf(out, "%%%02X", c);
        else
            img__buf_putc(out, (char)c);
    }
}

static void append_lower(struct buf *out, struct span span)
{
    for (size_t i = 0; i < span.len; i++)
        img__buf_putc(out, img__to_lower(span.text[i]));
}

/* Takes back the last segment written since start. */
static void drop_segment(struct buf *out, size_t start)
{
    while (out->len > start && out->data[--out->len] != '/')
        ;
    if (out->data)
        out->data[out->len] = '\0';
}

/* Section 5.2.4, for a path that begins with a slash. */
static void append_without_dots(struct buf *out, struct span path)
{
    size_t start = out->len;
    while (path.len) {
        const char *next = memchr(path.text + 1, '/', path.len - 1);
        struct span segment = take(path.text, next ? (size_t)(next - path.text) : path.len);
        bool one = segment.len == 2 && segment.text[1] == '.';
        bool two = segment.len == 3 && segment.text[1] == '.' && segment.text[2] == '.';
        if (two)
            drop_segment(out, start);
        if (!one && !two)
            append_sendable(out, segment);
        else if (!next)
            img__buf_putc(out, '/');
        path.text += segment.len;
        path.len -= segment.len;
    }
}

/* Section 5.2.3: target's path in the place of the last segment of base's. */
static void merge_paths(struct buf *out, struct span base, struct span target)
{
    const char *slash = base.len ? memrchr(base.text, '/', base.len) : NULL;
    if (slash)
        img__buf_append(out, base.text, (size_t)(slash - base.text) + 1);
    else
        img__buf_putc(out, '/');
    img__buf_append(out, target.text, target.len);
}

/* The path and query of section 5.2.2. base is NULL if target has an authority. */
static int append_path(struct buf *out, const struct parts *base, const struct parts *target,
                       img_error *err)
{
    struct span query = target->query;
    struct buf path auto_(buf) = BUF_INIT(2 * URL_MAX);
    if (base && target->path.len == 0) {
        img__buf_append(&path, base->path.text, base->path.len);
        query = query.there ? query : base->query;
    } else if (base && target->path.text[0] != '/') {
        merge_paths(&path, base->path, target->path);
    } else {
        img__buf_append(&path, target->path.text, target->path.len);
    }
    if (path.len == 0)
        img__buf_putc(&path, '/');
    int rc = img__buf_check(&path, "the URL", err);
    if (rc < 0)
        return rc;
    append_without_dots(out, take(path.data, path.len));
    if (query.there) {
        img__buf_putc(out, '?');
        append_sendable(out, query);
    }
    return 0;
}

static int resolve(const char *base, const char *target, struct buf *out, img_error *err)
{
    struct parts over = {0}, parts = split(target);
    const struct parts *beneath = NULL;
    struct span scheme = parts.scheme, authority = parts.authority;
    if (base && !scheme.there) {
        over = split(base);
        scheme = over.scheme;
        if (!authority.there) {
            authority = over.authority;
            beneath = &over;
        }
    }
    struct parts front = {.scheme = scheme, .authority = authority};
    struct url_origin origin;
    int rc = parse_origin(&front, &origin, err);
    if (rc < 0)
        return rc;
    append_lower(out, scheme);
    img__buf_puts(out, "://");
    append_lower(out, authority);
    return append_path(out, beneath, &parts, err);
}

int img__url_resolve(const char *base, const char *target, struct buf *out, img_error *err)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    int rc = check_text(target, err);
    if (rc == 0 && base)
        rc = check_text(base, err);
    if (rc == 0)
        rc = resolve(base, target, &url, err);
    if (rc == 0)
        rc = img__buf_check(&url, "the URL", err);
    if (rc < 0)
        return rc;
    img__buf_clear(out);
    img__buf_append(out, url.data, url.len);
    return img__buf_check(out, "the URL", err);
}

void img__url_append_query(struct buf *url, const char *name, const char *value)
{
    const char *text = img__buf_text(url);
    char last = url->len ? text[url->len - 1] : '\0';
    if (!strchr(text, '?'))
        img__buf_putc(url, '?');
    else if (last != '?' && last != '&')
        img__buf_putc(url, '&');
    img__url_append_encoded(url, name);
    img__buf_putc(url, '=');
    img__url_append_encoded(url, value);
}

void img__url_append_encoded(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (img__is_alnum(*text) || strchr("-._~", *text))
            img__buf_putc(out, *text);
        else
            img__buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

int img__url_origin(const char *url, struct url_origin *out, img_error *err)
{
    struct parts parts = split(url);
    return parse_origin(&parts, out, err);
}

bool img__url_same_origin(const char *a, const char *b)
{
    struct url_origin one, other;
    if (img__url_origin(a, &one, NULL) < 0 || img__url_origin(b, &other, NULL) < 0)
        return false;
    if (one.https != other.https || one.port != other.port || one.host_len != other.host_len)
        return false;
    for (size_t i = 0; i < one.host_len; i++)
        if (img__to_lower(one.host[i]) != img__to_lower(other.host[i]))
            return false;
    return true;
}

bool img__url_is_loopback(const char *url)
{
    struct url_origin origin;
    struct in_addr v4;
    struct in6_addr v6;
    char host[HOST_MAX + 1];
    if (img__url_origin(url, &origin, NULL) < 0)
        return false;
    size_t skip = origin.host[0] == '[' ? 1 : 0, len = origin.host_len - 2 * skip;
    for (size_t i = 0; i < len; i++)
        host[i] = img__to_lower(origin.host[i + skip]);
    host[len] = '\0';
    if (skip)
        return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (len && host[len - 1] == '.')
        host[len - 1] = '\0';
    return strcmp(host, "localhost") == 0 || img__text_ends(host, ".localhost");
}

void img__url_for_message(const char *url, struct buf *out)
{
    struct parts parts = split(url);
    struct span authority = parts.authority;
    if (parts.scheme.there) {
        img__buf_append(out, parts.scheme.text, parts.scheme.len);
        img__buf_putc(out, ':');
    }
    if (authority.there) {
        const char *at = authority.len ? memrchr(authority.text, '@', authority.len) : NULL;
        const char *host = at ? at + 1 : authority.text;
        img__buf_puts(out, "//");
        img__buf_append(out, host, (size_t)(authority.text + authority.len - host));
    }
    img__buf_append(out, parts.path.text, parts.path.len);
}
