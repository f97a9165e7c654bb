/* SPDX-License-Identifier: Apache-2.0
 *
 * A download: one blob on its way to a local sink, which verifies it, over connections that break,
 * servers that know no ranges, places that fail, and bodies packed on the way.
 *
 *   download.c         its life: which request comes next, and when it has ended
 *   download_answer.c  what the headers of an answer promise, before a byte of it counts
 */
#ifndef IMG_REGISTRY_DOWNLOAD_H
#define IMG_REGISTRY_DOWNLOAD_H

#include "registry/batch.h"

/* What is to be done with the body of an answer. */
enum verdict {
    VERDICT_NONE,   /* not known yet, or it is no 2xx */
    VERDICT_TAKE,   /* from skip_bytes on */
    VERDICT_LIES,   /* it can't be the blob */
    VERDICT_RANGE,  /* the server does not know how to send a range: ask for all of it */
    VERDICT_PACKED, /* it is to be unpacked: ask again, so that it will be */
};

struct download {
    struct batch *batch;
    const struct blob_job *job;
    struct item item;
    bool begun, ended;

    struct sink gate;      /* what answers are written to: passes on what is new */
    struct sink *sink;     /* the local side's */
    uint64_t have_bytes;   /* in it */
    uint64_t before_bytes; /* at the start of this request */
    uint64_t skip_bytes;   /* of this answer: they are in the sink already */

    struct place *place; /* NULL: url is asked */
    uint64_t tried;      /* of img__place_next() */
    const char *const *url;
    img_error first; /* the failure to report */
    int first_code;

    char etag[128]; /* of what place sends; "": not known, or a weak one */
    bool all;       /* place knows no ranges */
    bool ranged;    /* this request asked for one */
    bool decode;    /* what comes is unpacked */
    bool packed;    /* an answer said that it is packed */
    bool pieced;    /* what is in the sink came by several answers: one of them may be wrong */
    bool anew;      /* it was thrown away once for that */
    bool expired;   /* where a redirect led was refused, and nothing has come since */
    unsigned stuck; /* tries in a row that brought next to nothing */
    enum verdict verdict;
};

/* Begins, or is begun again after img__batch_wait(); ends with img__batch_ended(). batch and job
 * are filled in. */
void img__download_start(struct download *download);

/* As http_request.on_headers: fills verdict, and fails if the body is not to be taken. */
int img__download_on_headers(const struct http_response *response, void *arg, img_error *err);

#endif
