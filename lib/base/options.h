/* SPDX-License-Identifier: Apache-2.0
 *
 * Taking over an options struct whose size is its first member, by the kernel's
 * copy_struct_from_user rule: a shorter one is filled up with zeros, a longer one is accepted if
 * its tail is zero.
 */
#ifndef IMG_BASE_OPTIONS_H
#define IMG_BASE_OPTIONS_H

#include <stddef.h>

#include "base/err.h"

/* options NULL: out stays as the caller initialised it. name is for messages. */
int img__options_copy(void *out, size_t out_size, const void *options, const char *name,
                      img_error *err);

#endif
