/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers on the command line.
 */
#ifndef CLI_NUMBER_H
#define CLI_NUMBER_H

#include <stdint.h>

#include "options.h"

/* The decimal value of the option, 1..max; *out stays as it is if the option is not there. */
int number_parse(const struct arguments *args, const char *name, uint64_t max, uint64_t *out,
                 img_error *err);

/* The same of bytes: K, M, G or T may follow, for 2^10 and so on. */
int number_parse_bytes(const struct arguments *args, const char *name, uint64_t *out,
                       img_error *err);

#endif
