/* SPDX-License-Identifier: Apache-2.0
 *
 * A source whose bytes are made ahead, on a thread of its own, so that decompression runs beside
 * what is done with the bytes.
 */
#ifndef IMG_LAYER_AHEAD_H
#define IMG_LAYER_AHEAD_H

#include "base/io.h"

/* Gives what next gives, in the same order, its end and its failure included. Between reads next
 * belongs to the thread: it must not call back into the program. Freed early, it waits for the read
 * of next that is under way. It can't be rewound. Where the system refuses a thread, next is read
 * as it is asked for. Takes next over, also on failure. */
int img__source_ahead(struct source *next, struct source **out, img_error *err);

#endif
