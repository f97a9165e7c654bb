/* SPDX-License-Identifier: Apache-2.0
 *
 * A change of permissions, as chmod takes it: "0755", "u=rwX,go=rX", "g-w,+x".
 */
#ifndef IMG_LAYER_MODE_CHANGE_H
#define IMG_LAYER_MODE_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define MODE_STEPS_MAX 32u

struct mode_step {
    char op;         /* '+', '-', '=' */
    char copy;       /* 'u', 'g', 'o': value is what that one has; else 0 */
    bool if_execute; /* X: and execution, for directories and what can be executed already */
    uint32_t who;    /* the bits that may change; 0: nobody was named, which is all */
    uint32_t value;
};

struct mode_change {
    struct mode_step steps[MODE_STEPS_MAX];
    size_t count;
    uint32_t mentioned; /* bits that the text names: those of a directory are left else */
};

/* IMG_EINVAL says what is wrong. */
int img__mode_change_parse(const char *text, struct mode_change *out, img_error *err);
/* mode is 0..07777, and so is the result. */
uint32_t img__mode_change_apply(const struct mode_change *change, uint32_t mode, bool directory);

#endif
