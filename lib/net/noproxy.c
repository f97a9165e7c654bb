/* SPDX-License-Identifier: Apache-2.0
 *
 * NO_PROXY has no standard. This reads what curl, Go and wget have in common, and of what only some
 * of them know (ranges, ports, blanks, a leading "*.") all of it. curl's own matcher, which changed
 * from version to version, is not asked. An address is compared as a number, never as text: no
 * suffix of its digits matches it.
 */
#include "net/noproxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/text.h"

struct number {
    unsigned char bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
    bool four;
};

struct target {
    const char *host; /* without brackets and final dot */
    size_t len;
    uint16_t port;
    bool is_number;
    struct number number;
};

static bool copy_text(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool parse_number(const char *text, size_t len, struct number *out)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (!copy_text(copy, sizeof(copy), text, len))
        return false;
    memcpy(out->bytes, mapped, sizeof(mapped));
    out->four = true;
    if (inet_pton(AF_INET, copy, out->bytes + 12) == 1)
        return true;
    if (inet_pton(AF_INET6, copy, out->bytes) != 1)
        return false;
    out->four = memcmp(out->bytes, mapped, sizeof(mapped)) == 0;
    return true;
}

/* "8": the length of a prefix. */
static bool parse_bits(const char *text, size_t len, uint64_t max, uint64_t *out)
{
    char copy[8];
    return copy_text(copy, sizeof(copy), text, len) && img__text_number(copy, max, out);
}

static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool in_range(const char *text, size_t len, const char *slash, const struct target *target)
{
    struct number base;
    uint64_t bits;
    size_t before = (size_t)(slash - text);
    if (!target->is_number || !parse_number(text, before, &base) ||
        !parse_bits(slash + 1, len - before - 1, base.four ? 32 : 128, &bits))
        return false;
    return base.four == target->number.four &&
           same_bits(base.bytes, target->number.bytes, (unsigned)bits + (base.four ? 96 : 0));
}

/* Cuts ":PORT" off. False if it is another port than target's. */
static bool cut_port(const char *text, size_t *len, const struct target *target)
{
    struct number number;
    const char *colon = memrchr(text, ':', *len);
    uint64_t port;
    if (!colon || parse_number(text, *len, &number)) /* of an IPv6 address */
        return true;
    if (!parse_bits(colon + 1, *len - (size_t)(colon + 1 - text), UINT16_MAX, &port))
        return false;
    *len = (size_t)(colon - text);
    return port == target->port;
}

static bool same_name(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (img__to_lower(a[i]) != img__to_lower(b[i]))
            return false;
    return true;
}

static bool name_matches(const char *text, size_t len, const struct target *target)
{
    if (len && *text == '*')
        text++, len--;
    while (len && *text == '.')
        text++, len--;
    if (len && text[len - 1] == '.')
        len--;
    if (len == 0 || len > target->len || target->is_number)
        return false;
    size_t before = target->len - len;
    return same_name(target->host + before, text, len) &&
           (before == 0 || target->host[before - 1] == '.');
}

static bool matches(const char *text, size_t len, const struct target *target)
{
    struct number number;
    if (len == 1 && *text == '*')
        return true;
    const char *slash = memchr(text, '/', len);
    if (slash)
        return in_range(text, len, slash, target);
    if (!cut_port(text, &len, target))
        return false;
    if (!parse_number(text, len, &number))
        return name_matches(text, len, target);
    return target->is_number && memcmp(number.bytes, target->number.bytes, 16) == 0;
}

bool img__no_proxy_match(const char *list, const struct url_origin *origin,
                         struct no_proxy_entry *entry)
{
    struct target target = {.host = origin->host, .len = origin->host_len, .port = origin->port};
    target.is_number = parse_number(target.host, target.len, &target.number);
    if (target.len && target.host[target.len - 1] == '.')
        target.len--;
    for (;;) {
        list += strspn(list, ", \t\r\n");
        size_t len = strcspn(list, ", \t\r\n");
        if (len == 0)
            return false;
        if (matches(list, len, &target)) {
            if (entry)
                *entry = (struct no_proxy_entry){list, len};
            return true;
        }
        list += len;
    }
}
