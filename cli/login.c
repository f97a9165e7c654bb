/* SPDX-License-Identifier: Apache-2.0
 *
 * imgtool login and logout. A password comes from a pipe or from a terminal without echo; on the
 * command line it is accepted with a warning, since everyone on the machine can read it there. It
 * is wiped after use.
 */
#include "command.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"

#define USERNAME_MAX 256
#define PASSWORD_MAX 4096
#define WHERE "the credential for " /* how the library tells where one is kept, or was */

struct credential {
    char username[USERNAME_MAX];
    char password[PASSWORD_MAX];
};

static void auto_credential(struct credential *c)
{
    explicit_bzero(c, sizeof(*c));
}

static int set_text(char *out, size_t size, const char *what, const char *text, img_error *err)
{
    size_t len = strlen(text);

    if (len >= size)
        return cli_fail(err, IMG_EINVAL, "the %s is longer than %zu bytes", what, size - 1);
    memcpy(out, text, len + 1);
    return 0;
}

/* Reads until the end of the line, or of the input if whole is set. Bytes are read one by one, so
 * that no buffer keeps a copy. */
static int read_secret(char *out, size_t size, bool whole, img_error *err)
{
    size_t len = 0;

    for (;;) {
        char c;
        ssize_t n = read(STDIN_FILENO, &c, 1);

        if (n < 0 && errno == EINTR && !cli_interrupted())
            continue;
        if (n < 0)
            return cli_fail_errno(err, "cannot read the standard input");
        if (n == 0 || (!whole && c == '\n'))
            break;
        if (c == '\0' || len + 1 >= size)
            return cli_fail(err, IMG_EINVAL,
                            "the input holds a zero byte or is longer than %zu bytes", size - 1);
        out[len++] = c;
    }
    if (len > 0 && out[len - 1] == '\n')
        len--;
    if (len > 0 && out[len - 1] == '\r')
        len--;
    out[len] = '\0';
    return 0;
}

/* A signal makes read() fail, so that the echo comes back on in any case but a kill. */
static int prompt(const char *question, bool echo, char *out, size_t size, img_error *err)
{
    struct termios old, quiet;
    int rc;

    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &old) < 0)
        return cli_fail(
            err, IMG_EINVAL,
            "there is no terminal to ask for '%s'; give --username and --password-stdin", question);
    fprintf(stderr, "%s: ", question);
    quiet = old;
    if (!echo)
        quiet.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    rc = read_secret(out, size, false, err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
    if (!echo)
        putc('\n', stderr);
    return rc;
}

static int get_username(const struct arguments *args, struct credential *c, img_error *err)
{
    const char *username = option_value(args, "username");

    if (username)
        return set_text(c->username, sizeof(c->username), "username", username, err);
    if (option_count(args, "password-stdin"))
        return cli_fail(err, IMG_EINVAL, "--password-stdin needs --username");
    return prompt("Username", true, c->username, sizeof(c->username), err);
}

static int get_password(struct cli *cli, const struct arguments *args, struct credential *c,
                        img_error *err)
{
    const char *password = option_value(args, "password");

    if (password && option_count(args, "password-stdin"))
        return cli_fail(err, IMG_EINVAL, "--password and --password-stdin exclude each other");
    if (option_count(args, "password-stdin"))
        return read_secret(c->password, sizeof(c->password), true, err);
    if (!password)
        return prompt("Password", false, c->password, sizeof(c->password), err);
    cli_warn(cli, "everyone on this machine can read a password on the command line; "
                  "use --password-stdin");
    return set_text(c->password, sizeof(c->password), "password", password, err);
}

static int login_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    auto_(credential) struct credential c = {0};
    struct json_out j = {.stream = stdout};
    const char *registry = args->operands[0];

    cli->logs_in = true;
    if (cli_new_client(cli, args, &client, err) < 0 || get_username(args, &c, err) < 0)
        return err->code;
    if (!c.username[0])
        return cli_fail(err, IMG_EINVAL, "the username is empty");
    if (get_password(cli, args, &c, err) < 0)
        return err->code;
    if (!c.password[0])
        return cli_fail(err, IMG_EINVAL, "the password is empty");
    cli->noted = WHERE;
    if (img_login(client, registry, c.username, c.password, err) < 0)
        return err->code;
    cli_note(cli, "logged in to %s as %s", registry, c.username);
    if (!cli->json)
        return 0;
    json_begin_object(&j, NULL);
    json_put_string(&j, "registry", registry);
    json_put_string(&j, "username", c.username);
    json_end_object(&j);
    return 0;
}

static int logout_run(struct cli *cli, const struct arguments *args, img_error *err)
{
    auto_(client) img_client *client = NULL;
    struct json_out j = {.stream = stdout};

    cli->noted = WHERE;
    if (cli_new_client(cli, args, &client, err) < 0 ||
        img_logout(client, args->operands[0], err) < 0)
        return err->code;
    cli_note(cli, "logged out of %s", args->operands[0]);
    if (!cli->json)
        return 0;
    json_begin_object(&j, NULL);
    json_put_string(&j, "registry", args->operands[0]);
    json_end_object(&j);
    return 0;
}

static const struct option options[] = {
    {"username", 'u', false, "NAME", "who you are; asked for if not given", NULL},
    {"password", 'p', false, "WORD", "the password; others can read it there", NULL},
    {"password-stdin", 0, false, NULL, "read the password from the standard input", NULL},
    {0},
};

const struct command command_login = {
    .name = "login",
    .synopsis = "REGISTRY [OPTION]...",
    .summary = "Check a credential with a registry and keep it",
    .example = "  printenv TOKEN | imgtool login ghcr.io -u ci --password-stdin",
    .notes = "Docker Hub is docker.io. A credential may be for a namespace: ghcr.io/team.\n"
             "Where it is kept: imgtool help auth.",
    .options = options,
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = login_run,
};

const struct command command_logout = {
    .name = "logout",
    .synopsis = "REGISTRY",
    .summary = "Forget the credential of a registry",
    .example = "  imgtool logout ghcr.io",
    .more_options = registry_options,
    .min_operands = 1,
    .max_operands = 1,
    .run = logout_run,
};
