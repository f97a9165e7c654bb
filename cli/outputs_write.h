/* SPDX-License-Identifier: Apache-2.0
 *
 * Writing what was built to where a plan says.
 */
#ifndef CLI_OUTPUTS_WRITE_H
#define CLI_OUTPUTS_WRITE_H

#include "build_make.h"

int outputs_write(struct cli *cli, const struct build_plan *plan, img_store *store,
                  const struct made *made, img_error *err);

#endif
