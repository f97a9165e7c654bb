/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool: takes the command line apart, runs one command, reports how it ended. The exit status
 * comes from the library's table in every case but success.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "complete.h"
#include "fail.h"
#include "memory.h"
#include "name.h"
#include "text.h"

/* If a standard stream is closed, the next file that is opened would take its place and what we
 * print would end in it. Reading stdin, or writing stdout, then fails as it should. */
static void open_standard_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDWR};

    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", modes[fd]) != fd)
            _exit(img_code_exit_status(IMG_EIO));
}

static void print_error_object(const img_error *err)
{
    struct json_out j = {.stream = stderr, .compact = true};
    auto_free char *message = name_text(err->message);

    json_begin_object(&j, NULL);
    json_put_int(&j, "code", err->code);
    json_put_string(&j, "name", img_code_name(err->code));
    json_put_string(&j, "message", message);
    json_put_int(&j, "exit_status", img_code_exit_status(err->code));
    json_put_int(&j, "http_status", err->http_status);
    json_put_string(&j, "registry_code", err->registry_code);
    json_end_object(&j);
}

/* Says what went wrong; returns the exit status. */
static int report(const struct command *command, const struct cli *cli, const img_error *err)
{
    int status = img_code_exit_status(err->code);

    fputs(LIBIMG_TOOL_NAME ": error: ", stderr);
    name_print(stderr, err->message);
    putc('\n', stderr);
    if (err->code == IMG_EINVAL && !cli->understood)
        help_print_usage(stderr, command);
    if (cli->json)
        print_error_object(err);
    return status;
}

/* Whether JSON was asked for on a command line that did not parse. */
static bool wants_json(const char *const *argv)
{
    for (; *argv; argv++)
        if (text_is(*argv, "--format=json") ||
            (text_is(*argv, "--format") && argv[1] && text_is(argv[1], "json")))
            return true;
    return false;
}

static bool has_word(const char *const *words, const char *word)
{
    for (; words && *words; words++)
        if (text_is(*words, word))
            return true;
    return false;
}

static int fail_format(const struct command *command, const char *format, img_error *err)
{
    auto_free char *list = xstrdup("");

    for (const char *const *word = command->formats; word && *word; word++) {
        char *longer = xasprintf("%s, %s", list, *word);
        free(list);
        list = longer;
    }
    if (!command->formats)
        return cli_fail(err, IMG_EINVAL, "--format '%s': the only format is json", format);
    return cli_fail(err, IMG_EINVAL, "--format '%s': there are json%s", format, list);
}

/* json is about what is printed; the other words are the command's own. */
static int apply_format(struct cli *cli, const struct command *command,
                        const struct arguments *args, img_error *err)
{
    auto_free const char **formats = option_values(args, "format");

    for (const char **format = formats; *format; format++) {
        if (text_is(*format, "json"))
            cli->json = true;
        else if (has_word(command->formats, *format))
            cli->format = *format;
        else if (strstr(*format, "{{"))
            return cli_fail(err, IMG_EINVAL,
                            "--format '%s': templates are not supported; use --format json and jq",
                            *format);
        else
            return fail_format(command, *format, err);
    }
    return 0;
}

/* "--insecure IMAGE": what other tools have as a switch takes a value here, and took the operand.
 */
static const char *taken_operand(const struct arguments *args)
{
    for (size_t i = 0; i < args->use_count; i++) {
        const struct option_use *use = &args->uses[i];
        if (use->option->value && text_is(use->option->value, "HOST") && strchr(use->value, '/'))
            return use->option->name;
    }
    return NULL;
}

static int check_operands(const struct command *command, const struct arguments *args,
                          img_error *err)
{
    const char *taker = taken_operand(args);

    if (args->operand_count < command->min_operands && taker)
        return cli_fail(err, IMG_EINVAL, "%s: too few arguments: --%s takes one, HOST[:PORT]",
                        command->name, taker);
    if (args->operand_count < command->min_operands)
        return cli_fail(err, IMG_EINVAL, "%s: too few arguments", command->name);
    if (args->operand_count > command->max_operands)
        return cli_fail(err, IMG_EINVAL, "%s: unexpected argument '%s'%s", command->name,
                        args->operands[command->max_operands],
                        command == &command_build ? "; files are added by --add SRC:DEST" : "");
    return 0;
}

static int flush_results(img_error *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    return cli_fail_errno(err, "cannot write to the standard output");
}

static int run(const struct command *command, struct cli *cli, const struct arguments *args,
               img_error *err)
{
    struct progress_options options = {.stream = stderr};
    auto_(progress) struct progress *progress = NULL;

    cli->store_dir = option_value(args, "store");
    cli->verbosity = (int)option_count(args, "verbose");
    if (apply_format(cli, command, args, err) < 0 || check_operands(command, args, err) < 0 ||
        progress_choose(option_value(args, "progress"), &options.mode, err) < 0)
        return err->code;
    cli->progress = progress = progress_new(&options);
    cli_catch_signals();
    if (command->run(cli, args, err) < 0) {
        if (cli_interrupted())
            return cli_fail(err, IMG_ECANCELED, "interrupted");
        return err->code;
    }
    return 0;
}

static int parse(const char *const *argv, struct arguments *args, const struct command **command,
                 img_error *err)
{
    const char *const *rest;

    args->tables[0] = global_options;
    if (arguments_parse(args, argv, &rest, err) < 0)
        return err->code;
    if (option_count(args, "version"))
        *command = &command_version;
    else if (*rest && command_find(*rest, command, err) < 0)
        return err->code;
    if (!*command)
        return option_count(args, "help") ? 0 : cli_fail(err, IMG_EINVAL, "a command is missing");
    args->tables[1] = (*command)->options;
    args->tables[2] = (*command)->more_options;
    return *rest ? arguments_parse(args, rest + 1, NULL, err) : 0;
}

int main(int argc, char **argv)
{
    const char *const *words = (const char *const *)argv + (argc > 0);
    const struct command *command = NULL;
    struct arguments args = {0};
    struct cli cli = {0};
    img_error err = {0};
    int status = 0;

    open_standard_streams();
    if (*words && text_is(*words, COMPLETE_WORD)) {
        complete_print(words + 1);
        return 0;
    }
    cli.json = wants_json(words);
    if (parse(words, &args, &command, &err) < 0)
        status = report(command, &cli, &err);
    else if (option_count(&args, "help"))
        help_print(stdout, command);
    else if (run(command, &cli, &args, &err) < 0)
        status = report(command, &cli, &err);
    if (flush_results(&err) < 0 && status == 0)
        status = report(command, &cli, &err);
    arguments_free(&args);
    return status;
}
