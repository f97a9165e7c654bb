/* SPDX-License-Identifier: Apache-2.0
 *
 * Symbol visibility: whatever is not marked IMG_API stays inside the library.
 */
#ifndef LIBIMG_EXPORT_H
#define LIBIMG_EXPORT_H

#if defined(__GNUC__)
#define IMG_API __attribute__((visibility("default")))
#else
#define IMG_API
#endif

#endif
