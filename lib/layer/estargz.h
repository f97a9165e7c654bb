/* SPDX-License-Identifier: Apache-2.0
 *
 * What writer and reader of eStargz have in common (stargz-snapshotter, docs/estargz.md).
 */
#ifndef IMG_LAYER_ESTARGZ_H
#define IMG_LAYER_ESTARGZ_H

#define ESTARGZ_TOC "stargz.index.json"
#define ESTARGZ_LANDMARK ".no.prefetch.landmark"
#define ESTARGZ_PREFETCH_LANDMARK ".prefetch.landmark"
#define ESTARGZ_FOOTER_BYTES 51u

#define ESTARGZ_ANNOTATION_TOC "containerd.io/snapshot/stargz/toc.digest"
#define ESTARGZ_ANNOTATION_SIZE "io.containers.estargz.uncompressed-size"

#endif
