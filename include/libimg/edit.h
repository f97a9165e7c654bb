/* SPDX-License-Identifier: Apache-2.0
 *
 * Editing an image without building it anew: its settings, further layers, another base, one layer
 * for all. Only what has to change is made: the settings of an image in a registry are changed by
 * two small uploads, and no layer passes through this machine.
 *
 * An edit opens an image, is told what to change, and is committed: then the documents that changed
 * are written, what they need beside goes where they go, and the name is set last. What the library
 * does not know of in a config or a manifest stays as it is. An image that nothing changes in keeps
 * its bytes.
 *
 * Of an index all platforms are edited, or those that the options name; the others stay, and it
 * stays an index. Attestations of an image that changed, as BuildKit makes them, are left out: they
 * are about another image, and the log says so.
 *
 * Docker's types stay as they are, unless there is something to say that these have no words for,
 * annotations: then the image becomes an OCI one, and the log says so.
 *
 * After a failure of any of these, but for img_edit_commit(), img_edit_preview() and
 * img_edit_changed(), the edit can only be freed.
 */
#ifndef LIBIMG_EDIT_H
#define LIBIMG_EDIT_H

#include <libimg/build.h>
#include <libimg/client.h>
#include <libimg/copy.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct img_edit img_edit;

typedef struct img_edit_options {
    size_t size;
    img_store *store; /* what "store:" stands for, and where new layers are made; NULL: the default
                         store, once it is needed */
    const img_platform *platforms; /* of an index: those that are edited. NULL: all */
    uint32_t platform_count;
    uint32_t reserved; /* 0 */
    img_event_fn on_event;
    void *on_event_arg;
    img_log_fn on_log;
    void *on_log_arg;
} img_edit_options;

#define IMG_EDIT_OPTIONS_INIT                                                                      \
    {                                                                                              \
        sizeof(img_edit_options), NULL, NULL, 0, 0, NULL, NULL, NULL, NULL                         \
    }

/* Opens what source names, a place as img_copy() takes them: manifests and configs are read, and no
 * layer. client may be NULL if no registry is needed; it and the store must outlive the edit.
 * options may be NULL. */
IMG_API int img_edit_open(img_client *client, const char *source, const img_edit_options *options,
                          img_edit **out, img_error *err);
IMG_API void img_edit_free(img_edit *edit);

/* How many images are edited: one, or those of an index. */
IMG_API size_t img_edit_count(const img_edit *edit);
/* What one of them is for; NULL if there is none of that number, from 0. It belongs to the edit. */
IMG_API const img_platform *img_edit_platform(const img_edit *edit, size_t index);

/* Sets a field: user, workdir, stop-signal, author, created (RFC 3339). An empty value unsets it.
 */
IMG_API int img_edit_set(img_edit *edit, const char *field, const char *value, img_error *err);
/* Says that the image is for another platform than it said. Of one image alone. */
IMG_API int img_edit_set_platform(img_edit *edit, const img_platform *platform, img_error *err);
/* Adds to a set, or replaces there, as img_build_put(): env, label, expose, volume, annotation; and
 * index-annotation, of the index. */
IMG_API int img_edit_put(img_edit *edit, const char *set, const char *value, img_error *err);
/* Replaces entrypoint or cmd; argv ends with NULL, an empty one unsets it. Unlike in a build the
 * other one stays as it is. */
IMG_API int img_edit_set_argv(img_edit *edit, const char *list, const char *const *argv,
                              img_error *err);
/* Takes away a field, entrypoint, cmd, healthcheck, onbuild or shell; or a set as img_edit_put()
 * has them, whole if key is NULL, else what has this key: a name, a port, a path. What is not there
 * is a warning. */
IMG_API int img_edit_unset(img_edit *edit, const char *what, const char *key, img_error *err);

#define IMG_EDIT_BEHIND 0u
#define IMG_EDIT_BEFORE 1u

/* Adds to what is there: to the value of a variable (env, "PATH=:/opt/bin"; IMG_ENOTFOUND if there
 * is no such variable), or a word to entrypoint or cmd. where is IMG_EDIT_BEHIND or _BEFORE. */
IMG_API int img_edit_extend(img_edit *edit, const char *list, const char *text, uint32_t where,
                            img_error *err);

/* With img_edit_layers_begin(): what is below is not looked at. */
#define IMG_EDIT_BLIND 1u

/* Layers on top of one of the images: begins a build upon it, for the calls of <libimg/build.h>
 * that make layers, in the store of the edit. What lies below them decides where a path leads, so
 * layers that the store does not have are brought there, and stay until img_store_gc(). With
 * IMG_EDIT_BLIND they are not: paths are taken as they stand, a directory may hide a link below,
 * and nothing can be removed, nor an owner be found by name. options may be NULL; its platform does
 * not count. */
IMG_API int img_edit_layers_begin(img_edit *edit, size_t index, uint32_t flags,
                                  const img_build_options *options, img_build **out,
                                  img_error *err);
/* Puts what the build has made on top of the image. The build can only be freed then, and should be
 * before the edit. */
IMG_API int img_edit_layers_end(img_edit *edit, size_t index, img_build *build, img_error *err);

/* Puts the image upon another base: the layers of new_base take the place of those of old_base,
 * which have to be its lowest ones. Both are places as img_copy() takes them, but a reference alone
 * is looked for in the store first, unless the image is in a registry itself; old_base may be
 * "scratch". NULL: what the annotations org.opencontainers.image.base.digest and .name of the image
 * say, which name an image of the store or of a registry, and nothing else. They say what the base
 * is now afterwards, without a name if it came from a layout or an archive.
 *
 * What the old base had set and the image left as it was, the new base sets; what the image changed
 * it keeps. So it is with each variable, label, port and volume and each member of the config by
 * itself; the log tells (IMG_LOG_INFO) what the image keeps although the base changed it, too. The
 * history of the base is that of the new one. Both have to be for the same platform. */
IMG_API int img_edit_rebase(img_edit *edit, const char *old_base, const char *new_base,
                            img_error *err);

/* Makes one layer of all, with what is visible; what lower layers hide is gone. All layers are
 * brought to the store for that. options, which may be NULL, say compression, level and threads;
 * IMG_EUNSUPPORTED for IMG_COMPRESSION_ESTARGZ and _ZSTD_CHUNKED. Annotations about a base go. An
 * image of one layer, or none, stays as it is. */
IMG_API int img_edit_flatten(img_edit *edit, const img_build_options *options, img_error *err);

/* *out is 1 if a commit would write anything but a name, else 0. */
IMG_API int img_edit_changed(img_edit *edit, uint32_t *out, img_error *err);

/* What a commit would name, and what would move. Nothing is named, and nothing sent. destination as
 * in img_edit_commit(). */
IMG_API int img_edit_preview(img_edit *edit, const char *destination, img_copy_plan *out,
                             img_error *err);

/* Writes what has changed, and lets the name that destination says, a place as img_copy() takes
 * them, stand for it. NULL: the one that the image was opened by, whether it stood there by tag, or
 * by digest in a registry: then what is new there is only reached by its own digest. Where nothing
 * has changed and the name is the same, nothing is written. May be called several times. out, which
 * may be NULL, gets what was named. */
IMG_API int img_edit_commit(img_edit *edit, const char *destination, img_descriptor *out,
                            img_error *err);

#ifdef __cplusplus
}
#endif

#endif
