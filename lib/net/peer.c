/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom a transfer may connect to (registry.md T8, A12). Nobody far away may make us talk to who
 * trusts what is near, such as a metadata service: a redirect or a URL that a server named may lead
 * as far away as that server is, or farther, but no nearer. What counts is the address that a name
 * led to, seen before the socket is there, and once more when a connection is used.
 *
 * Through a proxy we see the proxy's address alone: which address a name leads to it decides for
 * itself, and its rules are to forbid what is near to it. An address that stands in the URL is
 * checked all the same.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/internal.h"

/* The place of a host that is written as an address; elsewhere if it is a name. */
static enum address_place place_of_url(const char *url)
{
    struct url_origin origin;
    char host[64];
    if (img__url_origin(url, &origin, NULL) < 0 || origin.host_len >= sizeof(host))
        return ADDRESS_ELSEWHERE;
    size_t skip = origin.host[0] == '[' ? 1 : 0;
    snprintf(host, sizeof(host), "%.*s", (int)(origin.host_len - 2 * skip), origin.host + skip);
    return img__address_place(host);
}

static bool is_chosen_by_caller(const struct transfer *transfer)
{
    return transfer->redirects == 0 && !transfer->want.far;
}

void img__peer_fail(struct transfer *transfer, const char *address)
{
    struct buf url auto_(buf) = BUF_INIT(URL_MAX);
    img__url_for_message(transfer->here.data, &url);
    transfer->code = img__fail(&transfer->err, IMG_EREFUSED,
                               "%s %s: a server elsewhere leads here, to the address %s of this "
                               "machine or a private network: refused",
                               transfer->method, img__buf_text(&url), address);
}

static void address_text(const struct curl_sockaddr *address, char *out, size_t size)
{
    const struct sockaddr *any = &address->addr;
    *out = '\0';
    if (any->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)any)->sin_addr, out,
                  (socklen_t)size);
    else if (any->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)any)->sin6_addr, out,
                  (socklen_t)size);
}

/* A name may have further addresses: so it is no failure yet that one is refused. */
curl_socket_t img__peer_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *transfer = arg;
    char text[INET6_ADDRSTRLEN];
    (void)purpose;
    address_text(address, text, sizeof(text));
    if (!transfer->proxied && !is_chosen_by_caller(transfer) &&
        img__address_place(text) > transfer->place) {
        snprintf(transfer->refused, sizeof(transfer->refused), "%s", text);
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The connection stands, perhaps since an earlier transfer, and the request goes out. From here on
 * it is watched (watch.c). */
int img__peer_on_connected(void *arg, char *peer, char *local, int peer_port, int local_port)
{
    struct transfer *transfer = arg;
    (void)local;
    (void)peer_port;
    (void)local_port;
    img__net_moved(transfer);
    transfer->asked_ms = transfer->moved_ms;
    enum address_place place =
        transfer->proxied ? place_of_url(transfer->here.data) : img__address_place(peer);
    if (is_chosen_by_caller(transfer))
        transfer->place = place;
    if (place <= transfer->place)
        return CURL_PREREQFUNC_OK;
    img__peer_fail(transfer, transfer->proxied ? "in its URL" : peer);
    return CURL_PREREQFUNC_ABORT;
}
