/* SPDX-License-Identifier: Apache-2.0
 *
 * Building an image: a base, layers from real files, settings, names. Each img_build_add_*() makes
 * one layer, in the order of the calls, and writes it to the store at once; the image comes into
 * being with img_build_commit(), and not at all without it. One that fails adds nothing.
 *
 * The same files, with the same times, owners and modes, give the same bytes: entries are sorted,
 * times are whole seconds, and nothing of the machine, the user, the clock or the locale goes in,
 * nor the number of threads. The diffID of a layer, which is the digest of its tar, does not change
 * with the version of libimg either. The digest of the compressed layer changes with compression
 * and level, with the layer format, and with the version of the library that compresses (libdeflate
 * or libzstd): img_version_details() has them. Only in eStargz the tar itself has a part that
 * follows the compressed bytes.
 */
#ifndef LIBIMG_BUILD_H
#define LIBIMG_BUILD_H

#include <libimg/client.h>
#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_build img_build;

#define IMG_COMPRESSION_GZIP 0
#define IMG_COMPRESSION_ZSTD 1
#define IMG_COMPRESSION_NONE 2
/* As gzip and as zstd for all who know no better; others fetch file by file what is read. Both have
 * a table of contents; eStargz keeps it in the layer, as a file. */
#define IMG_COMPRESSION_ESTARGZ 3
#define IMG_COMPRESSION_ZSTD_CHUNKED 4

typedef struct img_build_options {
    size_t size;
    img_platform platform; /* "" is this machine's */
    int32_t compression;   /* IMG_COMPRESSION_... of the layers that are added */
    int32_t level;         /* 0: the default; gzip and eStargz 1..12, zstd and zstd:chunked 1..19 */
    int64_t epoch;         /* with has_epoch: newer times become this one, seconds since 1970 */
    uint32_t has_epoch;    /* 0 or 1 */
    uint32_t ignore_environment; /* 1: $SOURCE_DATE_EPOCH is not read for epoch */
    img_event_fn on_event;       /* an event a layer */
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
    uint32_t threads; /* that compress, the caller's counted: 1 starts none, 0 is one for each
                         processor at hand, 16 at most. No digest depends on it. */
    /* 1: each layer is made from its files, whatever the store remembers of earlier builds, and
     * nothing is remembered of this one. No digest depends on it, but for a file that is written
     * through a shared mapping at the time: its times may not tell before the kernel writes back.
     */
    uint32_t no_cache;
    /* Each file and directory that a layer is made from, in img_build_add_...(): for whoever wants
     * to know when to build again. Standard input and the store are none. */
    img_input_fn on_input;
    void *on_input_arg;
} img_build_options;

#define IMG_BUILD_OPTIONS_INIT                                                                     \
    {                                                                                              \
        sizeof(img_build_options), {"", "", "", ""}, IMG_COMPRESSION_GZIP, 0, 0, 0, 0, NULL, NULL, \
            NULL, NULL, 0, 0, NULL, NULL                                                           \
    }

/* Begins an image from nothing in a store, which must outlive the build. options may be NULL. While
 * the build is there, img_store_gc() removes nothing from that store. */
IMG_API int img_build_new(img_store *store, const img_build_options *options, img_build **out,
                          img_error *err);
/* Frees a build, and drops what was not committed. */
IMG_API void img_build_free(img_build *build);

/* Begins with the layers and the settings of an image instead; "scratch" is nothing. If the store
 * does not have it, or not for the platform of the options, and client is not NULL, it is pulled.
 * reference may also be a place that is no registry, as libimg/copy.h writes them: "oci:DIR[:REF]",
 * "oci-archive:FILE[:REF]", "docker-archive:FILE[:REF]", or "store:REF", which is not pulled. From
 * there the image comes into the store without a name. Comes first: before layers and settings. */
IMG_API int img_build_from(img_build *build, img_client *client, const char *reference,
                           img_error *err);

#define IMG_ADD_MODE 1u  /* mode is set */
#define IMG_ADD_UID 2u   /* uid is set */
#define IMG_ADD_GID 4u   /* gid is set */
#define IMG_ADD_MTIME 8u /* mtime is set */

