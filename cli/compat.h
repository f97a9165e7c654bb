/* SPDX-License-Identifier: Apache-2.0
 *
 * --compat WORD: what the layers of an image may be although they are refused otherwise.
 */
#ifndef CLI_COMPAT_H
#define CLI_COMPAT_H

#include <stdint.h>

#include "options.h"

/* A row for the options of a command. */
#define COMPAT_OPTION                                                                              \
    {                                                                                              \
        "compat", 0, true, "WORD",                                                                 \
            "accept duplicates, trailing, sniff or single-zero:\n"                                 \
            "imgtool help compat",                                                                 \
            NULL                                                                                   \
    }

/* The IMG_COMPAT_... of all words of args, or-ed. IMG_EINVAL lists the words that there are. */
int compat_parse(const struct arguments *args, uint32_t *out, img_error *err);

#endif
