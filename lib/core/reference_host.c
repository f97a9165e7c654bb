/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts: the grammar of registry.md P3, the form in which two are compared (P11), and the names of
 * Docker Hub (P5). A host that passed the check is at most 271 bytes of [A-Za-z0-9.:-] and
 * brackets.
 */
#include "core/reference_host.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "core/reference.h"

#define HOST_LEN_MAX 255u
#define HOST_TEXT_MAX 272u

static const char *const docker_hub_names[] = {IMG_DOCKER_HUB, "index.docker.io",
                                               "registry-1.docker.io"};

static int check_port(const char *port, img_error *err)
{
    uint64_t number;
    if (strlen(port) > 5 || !img__text_number(port, 65535, &number) || number == 0)
        return img__fail(err, IMG_EINVAL,
                         "port '%.20s' of the registry is not a number from 1 to "
                         "65535",
                         port);
    return 0;
}

/* inet_ntop() writes some addresses with a dotted end, which the grammar does not have. */
static void undot(const struct in6_addr *address, char *text)
{
    const unsigned char *b = address->s6_addr;
    if (strchr(text, '.'))
        snprintf(strrchr(text, ':') + 1, sizeof("ffff:ffff"), "%x:%x", b[12] << 8 | b[13],
                 b[14] << 8 | b[15]);
}

/* The text between the brackets at host, in canonical form if it is an IPv6 address. */
static bool parse_ipv6(const char *host, char *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr address;
    const char *end = strchr(host, ']');
    size_t len = end ? (size_t)(end - host) - 1 : 0;
    /* Only digits and colons: neither zones nor dotted IPv4 tails. */
    if (len == 0 || len >= sizeof(text) || strspn(host + 1, "0123456789abcdefABCDEF:") != len)
        return false;
    memcpy(text, host + 1, len);
    if (inet_pton(AF_INET6, text, &address) != 1 ||
        !inet_ntop(AF_INET6, &address, out, INET6_ADDRSTRLEN))
        return false;
    undot(&address, out);
    return true;
}

static bool is_label(const char *text, size_t len)
{
    if (len == 0 || text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!img__is_alnum(text[i]) && text[i] != '-')
            return false;
    return true;
}

/* Labels with dots between them and at most one behind (the root of the DNS). */
static bool is_dns_name(const char *host, size_t len)
{
    if (len > 1 && host[len - 1] == '.')
        len--;
    for (size_t start = 0;; start++) {
        size_t end = start;
        while (end < len && host[end] != '.')
            end++;
        if (!is_label(host + start, end - start))
            return false;
        if (end == len)
            return true;
        start = end;
    }
}

int img__reference_check_host(const char *host, img_error *err)
{
    char address[INET6_ADDRSTRLEN];
    size_t len = strcspn(host, ":");
    if (host[0] == '[') {
        if (!parse_ipv6(host, address))
            return img__fail(err, IMG_EINVAL,
                             "registry '%.80s' is not an IPv6 address like [::1]:5000", host);
        len = strcspn(host, "]") + 1;
        if (host[len] && host[len] != ':')
            return img__fail(err, IMG_EINVAL, "registry '%.80s' must end in ']' or ']:PORT'", host);
    } else if (len > HOST_LEN_MAX) {
        return img__fail(err, IMG_EINVAL, "registry name is longer than %u characters",
                         HOST_LEN_MAX);
    } else if (!is_dns_name(host, len)) {
        return img__fail(err, IMG_EINVAL,
                         "registry '%.80s' is not a host name: letters, digits and inner dashes, "
                         "with dots between",
                         host);
    }
    return host[len] == ':' ? check_port(host + len + 1, err) : 0;
}

/* "host:port" without what is the same for everybody; host has len bytes before its port. */
static void put_normal(const char *host, size_t len, const char *port, char *out, size_t size)
{
    bool standard = strcmp(port, "") == 0 || strcmp(port, ":443") == 0;
    if (len > 1 && host[len - 1] == '.')
        len--;
    snprintf(out, size, "%.*s%s", (int)len, host, standard ? "" : port);
    for (char *c = out; *c; c++)
        *c = img__to_lower(*c);
}

void img__reference_host_normal(const char *host, char *out, size_t size)
{
    char address[INET6_ADDRSTRLEN], bracketed[INET6_ADDRSTRLEN + 2];
    const char *close = strchr(host, ']');
    if (host[0] == '[' && close && parse_ipv6(host, address)) {
        snprintf(bracketed, sizeof(bracketed), "[%s]", address);
        put_normal(bracketed, strlen(bracketed), close + 1, out, size);
    } else {
        size_t len = strcspn(host, ":");
        put_normal(host, len, host + len, out, size);
    }
}

bool img__reference_is_docker_hub(const char *host)
{
    char normal[HOST_TEXT_MAX];
    img__reference_host_normal(host, normal, sizeof(normal));
    for (size_t i = 0; i < sizeof(docker_hub_names) / sizeof(docker_hub_names[0]); i++)
        if (strcmp(normal, docker_hub_names[i]) == 0)
            return true;
    return false;
}

int img__reference_parse_registry(const char *text, char *out, img_error *err)
{
    char host[HOST_TEXT_MAX];
    const char *start = text;
    if (img__text_starts_nocase(text, "https://"))
        start += 8;
    else if (img__text_starts_nocase(text, "http://"))
        start += 7;
    if (strchr(start, '@'))
        return img__fail(err, IMG_EINVAL,
                         "a registry's name has no '@': give user and password "
                         "apart from it");
    size_t len = strcspn(start, "/?#");
    if (len == 0)
        return img__fail(err, IMG_EINVAL, "'%.300s': no registry is named", text);
    if (len >= sizeof(host))
        return img__fail(err, IMG_EINVAL, "'%.300s': registry name is longer than %zu characters",
                         text, sizeof(host) - 1);
    memcpy(host, start, len);
    host[len] = '\0';

    int rc = img__reference_check_host(host, err);
    if (rc)
        return img__prefix(err, rc, "'%.300s'", text);
    snprintf(out, HOST_TEXT_MAX, "%s", img__reference_is_docker_hub(host) ? IMG_DOCKER_HUB : host);
    return 0;
}
