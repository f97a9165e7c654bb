/* SPDX-License-Identifier: Apache-2.0
 *
 * The ways in which a blob can be sent, and which one fits a registry. All of it is arithmetic on
 * what was seen: nothing here talks to anybody.
 */
#ifndef IMG_REGISTRY_UPLOAD_WAYS_H
#define IMG_REGISTRY_UPLOAD_WAYS_H

#include <stdbool.h>
#include <stdint.h>

enum upload_way {
    UPLOAD_WHOLE,  /* a PUT with all of it */
    UPLOAD_STREAM, /* a PATCH with all of it, without Content-Range, and an empty PUT */
    UPLOAD_PIECES, /* PATCH after PATCH with Content-Range; the last piece is in the PUT */
    UPLOAD_NONE,   /* none is left */
};

enum upload_single {
    SINGLE_UNKNOWN,
    SINGLE_TRIED, /* the answer to the first one is not there yet */
    SINGLE_WORKS,
    SINGLE_FAILS,
};

/* What is known of an origin, or, while a blob is on its way, what that blob has met besides. All
 * zero: nothing. */
struct upload_ways {
    bool no_put_body, no_stream, no_pieces; /* it was told so */
    uint64_t put_failed, stream_failed;     /* the smallest size with which that broke; 0: none */
    uint64_t refused_bytes;                 /* the smallest body that was too large; 0: none was */
    uint64_t piece_bytes;                   /* that a piece may have; 0: the usual */
    uint32_t forgotten;   /* sessions that went with a broken connection: one may be chance */
    uint64_t broke_bytes; /* what had gone out when it broke: the more of the first two, then the
                             least */
    bool no_open_mount;   /* POST with mount and without from is refused, */
    bool no_self_mount;   /* or with the repository itself as from; */
    bool self_mounts;     /* or that was seen to find what is there */
    enum upload_single single; /* POST with digest and all of the blob */
};

/* What the answer that began a session says about pieces. 0: nothing. */
struct upload_limits {
    uint64_t min_bytes, max_bytes; /* UINT64_MAX: so many that it is as good as no pieces at all */
};

#define UPLOAD_SMALL ((uint64_t)64 * 1024)        /* that a wasted try may cost */
#define UPLOAD_RESUMED ((uint64_t)1024 * 1024)    /* from this size on a cut is mended */
#define UPLOAD_LARGE ((uint64_t)64 * 1024 * 1024) /* and from this one on, expected */
#define UPLOAD_PIECE ((uint64_t)8 * 1024 * 1024)  /* the usual: not too small for any */
#define UPLOAD_PIECE_MIN ((uint64_t)1024 * 1024)  /* to which it is halved */
#define UPLOAD_MORSEL ((uint64_t)256 * 1024)      /* the same where connections break */

/* The way for a blob of this size. */
enum upload_way img__upload_choose(const struct upload_ways *ways,
                                   const struct upload_limits *limits, uint64_t size);

/* How many of the rest's bytes the next request of UPLOAD_PIECES carries. */
uint64_t img__upload_piece(const struct upload_ways *ways, const struct upload_limits *limits,
                           uint64_t rest);

/* A body of these bytes was too large. False: there are no smaller ones to try. */
bool img__upload_shrink(struct upload_ways *ways, uint64_t refused);

/* Sessions don't outlive a broken connection there: pieces have to come through. */
bool img__upload_forgets(const struct upload_ways *ways);

/* A connection broke after bytes of a request, and took the session with it. True: what is sent
 * from now on is so much smaller that it is another way. */
bool img__upload_forgot(struct upload_ways *ways, uint64_t bytes);

/* A way broke again and again, or (told) was refused as such, with a blob of this size. */
void img__upload_rule_out(struct upload_ways *ways, enum upload_way way, bool told, uint64_t size);

/* What one blob has met, once it has arrived, is worth knowing for the next ones. */
void img__upload_learn(struct upload_ways *origin, const struct upload_ways *blob);

/* OCI-Chunk-Min-Length and -Max-Length; NULL or malformed: 0. */
uint64_t img__upload_limit(const char *text, uint64_t len);

/* The value of Range in the answer to a question for the status: "0-N" is N+1 bytes. "0-0" is one
 * byte or none: then *bytes is 0. False: it says nothing. */
bool img__upload_progress(const char *text, uint64_t len, uint64_t *bytes);

#endif
