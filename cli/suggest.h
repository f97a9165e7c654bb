/* SPDX-License-Identifier: Apache-2.0
 *
 * "did you mean": the candidate that is nearest to a word, if one is near enough.
 */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

struct suggestion {
    const char *typed;
    size_t typed_len;
    const char *word; /* the best so far; NULL: none is near */
    size_t distance;  /* of it */
};

void suggestion_start(struct suggestion *s, const char *typed, size_t len);
void suggestion_offer(struct suggestion *s, const char *candidate);

#endif
