/* SPDX-License-Identifier: Apache-2.0
 *
 * What every command has at hand: the global settings, the display, and the store and the client
 * that the options ask for.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "json_out.h"
#include "options.h"
#include "progress.h"
#include <libimg/libimg.h>

struct cli {
    const char *store_dir; /* NULL: the library's default */
    bool json;
    const char *format; /* another word of --format, of the command's; NULL: none */
    bool understood;    /* set by a command: what fails from now on is no matter of usage */
    bool logs_in;       /* set by a command: it makes the file with credentials */
    bool silent;        /* set by a command: neither events nor notes are shown */
    const char *noted;  /* set by a command: INFO lines that begin so are notes; may be NULL */
    int verbosity;      /* 0, 1: INFO, 2: DEBUG */
    struct progress *progress; /* never NULL while a command runs */
};

/* Options of the commands that talk to a registry, and of all commands. */
extern const struct option registry_options[];
extern const struct option global_options[];

#define CLI_STORE_CREATE 0u
#define CLI_STORE_MUST_EXIST 1u
int cli_open_store(const struct cli *cli, uint32_t must_exist, img_store **out, img_error *err);

/* args have registry_options. */
int cli_new_client(struct cli *cli, const struct arguments *args, img_client **out, img_error *err);

/* Callbacks for the library; arg is the struct cli. An event ends the call after SIGINT. */
int cli_on_event(const img_event *event, void *arg);
void cli_on_log(int level, const char *line, void *arg);

/* A line on stderr that tells what is being done. */
__attribute__((format(printf, 2, 3))) void cli_note(struct cli *cli, const char *format, ...);
__attribute__((format(printf, 2, 3))) void cli_warn(struct cli *cli, const char *format, ...);

/* Writes "domain/path@digest" for an image that reference names, or the digest alone if that is
 * what reference is; out has IMG_REFERENCE_TEXT_MAX bytes. */
int cli_pinned_name(const char *reference, const img_digest *digest, char *out, img_error *err);

/* The result of pull and push on stdout: the pinned name, or an object that holds it. */
int cli_print_result(const struct cli *cli, const char *reference, const img_descriptor *descriptor,
                     img_error *err);

/* True once SIGINT, SIGTERM or SIGHUP has come. The first one asks to stop, the second one kills.
 */
bool cli_interrupted(void);
void cli_catch_signals(void);
/* From here on the first signal waits for as long as it takes: there is something to be removed,
 * and no peer that may hang. */
void cli_clean_up_when_interrupted(void);

#endif
