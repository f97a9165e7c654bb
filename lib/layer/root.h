/* SPDX-License-Identifier: Apache-2.0
 *
 * A directory of this machine as the root of an image: no path of the image leads out of it, not
 * by "..", not by links, not by what another process does to it meanwhile (layers.md X1-X6, X23).
 * Everything else is done by *at() calls with one component on what is opened here.
 */
#ifndef IMG_LAYER_ROOT_H
#define IMG_LAYER_ROOT_H

#include <stdbool.h>

#include "base/buf.h"

#define ROOT_LINKS_MAX 40u /* symbolic links on one way, as Linux has it */

struct root;

int img__root_open(int fd /* taken over */, struct root **out, img_error *err);
void img__root_free(struct root *root); /* NULL is fine */
int img__root_fd(const struct root *root);
/* As if the kernel had no openat2(): for tests. */
void img__root_forgo_openat2(struct root *root);

/* Where a path leads. */
struct root_way {
    struct buf real; /* the path without links, in the form of entry.path */
    size_t there;    /* that many bytes of it are directories that exist */
    int fd;          /* of them, O_PATH */
    bool missing;    /* there < real.len */
    bool file;       /* and what comes behind them is there, and not a directory */
};

/* On the way of a path into links: whether one may be followed; else nothing is there. */
struct root_follow {
    bool (*may)(const char *real /* of the directory */, const char *link, void *arg);
    void *arg;
};

/* Follows the links of the first len bytes of path (in the form of entry.path), the last component
 * too, inside the root. What does not exist, or lies beneath a file, is taken as it stands.
 * follow may be NULL. IMG_EFORMAT for a loop of links or a path that gets too long. */
int img__root_resolve(struct root *root, const char *path, size_t len,
                      const struct root_follow *follow, struct root_way *out, img_error *err);
void img__root_way_free(struct root_way *way);

/* Opens a directory by its real path: O_PATH, or with O_RDONLY for reading and changing it. -1 with
 * errno; ENOENT, ENOTDIR or ELOOP if there is no directory, or a link on the way. */
int img__root_open_directory(struct root *root, const char *real, size_t len, int flags);

/* The directory that path (in the form of entry.path) lies in, opened O_PATH, links on the way
 * followed inside the root. *dirfd is the caller's, *name points into path. IMG_ENOTFOUND if it
 * does not exist. */
int img__root_parent(struct root *root, const char *path, int *dirfd, const char **name,
                     img_error *err);
/* Reads a regular file inside the root, links followed inside it; bounded by buf's maximum.
 * IMG_ENOTFOUND if there is none. */
int img__root_read(struct root *root, const char *path, struct buf *out, img_error *err);

/* Removes what is at name, with all that is beneath, however deep; follows no links and crosses no
 * mount points. Names the first thing that can't be removed. What is not there is fine. */
int img__root_remove_tree(int parent_dirfd, const char *name, img_error *err);

IMG_AUTO_POINTER(root, struct root, img__root_free)
static inline void img__auto_root_way(struct root_way *way)
{
    img__root_way_free(way);
}

#endif
