/* SPDX-License-Identifier: Apache-2.0
 *
 * An open hash table of fingerprints: SipHash-2-4 with 128 bits of output, under a random key. Two
 * paths of a layer have the same one with a chance of 2^-80 even with millions of entries, and
 * nobody can aim at it, or at long chains of slots, without the key.
 */
#include "base/path_set.h"

#include <string.h>
#include <sys/random.h>

#define FIRST_CAP ((size_t)64)

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], int count)
{
    while (count-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] = rotate(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] = rotate(v[2], 32);
    }
}

struct fingerprint img__fingerprint(const uint64_t key[2], const void *data, size_t len)
{
    const char *path = data;
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d ^ 0xee,
                     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    size_t at = 0;
    uint64_t word;
    for (; len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, path + at, sizeof(word));
        v[3] ^= word;
        rounds(v, 2);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, path + at, len - at);
    word ^= (uint64_t)len << 56;
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;

    struct fingerprint out;
    v[2] ^= 0xee;
    rounds(v, 4);
    out.low = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= 0xdd;
    rounds(v, 4);
    out.high = (v[0] ^ v[1] ^ v[2] ^ v[3]) | 1;
    return out;
}

static struct fingerprint *find_slot(struct fingerprint *slots, size_t cap, struct fingerprint key)
{
    size_t at = (size_t)key.low & (cap - 1);
    while (slots[at].high && (slots[at].low != key.low || slots[at].high != key.high))
        at = (at + 1) & (cap - 1);
    return &slots[at];
}

static int grow(struct path_set *set, img_error *err)
{
    size_t cap = set->cap ? set->cap * 2 : FIRST_CAP;
    struct fingerprint *slots = calloc(cap, sizeof(*slots));
    if (!slots)
        return img__fail_memory(err);
    for (size_t i = 0; i < set->cap; i++)
        if (set->slots[i].high)
            *find_slot(slots, cap, set->slots[i]) = set->slots[i];
    free(set->slots);
    set->slots = slots;
    set->cap = cap;
    return 0;
}

int img__path_set_add_bytes(struct path_set *set, const void *data, size_t len, bool *known,
                            img_error *err)
{
    if (!set->cap && getrandom(set->key, sizeof(set->key), 0) != (ssize_t)sizeof(set->key))
        return img__fail_errno(err, "no random numbers");
    if (set->count >= set->cap / 4 * 3) {
        int rc = grow(set, err);
        if (rc)
            return rc;
    }
    struct fingerprint key = img__fingerprint(set->key, data, len);
    struct fingerprint *slot = find_slot(set->slots, set->cap, key);
    *known = slot->high != 0;
    if (!*known) {
        *slot = key;
        set->count++;
    }
    return 0;
}

int img__path_set_add(struct path_set *set, const char *path, bool *known, img_error *err)
{
    return img__path_set_add_bytes(set, path, strlen(path), known, err);
}

bool img__path_set_has_bytes(const struct path_set *set, const void *data, size_t len)
{
    if (!set->cap)
        return false;
    struct fingerprint key = img__fingerprint(set->key, data, len);
    return find_slot(set->slots, set->cap, key)->high != 0;
}

void img__path_set_free(struct path_set *set)
{
    free(set->slots);
    *set = (struct path_set){0};
}
