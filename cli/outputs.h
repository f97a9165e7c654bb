/* SPDX-License-Identifier: Apache-2.0
 *
 * What a build writes beside the store: build -o.
 */
#ifndef CLI_OUTPUTS_H
#define CLI_OUTPUTS_H

#include <stdbool.h>

#include "cli.h"

enum output_kind {
    OUTPUT_OCI, /* an image layout in a directory */
    OUTPUT_OCI_ARCHIVE,
    OUTPUT_DOCKER_ARCHIVE,
    OUTPUT_ROOTFS, /* the files, in a directory */
    OUTPUT_TAR,    /* the files, in a tar */
};

struct output {
    const char *text; /* as it was given */
    enum output_kind kind;
    char *path;    /* "-": the standard output, but not of a directory */
    char *name;    /* of the image, there; NULL: the build's */
    char **places; /* of a layout: the texts of the places that are written to, ended by NULL */
};

struct outputs {
    struct output *items;
    size_t count;
    bool push;      /* type=registry stood there */
    bool uses_pipe; /* one of them goes to the standard output */
};

/* Reads every --output and looks at the places that they are to go to: nothing is written. names
 * are those of the image; several: it is for several platforms. On failure, too, free them with
 * outputs_free(). */
int outputs_parse(const struct arguments *args, const char *const *names, bool several,
                  struct outputs *out, img_error *err);
void outputs_free(struct outputs *outputs);

/* The same of docker's form, "type=oci,dest=FILE". */
int output_parse_docker(const char *text, struct output *out, bool *push, img_error *err);

/* Whether it can be written where it is to go, and does not collide with one before it. */
int output_check_place(const struct outputs *outputs, size_t index, img_error *err);

/* Whether path can be made where it is; the option and its text are for the message. */
int output_check_parent(const char *option, const char *text, const char *path, img_error *err);

/* One path for all ways to write it, as far as it exists; to be freed. */
char *output_true_path(const char *path);

#endif
