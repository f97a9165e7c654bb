/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scan remembers: which files have not changed since an earlier one, so that they need not
 * be opened, and what all of them come to, in two digests that a layer is found again by.
 *
 * A file counts as unchanged if all that a stat says of it is equal, and if its times were old
 * enough when it was read (performance.md section 10): within the grain of the clock a file may
 * change and look the same. So what is younger than MEMO_SETTLED_SECONDS goes into no list, nor
 * does anything of a file system whose clock is not this kernel's, nor what has a whole second for
 * the time of its last change, as no kernel gives it.
 */
#ifndef IMG_LAYER_MEMO_H
#define IMG_LAYER_MEMO_H

#include <sys/stat.h>

#include "base/io.h"
#include "core/digest.h"
#include "layer/entry.h"

#define MEMO_SETTLED_SECONDS 2

enum memo_mode {
    MEMO_LOOK, /* nothing but directories is opened */
    MEMO_READ, /* what is not known is read, for its digest alone */
    MEMO_PACK, /* all is given to the scan's fn, with its data */
};

struct memo_result {
    unsigned char heads[IMG_SHA256_BYTES]; /* of paths, modes, owners, times, sizes, hard links */
    unsigned char whole[IMG_SHA256_BYTES]; /* of all, data included; only if unknown is 0 */
    uint64_t known;                        /* entries that were not read, or need not have been */
    uint64_t read;                         /* the others, of which a digest was made */
    uint64_t unknown;                      /* whose digest is missing */
    bool changed;                          /* the fresh list has more or else than the old one */
};

struct memo;

/* path is what will be scanned. old is the list of an earlier scan, which is taken over, or NULL;
 * what is wrong with it makes it no failure. fresh takes the new list; borrowed, NULL: none is
 * made. */
int img__memo_new(enum memo_mode mode, const char *path, struct source *old, struct sink *fresh,
                  struct memo **out, img_error *err);
void img__memo_free(struct memo *memo);
/* Says, before the scan, that owners are all the same and none of the memo's business. */
void img__memo_same_owner(struct memo *memo);
enum memo_mode img__memo_mode(const struct memo *memo);

/* In the order of the walk. path is beneath the top, which is "". Is this what the old list has? */
bool img__memo_find(struct memo *memo, const char *path, const struct statx *st,
                    enum entry_type type, unsigned char digest[IMG_SHA256_BYTES]);
/* Takes note of an entry; its path and, if it is a hard link, its link are given beneath the top.
 * digest may be NULL: it is not known. st is NULL for what is not to be found by its stamp. */
struct memo_note {
    const char *path;
    const char *link;
    const struct entry *entry;
    const struct statx *st;
    const unsigned char *digest;
    bool found; /* by img__memo_find() */
};
int img__memo_note(struct memo *memo, const struct memo_note *note, img_error *err);

/* The digest of what a stat does not tell of an entry; of a FILE, data follows. */
int img__memo_digest_begin(struct memo *memo, const struct entry *entry, img_error *err);
int img__memo_digest_data(struct memo *memo, const void *data, size_t len, img_error *err);
int img__memo_digest_end(struct memo *memo, unsigned char digest[IMG_SHA256_BYTES], img_error *err);

/* After the scan. IMG_EFORMAT if the old list turns out to be damaged: then nothing counts. The
 * sink of the fresh one is not closed. */
int img__memo_end(struct memo *memo, struct memo_result *out, img_error *err);

IMG_AUTO_POINTER(memo, struct memo, img__memo_free)

#endif
