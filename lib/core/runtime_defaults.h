/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a bundle's config.json that no image decides. For runtime_config.c only. Each makes
 * a new value, NULL if there is no memory.
 */
#ifndef IMG_CORE_RUNTIME_DEFAULTS_H
#define IMG_CORE_RUNTIME_DEFAULTS_H

#include "core/runtime_config.h"

struct json *img__runtime_capabilities(void);
struct json *img__runtime_rlimits(void);
struct json *img__runtime_mounts(const struct runtime_options *options);
struct json *img__runtime_linux(const struct runtime_options *options);

/* A mount; options are divided by commas, NULL for none. */
struct json *img__runtime_mount(const char *destination, const char *type, const char *source,
                                const char *options);

#endif
