/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream in memory, compressed: zstd frames in a buffer, each of a whole block but the last.
 */
#ifndef IMG_LAYER_FRAMES_H
#define IMG_LAYER_FRAMES_H

#include "base/buf.h"
#include "base/io.h"

/* A sink that puts frames into out, which is borrowed and whose maximum is the limit. what is for
 * messages. level 0 is the default. */
int img__sink_frames(int level, struct buf *out, const char *what, struct sink **sink,
                     img_error *err);

#endif
