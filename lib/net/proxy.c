/* SPDX-License-Identifier: Apache-2.0
 *
 * Which proxy a URL is fetched through. curl reads the environment itself; it only ignores the
 * upper-case HTTP_PROXY, since a CGI program gets that name from a request's header. Everybody else
 * honours it, so it counts where no CGI is around. Decided anew for each redirect.
 */
#include <stdlib.h>

#include "net/internal.h"

CURLcode img__proxy_setup(CURL *easy, const char *url)
{
    if (img__url_is_loopback(url))
        return curl_easy_setopt(easy, CURLOPT_PROXY, "");
    struct url_origin origin;
    const char *upper = secure_getenv("HTTP_PROXY");
    if (!upper || !*upper || getenv("http_proxy") || getenv("REQUEST_METHOD"))
        return CURLE_OK;
    if (img__url_origin(url, &origin, NULL) < 0 || origin.https)
        return CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_PROXY, upper);
}

/* Might a proxy stand in between? What no_proxy exempts is not looked at: this is for hints. */
bool img__proxy_is_set(const char *url)
{
    static const char *const https[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    static const char *const http[] = {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"};
    struct url_origin origin;
    if (img__url_is_loopback(url) || img__url_origin(url, &origin, NULL) < 0)
        return false;
    for (size_t i = 0; i < sizeof(https) / sizeof(https[0]); i++) {
        const char *value = secure_getenv(origin.https ? https[i] : http[i]);
        if (value && *value)
            return true;
    }
    return false;
}
