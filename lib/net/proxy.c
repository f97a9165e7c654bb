/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy a URL is fetched through: decided here, from the environment, and anew for each
 * redirect; curl is only told. The upper-case HTTP_PROXY counts where no CGI is around, since such
 * a program gets that name from a request's header. Loopback is never proxied.
 *
 * A user name and password in the proxy's URL are curl's, which sends them to the proxy alone, and
 * are shown nowhere.
 */
#include <stdlib.h>
#include <string.h>

#include "net/internal.h"
#include "net/noproxy.h"

struct choice {
    const char *proxy; /* NULL: none */
    const char *named; /* the variable that decided; NULL: none did */
    struct no_proxy_entry exempt;
    bool loopback;
};

/* The first of the names that is set and not empty. */
static const char *variable(const char *const *names, const char **named)
{
    for (; *names; names++) {
        const char *value = secure_getenv(*names);
        if (value && *value) {
            *named = *names;
            return value;
        }
    }
    return NULL;
}

static void choose(const char *url, struct choice *out)
{
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                        NULL};
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const cgi[] = {"http_proxy", "all_proxy", "ALL_PROXY", NULL};
    static const char *const no[] = {"no_proxy", "NO_PROXY", NULL};
    struct url_origin origin;
    const char *exempt;
    memset(out, 0, sizeof(*out));
    if (img__url_origin(url, &origin, NULL) < 0)
        return;
    out->loopback = img__url_is_loopback(url);
    if (out->loopback)
        return;
    const char *proxy = variable(origin.https               ? https
                                 : getenv("REQUEST_METHOD") ? cgi
                                                            : http,
                                 &out->named);
    const char *list = variable(no, &exempt);
    if (proxy && list && img__no_proxy_match(list, &origin, &out->exempt))
        out->named = exempt;
    else
        out->proxy = proxy;
}

CURLcode img__proxy_setup(CURL *easy, const char *url)
{
    struct choice choice;
    choose(url, &choice);
    CURLcode rc = curl_easy_setopt(easy, CURLOPT_PROXY, choice.proxy ? choice.proxy : "");
    /* Or curl reads NO_PROXY too. */
    return rc ? rc : curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
}

bool img__proxy_is_set(const char *url)
{
    struct choice choice;
    choose(url, &choice);
    return choice.proxy != NULL;
}

/* scheme://host:port of a proxy, which may be written without a scheme. */
static void append_proxy(const char *proxy, struct buf *out)
{
    const char *scheme = strstr(proxy, "://");
    const char *host = scheme ? scheme + 3 : proxy;
    size_t len = strcspn(host, "/?#");
    /* A password may hold any of these: what is before the last @ is not shown in any case. */
    const char *at = strrchr(host, '@');
    if (at) {
        host = at + 1;
        len = strcspn(host, "/?#");
    }
    if (scheme)
        img__buf_append(out, proxy, (size_t)(scheme - proxy));
    img__buf_printf(out, "%s%.*s", scheme ? "://" : "http://", (int)len, host);
}

void img__proxy_explain(const char *url, struct buf *out)
{
    struct choice choice;
    choose(url, &choice);
    if (choice.proxy) {
        append_proxy(choice.proxy, out);
        img__buf_printf(out, " (%s)", choice.named);
    } else if (choice.loopback) {
        img__buf_puts(out, "none (loopback)");
    } else if (choice.named) {
        img__buf_printf(out, "none (%s: %.*s)", choice.named, (int)choice.exempt.len,
                        choice.exempt.text);
    } else {
        img__buf_puts(out, "none (no variable names one)");
    }
}
