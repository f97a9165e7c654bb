/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that leaves nothing of itself in memory.
 */
#ifndef IMG_REGISTRY_SECRET_H
#define IMG_REGISTRY_SECRET_H

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/strv.h"

static inline void img__secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

IMG_AUTO_POINTER(secret, char, img__secret_free)

static inline void img__secret_strv_free(struct strv *strv)
{
    for (size_t i = 0; i < strv->count; i++)
        explicit_bzero(strv->items[i], strlen(strv->items[i]));
    img__strv_free(strv);
}

/* Frees, and leaves NULL. */
static inline void img__secret_clear(char **secret)
{
    img__secret_free(*secret);
    *secret = NULL;
}

/* A buffer with secrets in it: give it all its memory by img__buf_reserve() first, since what is
 * moved when it grows is not wiped. */
static inline void img__secret_buf_free(struct buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->cap);
    img__buf_free(buf);
}

static inline void img__auto_secret_buf(struct buf *buf)
{
    img__secret_buf_free(buf);
}

#endif
