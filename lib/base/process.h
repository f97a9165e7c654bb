/* SPDX-License-Identifier: Apache-2.0
 *
 * Running another program to its end: text in, text out, within a time.
 */
#ifndef IMG_BASE_PROCESS_H
#define IMG_BASE_PROCESS_H

#include <stdint.h>

#include "base/buf.h"

struct process {
    const char *path;        /* absolute; run as it is, never by a shell */
    const char *const *argv; /* ended by NULL */
    const char *input;       /* for its stdin */
    size_t input_len;
    uint32_t timeout_ms; /* then it is killed */
    struct buf *output;  /* its stdout, as much as the buffer may hold; stderr goes nowhere */
};

/* *status: what it exited with, 128 and the signal that ended it, or -1 if somebody else has waited
 * for it. Failures: IMG_ENOTFOUND (no such program), IMG_ELIMIT (of output), IMG_EFAIL (of time),
 * IMG_EIO, IMG_ENOMEM; the program has ended then, too. */
int img__process_run(const struct process *process, int *status, img_error *err);

/* The path of a program in $PATH, of whose folders only absolute ones count. *out NULL: there is
 * none. */
int img__process_find(const char *name, char **out, img_error *err);

#endif