/* What goes into a layer only when asked for. */
#define IMG_PRESERVE_NANOSECONDS 1u /* fractions of a second of times */
#define IMG_PRESERVE_IMA 2u         /* the extended attribute security.ima */
/* All extended attributes of trusted.*, security.* and user.*, but for security.selinux and for
 * what container engines keep there; without it: user.*, security.capability and POSIX access
 * lists. */
#define IMG_PRESERVE_XATTRS 4u

#define IMG_ADD_VERBATIM 1u  /* the bytes of a tar are the layer, decompressed, as they are */
#define IMG_ADD_WARN_CASE 2u /* a log line for names that differ in upper and lower case alone */

/* What an added file, directory or archive looks like in the layer.
 *
 * The store remembers, in a folder of its own, what it has made layers of: a file that has not
 * changed since, by all that a stat tells (inode, size, mode, owner, times of data and of status,
 * to the nanosecond), is not opened again, and a layer that would have the same bytes is not made
 * again but taken from the store, as long as it is there; its event ends with IMG_EVENT_CACHED. A
 * file that is younger than two seconds, or on a file system whose clock may be another machine's
 * or whose times a tool has set, is read again. What is remembered only saves work: damaged or
 * gone, the layer is made. Layers of archives, of differences, of overlays and of removals are
 * always made. */
typedef struct img_add_options {
    size_t size;
    uint32_t set;  /* which of the following replace what the files have: IMG_ADD_... or-ed */
    uint32_t mode; /* permissions 0..07777 of all files and directories */
    uint32_t uid;  /* 0..2^32-2, of all entries */
    uint32_t gid;  /* the same */
    int64_t mtime; /* seconds since 1970, of all entries; an epoch of the build still limits it */
    uint32_t preserve; /* IMG_PRESERVE_... or-ed */
    uint32_t flags;    /* IMG_ADD_VERBATIM, IMG_ADD_WARN_CASE, or-ed */
    /* What is left out of a directory or an archive: rules as the lines of a .dockerignore, about
     * paths beneath its top. First those in ignore_file, a file of this machine, then those in
     * exclude, which ends with NULL; the last one that matches counts. Either may be NULL. */
    const char *ignore_file;
    const char *const *exclude;
    /* "USER[:GROUP]", of all entries, unless uid or gid is set. A number that stands alone is the
     * group, too; a user by name brings its own group along. Names are those of /etc/passwd and
     * /etc/group in the layers below; IMG_ENOTFOUND says which is not there. NULL: as they are. */
    const char *chown;
    /* Where the files have the ids of a user namespace as they look from outside, the ranges of it:
     * "IMAGE:HOST:COUNT", ended by NULL. Each list may be NULL: the other one stands for both then.
     * IMG_EINVAL names a file with an id that is in none. */
    const char *const *uid_map;
    const char *const *gid_map;
    /* Permissions in the words of chmod, of files and directories, unless mode is set: "g-w",
     * "u=rwX,go=rX"; or in octal. NULL: as they are. */
    const char *chmod;
} img_add_options;

#define IMG_ADD_OPTIONS_INIT                                                                       \
    {                                                                                              \
        sizeof(img_add_options), 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL           \
    }

/* Whether these options can be used, without a build: IMG_EINVAL says what is wrong. Reads
 * ignore_file. */
IMG_API int img_add_options_check(const img_add_options *options, img_error *err);

/* A layer from a file or a directory of this machine. Of a directory it is what is in it that
 * goes to destination; a file goes to destination, or below it if that ends in '/'. destination is
 * a path in the image; symbolic links of the layers below are followed. A directory in the place of
 * a link of theirs is IMG_EINVAL: it would hide what the link leads to. options may be NULL. */
IMG_API int img_build_add_path(img_build *build, const char *source, const char *destination,
                               const img_add_options *options, img_error *err);

/* A layer from a tar file (plain, or compressed by gzip, zstd, xz or bzip2) or another archive that
 * libarchive reads; written anew in canonical form. Links below as in img_build_add_path(). "-" is
 * standard input. What is in it goes beneath destination, a directory of the image; NULL is "/".
 * options may be NULL.
 *
 * With IMG_ADD_VERBATIM the archive must be a tar; it is read as strictly, and its bytes are kept,
 * so that the diffID is the digest of the tar. Then there is neither a destination nor an option
 * that would change anything, an epoch only counts for the image, and IMG_EINVAL is also for a path
 * that leads through a link of the layers below. */
