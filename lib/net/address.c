/* SPDX-License-Identifier: Apache-2.0
 *
 * What an address, as text, says about where its peer is. An IPv4 address in the clothes of IPv6 is
 * what it is without them.
 */
#include "net/address.h"

#include <arpa/inet.h>
#include <string.h>

#define RANGE(a, b, c, d, bits) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d)), bits

static const struct range {
    uint32_t base;
    unsigned bits;
    enum address_place place;
} ranges[] = {
    {RANGE(0, 0, 0, 0, 8), ADDRESS_LOOPBACK},    {RANGE(127, 0, 0, 0, 8), ADDRESS_LOOPBACK},
    {RANGE(169, 254, 0, 0, 16), ADDRESS_LINK},   {RANGE(10, 0, 0, 0, 8), ADDRESS_PRIVATE},
    {RANGE(172, 16, 0, 0, 12), ADDRESS_PRIVATE}, {RANGE(192, 168, 0, 0, 16), ADDRESS_PRIVATE},
    {RANGE(100, 64, 0, 0, 10), ADDRESS_PRIVATE},
};

static enum address_place place_of_v4(uint32_t address)
{
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if ((address ^ ranges[i].base) >> (32 - ranges[i].bits) == 0)
            return ranges[i].place;
    return ADDRESS_ELSEWHERE;
}

static uint32_t four_at(const struct in6_addr *six, size_t offset)
{
    const unsigned char *bytes = six->s6_addr + offset;
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool begins(const struct in6_addr *six, const char *prefix, size_t len)
{
    return memcmp(six->s6_addr, prefix, len) == 0;
}

static enum address_place place_of_v6(const struct in6_addr *six)
{
    if (IN6_IS_ADDR_LOOPBACK(six) || IN6_IS_ADDR_UNSPECIFIED(six))
        return ADDRESS_LOOPBACK;
    if (IN6_IS_ADDR_LINKLOCAL(six))
        return ADDRESS_LINK;
    if ((six->s6_addr[0] & 0xfe) == 0xfc || IN6_IS_ADDR_SITELOCAL(six))
        return ADDRESS_PRIVATE;
    /* IPv4 in other clothes: mapped, compatible, NAT64 (64:ff9b::/96), 6to4 (2002::/16). */
    if (IN6_IS_ADDR_V4MAPPED(six) || IN6_IS_ADDR_V4COMPAT(six) ||
        begins(six, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0", 12))
        return place_of_v4(four_at(six, 12));
    if (begins(six, "\x20\x02", 2))
        return place_of_v4(four_at(six, 2));
    return ADDRESS_ELSEWHERE;
}

enum address_place img__address_place(const char *text)
{
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET6, text, &six) == 1)
        return place_of_v6(&six);
    /* It takes a text with a blank and anything behind it, but a host has none. */
    return inet_aton(text, &four) ? place_of_v4(ntohl(four.s_addr)) : ADDRESS_ELSEWHERE;
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
