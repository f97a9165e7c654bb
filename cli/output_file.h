/* SPDX-License-Identifier: Apache-2.0
 *
 * A large result: a file that is there once it is whole, or the standard output.
 */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdio.h>

#include <libimg/libimg.h>

struct output_file {
    FILE *stream;    /* to write to */
    const char *to;  /* for messages */
    char *path;      /* what the file will be; NULL: the stream is not ours, or no regular file */
    char *temporary; /* that it is until then */
    int write_errno; /* of the first write that failed */
};

/* path is borrowed; NULL or "-" is the standard output. That must not be a terminal, which is told
 * before there is any work. */
int output_file_check(const char *path, img_error *err);
int output_file_open(struct output_file *file, const char *path, img_error *err);
/* 0, or -1 if it can't be written. */
int output_file_write(struct output_file *file, const void *data, size_t len);
/* Gives the file its name. */
int output_file_commit(struct output_file *file, img_error *err);
/* Says why a write failed. */
int output_file_failed(const struct output_file *file, img_error *err);

/* What was not committed is gone. */
void auto_output_file(struct output_file *file);

#endif
