/* SPDX-License-Identifier: Apache-2.0
 *
 * Files with results: --iidfile and its kin.
 */
#ifndef CLI_RESULT_FILE_H
#define CLI_RESULT_FILE_H

#include <stddef.h>

#include <libimg/libimg.h>

/* Writes a file, all or nothing. One that has this content already stays untouched, so that make
 * and ninja see no change. */
int result_file_write(const char *path, const char *text, size_t len, img_error *err);

#endif
