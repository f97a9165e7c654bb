/* SPDX-License-Identifier: Apache-2.0
 *
 * The names by which a layer removes (image-spec, layer.md, "Whiteouts"; layers.md A7, A8).
 */
#ifndef IMG_LAYER_WHITEOUT_H
#define IMG_LAYER_WHITEOUT_H

#define WHITEOUT ".wh."          /* before the name of what is removed */
#define WHITEOUT_META ".wh..wh." /* before names that aufs kept for itself */
#define OPAQUE ".wh..wh..opq"    /* in a directory: all that is below in it */

#endif
