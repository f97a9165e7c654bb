/* SPDX-License-Identifier: Apache-2.0
 *
 * Nearness is the number of letters to insert, delete, change or swap with the next one (optimal
 * string alignment). What is typed may be wrong in one letter of three; the beginning of a word
 * counts as near.
 */
#include "suggest.h"

#include <string.h>

#define LETTERS_MAX 32

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][LETTERS_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *above2 = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = min_of(row[j], min_of(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min_of(row[j], above2[j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

void suggestion_start(struct suggestion *s, const char *typed, size_t len)
{
    *s = (struct suggestion){typed, len, NULL, 1 + (len + 2) / 3};
    if (len > 6)
        s->distance = 4;
}

void suggestion_offer(struct suggestion *s, const char *candidate)
{
    size_t len = strlen(candidate);
    size_t near;

    if (s->typed_len == 0 || s->typed_len > LETTERS_MAX || len > LETTERS_MAX)
        return;
    near = distance(s->typed, s->typed_len, candidate, len);
    if (s->typed_len >= 3 && len > s->typed_len && !strncmp(s->typed, candidate, s->typed_len))
        near = 1;
    if (near < s->distance && near < len) {
        s->distance = near;
        s->word = candidate;
    }
}
