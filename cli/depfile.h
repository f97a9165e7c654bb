/* SPDX-License-Identifier: Apache-2.0
 *
 * --depfile: what an image was made from, for make and ninja.
 */
#ifndef CLI_DEPFILE_H
#define CLI_DEPFILE_H

#include "cli.h"
#include "outputs.h"

struct depfile;

/* *out stays NULL if nobody asked for one. IMG_EINVAL: it is not known what the file is about. */
int depfile_new(const struct arguments *args, const struct outputs *outputs, struct depfile **out,
                img_error *err);
void depfile_free(struct depfile *depfile);

/* An img_input_fn, whose arg is the struct depfile. */
int depfile_on_input(const char *path, uint32_t kind, void *arg);

/* What the command writes besides the files of --digestfile and its kin: a file, or a directory
 * with all that is in it. Changes of it are no reason to build again. path is borrowed. */
void depfile_add_output(struct depfile *depfile, const char *path, bool directory);

/* Writes it, which is to happen before any file is written that make may look at: one that is there
 * without its depfile would never be made again. Warns of what it can't say. */
int depfile_write(struct cli *cli, struct depfile *depfile, img_error *err);

#endif
