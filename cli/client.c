/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of all commands that talk to a registry, and the client that they come to.
 */
#include "cli.h"

#include <errno.h>
#include <unistd.h>

#include "fail.h"
#include "memory.h"
#include "name.h"
#include "number.h"
#include "text.h"

const struct option registry_options[] = {
    {"authfile", 0, false, "FILE",
     "the file with credentials; the default, and how to\n"
     "log in: imgtool help auth",
     NULL},
    {"plain-http", 0, true, "HOST", "talk HTTP without TLS to HOST[:PORT]", NULL},
    {"insecure", 0, true, "HOST",
     "don't check the certificate of HOST[:PORT]; TLS is\n"
     "spoken all the same",
     NULL},
    {"ca-file", 0, false, "FILE", "trust the certificate authorities in FILE alone", "cacert"},
    {"cert-dir", 0, false, "DIR",
     "authorities and client certificates are in\n"
     "DIR/HOST[:PORT]: imgtool help registries",
     NULL},
    {"registries-conf", 0, false, "FILE",
     "mirrors and other places of images; the default:\n"
     "imgtool help registries",
     NULL},
    {"hosts-dir", 0, false, "DIR",
     "the same as containerd has it, in DIR/HOST[:PORT]\n"
     "(default /etc/containerd/certs.d)",
     NULL},
    {"resolve", 0, true, "HOST:PORT:ADDRESS", "connect to ADDRESS, don't look HOST up", NULL},
    {"jobs", 0, false, "N", "move N blobs at once (default 8)", NULL},
    {"retry", 0, false, "N", "try what fails in passing N times more (default 4)", NULL},
    {"stall-timeout", 0, false, "S", "give up what stands still for S seconds (default 30)", NULL},
    {0},
};

/* --retry 0 is one try. */
static int parse_retry(const struct arguments *args, uint32_t *tries, img_error *err)
{
    const char *text = option_value(args, "retry");
    uint64_t retries = 0;

    if (!text)
        return 0;
    if (!text_is(text, "0") && number_parse(args, "retry", 99, &retries, err) < 0)
        return cli_fail(err, IMG_EINVAL, "--retry %s: a number from 0 to 99 is needed", text);
    *tries = (uint32_t)retries + 1;
    return 0;
}

static int parse_patience(const struct arguments *args, img_client_options *options, img_error *err)
{
    uint64_t jobs = 0, stall_s = 0;

    if (number_parse(args, "jobs", 64, &jobs, err) < 0 ||
        number_parse(args, "stall-timeout", 3600, &stall_s, err) < 0)
        return err->code;
    options->jobs = (uint32_t)jobs;
    options->stall_timeout_ms = (uint32_t)stall_s * 1000;
    return parse_retry(args, &options->tries, err);
}

/* login makes the file. */
static void warn_of_missing(struct cli *cli, const char *auth_file)
{
    if (auth_file && access(auth_file, F_OK) < 0 && errno == ENOENT)
        cli_warn(cli, "--authfile %s: there is no such file, and so no credential in it",
                 auth_file);
}

int cli_new_client(struct cli *cli, const struct arguments *args, img_client **out, img_error *err)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    auto_free const char **plain_http = option_values(args, "plain-http");
    auto_free const char **insecure = option_values(args, "insecure");
    auto_free const char **resolve = option_values(args, "resolve");

    options.auth_file = option_value(args, "authfile");
    options.plain_http = plain_http;
    options.insecure = insecure;
    options.resolve = resolve;
    options.certs_dir = option_value(args, "cert-dir");
    options.registries_conf = option_value(args, "registries-conf");
    options.hosts_dir = option_value(args, "hosts-dir");
    options.ca_file = option_value(args, "ca-file");
    options.user_agent = LIBIMG_TOOL_NAME "/" LIBIMG_VERSION_STRING;
    options.on_log = cli_on_log;
    options.on_log_arg = cli;
    if (parse_patience(args, &options, err) < 0)
        return err->code;
    if (!cli->logs_in)
        warn_of_missing(cli, options.auth_file);
    return img_client_new(&options, out, err);
}
