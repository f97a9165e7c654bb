/* SPDX-License-Identifier: Apache-2.0
 *
 * Blobs by the hand of the caller: for programs that have a transport of their own, such as package
 * managers and peer-to-peer caches. Content is the same whoever brings it, so all of it is held
 * against its digest, here as everywhere.
 *
 * An image is assembled in a store like this:
 *
 *   img_lease_new()            nobody removes what comes from now on
 *   img_store_put_document()   the manifest, or the index and its manifests
 *   img_store_parts()          tells what is missing; of an index, before its manifests are there,
 *                              these
 *   img_blob_writer_...()      for each of them
 *   img_store_name()           refuses to name what is not whole
 *   img_lease_free()
 *
 * It is sent by img_store_parts(), whose order is the one in which registries take things, and
 * img_store_read_blob() or img_store_open_blob(). A cache that has some of the blobs of what is
 * pulled offers them through on_blob of img_client_options.
 */
#ifndef LIBIMG_BLOB_H
#define LIBIMG_BLOB_H

#include <libimg/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As long as there is one, img_store_gc() removes nothing from the store, whoever calls it: it says
 * that the store is busy. */
typedef struct img_lease img_lease;

/* Any number at once. Waits for a collector at work. It may outlive the handle of the store. */
IMG_API int img_lease_new(img_store *store, img_lease **out, img_error *err);
IMG_API void img_lease_free(img_lease *lease);

/* A blob on its way into a store. Memory does not grow with it. */
typedef struct img_blob_writer img_blob_writer;

/* Begins one, in a store that must outlive it. promised, of which digest and size count, is what it
 * has to be; NULL: whatever comes, and its sha256 is found out. While it is there it is a lease,
 * too. What the store has already is read: if it is whole it stays, and what is written is checked
 * alone. */
IMG_API int img_blob_writer_new(img_store *store, const img_descriptor *promised,
                                img_blob_writer **out, img_error *err);

/* Takes len bytes more. IMG_EDIGEST for more than was promised. After a failure all that follows
 * fails the same way. */
IMG_API int img_blob_writer_write(img_blob_writer *writer, const void *data, size_t len,
                                  img_error *err);

/* Takes what fd gives from where it stands to its end: a file, a pipe or a socket, which blocks and
 * stays open. That it can't be read is a failure as above. */
IMG_API int img_blob_writer_write_fd(img_blob_writer *writer, int fd, img_error *err);

/* Puts the blob into the store, durably. IMG_EDIGEST: it is not the promised one; nothing is kept
 * then. out, which may be NULL, gets digest and size, and the media type that was promised. */
IMG_API int img_blob_writer_commit(img_blob_writer *writer, img_descriptor *out, img_error *err);

/* Without a commit nothing is kept. */
IMG_API void img_blob_writer_free(img_blob_writer *writer);

/* Finds a blob by its digest: out gets that and the size. It is not read. IMG_ENOTFOUND. */
IMG_API int img_store_find_blob(img_store *store, const char *digest, img_descriptor *out,
                                img_error *err);

/* Gives fn the bytes of a blob, piece by piece. They are checked on the way, so they count once the
 * call has succeeded. */
IMG_API int img_store_read_blob(img_store *store, const img_descriptor *descriptor, img_data_fn fn,
                                void *arg, img_error *err);

/* The same, into a descriptor that blocks. A pipe or a socket that was closed is IMG_EIO. */
IMG_API int img_store_send_blob(img_store *store, const img_descriptor *descriptor, int fd,
                                img_error *err);

/* Puts a manifest or an index into the store, byte for byte; what it reaches need not be there. At
 * most 16 MiB. media_type is what the transport said, or NULL: the document tells. digest is what
 * it has to have; NULL: whatever it has. IMG_EFORMAT for what is no such document, or has two
 * meanings. out may be NULL. */
IMG_API int img_store_put_document(img_store *store, const char *media_type, const void *data,
                                   size_t len, const char *digest, img_descriptor *out,
                                   img_error *err);

#define IMG_PART_INDEX 1
#define IMG_PART_MANIFEST 2
#define IMG_PART_CONFIG 3
#define IMG_PART_LAYER 4

/* Something that an image is made of. kind is IMG_PART_...; present is 1 if the store has it, else
 * 0. Non-zero ends the list with IMG_ECANCELED. Here the store may be used. */
typedef int (*img_part_fn)(const img_descriptor *descriptor, int32_t kind, uint32_t present,
                           void *arg);

/* Tells all that target, a manifest or an index, reaches, and that itself, each once and behind
 * what it reaches. What is beneath a document that is not there can't be told. platform takes this
 * one of an index alone; NULL: all of them. Of large blobs that are there the size is looked at
 * alone; small ones that are damaged count as missing. */
IMG_API int img_store_parts(img_store *store, const img_descriptor *target,
                            const img_platform *platform, img_part_fn fn, void *arg,
                            img_error *err);

/* Gives target names, all or none; a name that is taken moves. names ends with NULL. IMG_ENOTFOUND
 * says what is missing, of what img_store_parts() tells; with platform, an index may lack its other
 * entries. */
IMG_API int img_store_name(img_store *store, const img_descriptor *target,
                           const img_platform *platform, const char *const *names, img_error *err);

/* May supply a blob that is about to be fetched from a registry into a store or a layout: it writes
 * the bytes to writer, by img_blob_writer_write() and _write_fd() alone, and returns 0. A positive
 * number: it does not have the blob, or could not bring all of it; a negative one ends the call
 * with IMG_ECANCELED.
 *
 * IMG_EDIGEST may be returned as it came from writer: bytes that are not the promised ones are
 * dropped, with a warning to the log, and the registry is asked, as if the blob were not there.
 * Blobs are asked for one after the other, before those that remain are fetched. */
typedef int (*img_blob_fn)(const img_descriptor *descriptor, img_blob_writer *writer, void *arg);

#ifdef __cplusplus
}
#endif

#endif