IMG_API int img_build_add_archive(img_build *build, const char *path, const char *destination,
                                  const img_add_options *options, img_error *err);

#define IMG_DIFF_IGNORE_MTIME 1u /* another time alone is no change of a file */

typedef struct img_diff_options {
    size_t size;
    uint32_t flags;    /* IMG_DIFF_... or-ed */
    uint32_t preserve; /* IMG_PRESERVE_... or-ed: what is kept is compared, too */
} img_diff_options;

#define IMG_DIFF_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_diff_options), 0, 0                                                             \
    }

/* How many entries a diff has, but for directories that are only on the way to others. Each is told
 * by a log line of IMG_LOG_INFO, too: "metadata: /etc/passwd". */
typedef struct img_diff_counts {
    uint64_t added;
    uint64_t changed;     /* of another type, or with other data, link target or device */
    uint64_t metadata;    /* in mode, owner, extended attributes, time or hard links alone */
    uint64_t removed;     /* whiteouts; one for a whole directory */
    uint64_t reserved[4]; /* 0 */
} img_diff_counts;

/* A layer that makes the directory old_tree into new_tree. What differs in type, mode, owner,
 * group, device, link target, extended attributes that travel, size, data, hard links or time is in
 * it; the time of a directory alone does not count, nor that of the two roots or anything else of
 * theirs. Data is read where the sizes are the same, but not where the times are too, to the
 * nanosecond, and are no whole seconds. A file of which only the mode differs is in the layer with
 * all of its data: layers have no other way. Without any difference there is no layer, and a
 * warning. What is not in the layers below is not removed there; if there are none, all removals
 * are written, for whoever puts the layer upon another. A directory that was one before, or is new,
 * where there is a link in the layers below, is IMG_EINVAL. options and counts may be NULL. */
IMG_API int img_build_add_diff(img_build *build, const char *old_tree, const char *new_tree,
                               const img_diff_options *options, img_diff_counts *counts,
                               img_error *err);

/* A layer from the upper directory of an overlay, which should not be mounted. lowers are those
 * below it, the top one first, ended by NULL, as in the mount option lowerdir; with them the layer
 * is what img_build_add_diff() would make of the lower directory and the mounted overlay. NULL: all
 * that is in upper is taken, and counted as added, but for opaque directories. IMG_EUNSUPPORTED for
 * what is not whole without the mount (redirect_dir, metacopy, index): use img_build_add_diff()
 * upon that instead. */
IMG_API int img_build_add_overlay(img_build *build, const char *upper, const char *const *lowers,
                                  const img_diff_options *options, img_diff_counts *counts,
                                  img_error *err);

/* A layer that removes paths of the layers below. paths ends with NULL. IMG_ENOTFOUND names one
 * that is not there. */
IMG_API int img_build_remove(img_build *build, const char *const *paths, img_error *err);

/* Sets a single field: user, workdir, stop-signal, author. An empty value unsets it. */
IMG_API int img_build_set(img_build *build, const char *field, const char *value, img_error *err);

/* Adds to a set: env "K=V", label "K=V", expose "80[/tcp]", volume "/path", annotation "K=V". A key
 * that is there is replaced. */
IMG_API int img_build_put(img_build *build, const char *set, const char *value, img_error *err);

/* Replaces a list: entrypoint or cmd. argv ends with NULL; an empty one unsets it. As in Docker, a
 * new entrypoint drops the cmd of the base unless cmd is set too. */
IMG_API int img_build_set_argv(img_build *build, const char *list, const char *const *argv,
                               img_error *err);

/* Writes config and manifest and gives the image its names, all at once. names ends with NULL and
 * may be empty: the image then is reachable by nothing and only lives until img_store_gc().
 * manifest and config may be NULL. */
IMG_API int img_build_commit(img_build *build, const char *const *names, img_descriptor *manifest,
                             img_descriptor *config, img_error *err);

#ifdef __cplusplus
}
#endif

#endif
