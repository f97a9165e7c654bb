/* SPDX-License-Identifier: Apache-2.0
 *
 * Where --iidfile and its kin are to be written.
 */
#ifndef CLI_RESULT_CHECK_H
#define CLI_RESULT_CHECK_H

#include "outputs.h"

/* Whether they can be, and are no two of them, nor an output, in one place. Writes nothing. */
int result_check_places(const struct arguments *args, const struct outputs *outputs,
                        img_error *err);

#endif
