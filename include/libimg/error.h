/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors: a code to act on, a line to show.
 *
 * A function that can fail returns 0 or one of the negative codes below, and fills the img_error
 * that is its last parameter. That one lives with the caller, usually on the stack; it needs no
 * initialisation and no release, and may be NULL.
 */
#ifndef LIBIMG_ERROR_H
#define LIBIMG_ERROR_H

#include <stddef.h>

#include <libimg/export.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IMG_OK 0
#define IMG_EFAIL (-1)         /* a failure that no other code describes */
#define IMG_EINVAL (-2)        /* an argument or a reference that makes no sense */
#define IMG_ENOTFOUND (-3)     /* an image, tag, blob or input file that is not there */
#define IMG_EAUTH (-4)         /* credentials are missing, wrong or not enough */
#define IMG_ENETWORK (-5)      /* no connection, or one that broke */
#define IMG_ETLS (-6)          /* the TLS handshake or the certificate */
#define IMG_EREFUSED (-7)      /* the registry understood and said no */
#define IMG_ERATELIMIT (-8)    /* the registry asks to come back later */
#define IMG_EDIGEST (-9)       /* bytes that do not have the promised digest or size */
#define IMG_EFORMAT (-10)      /* a document or an archive that is malformed or hostile */
#define IMG_ELIMIT (-11)       /* a limit on hostile input was reached; the message names it */
#define IMG_EIO (-12)          /* a local file, disk or permission */
#define IMG_ENOMEM (-13)       /* memory */
#define IMG_ECANCELED (-14)    /* a callback asked to stop */
#define IMG_EUNSUPPORTED (-15) /* valid, but libimg does not do it */
#define IMG_EFINDINGS (-16)    /* a check ran to its end and found something */

/* Frozen: neither size nor offsets will change. */
typedef struct img_error {
    int code;               /* IMG_E..., 0 if none */
    int http_status;        /* of the answer that caused it, 0 if none did */
    int sys_errno;          /* errno of the call that caused it, 0 if none did */
    int reserved_int;       /* 0 */
    char registry_code[48]; /* "MANIFEST_UNKNOWN": the first code of the registry's answer, or "" */
    char message[1216]; /* one line of UTF-8 without control characters: thing, reason, remedy */
    char reserved[256]; /* 0 */
} img_error;

/* The name of a code: "not found". Never NULL. */
IMG_API const char *img_code_name(int code);

/* A row of the table of exit statuses. */
typedef struct img_exit_status {
    int status;          /* 0..130 */
    const char *name;    /* "integrity" */
    const char *meaning; /* "bytes do not match their digest or size, ..." */
} img_exit_status;

/* The status with which a command that failed with this code should exit. */
IMG_API int img_code_exit_status(int code);

/* All exit statuses, ascending; ends with a row whose name is NULL. Static. */
IMG_API const img_exit_status *img_exit_statuses(void);

#ifdef __cplusplus
}
#endif

#endif
