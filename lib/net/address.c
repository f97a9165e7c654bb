/* SPDX-License-Identifier: Apache-2.0
 *
 * What an address, as text, says about where its peer is. An IPv4 address in the clothes of IPv6 is
 * what it is without them.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <string.h>

static enum address_place place_of_v4(uint32_t address)
{
    if (address >> 24 == 127 || address >> 24 == 0)
        return ADDRESS_LOOPBACK;
    return address >> 16 == 0xa9fe ? ADDRESS_LINK : ADDRESS_ELSEWHERE; /* 169.254/16 */
}

enum address_place img__address_place(const char *text)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, text, &four) == 1)
        return place_of_v4(ntohl(four.s_addr));
    if (inet_pton(AF_INET6, text, &six) != 1)
        return ADDRESS_ELSEWHERE;
    if (IN6_IS_ADDR_V4MAPPED(&six)) {
        memcpy(&four, six.s6_addr + 12, sizeof(four));
        return place_of_v4(ntohl(four.s_addr));
    }
    if (IN6_IS_ADDR_LOOPBACK(&six) || IN6_IS_ADDR_UNSPECIFIED(&six))
        return ADDRESS_LOOPBACK;
    return IN6_IS_ADDR_LINKLOCAL(&six) ? ADDRESS_LINK : ADDRESS_ELSEWHERE;
}

bool img__address_is(const char *text)
{
    char bare[INET6_ADDRSTRLEN];
    struct in6_addr address;
    size_t len = strlen(text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']' && len - 2 < sizeof(bare)) {
        memcpy(bare, text + 1, len - 2);
        bare[len - 2] = '\0';
        return inet_pton(AF_INET6, bare, &address) == 1;
    }
    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}
