/* SPDX-License-Identifier: Apache-2.0
 *
 * The entries of an eStargz table of contents, one JSON object after the other. what is for
 * messages: "NAME: entry 3 of the table of contents".
 */
#ifndef IMG_LAYER_ESTARGZ_ENTRY_H
#define IMG_LAYER_ESTARGZ_ENTRY_H

#include "core/json.h"
#include "layer/estargz_read.h"

bool img__estargz_is_chunk(const struct json *json);
/* Fills file, which is all zero; what it holds is the caller's to free, also on failure. Members
 * begin before toc_offset. */
int img__estargz_entry_parse(const struct json *json, const char *what, uint64_t toc_offset,
                             struct estargz_file *file, img_error *err);
/* One more chunk of file, which is NULL if there is no entry before. */
int img__estargz_entry_chunk(const struct json *json, const char *what, uint64_t toc_offset,
                             struct estargz_file *file, img_error *err);
/* Whether the chunks are all of the file. */
int img__estargz_entry_end(const struct estargz_file *file, const char *what, img_error *err);

#endif
