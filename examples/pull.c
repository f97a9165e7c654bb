/* SPDX-License-Identifier: Apache-2.0
 *
 * Pulls an image into the store, for this machine's platform, and shows how far it is:
 *
 *     pull NAME
 *     pull registry.example.com/team/site:1
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* Runs on this thread, some times a second for each blob. Non-zero ends the pull. */
static int show(const img_event *event, void *arg)
{
    static const char *const words[] = {
        [IMG_EVENT_DONE] = "pulled", [IMG_EVENT_CACHED] = "is here"};
    size_t count = sizeof(words) / sizeof(words[0]);
    uint64_t *done = arg;

    if (event->kind == IMG_EVENT_PROGRESS && event->total_bytes)
        fprintf(stderr, "%s: %" PRIu64 " %%\r", event->what,
                event->done_bytes * 100 / event->total_bytes);
    else if ((size_t)event->kind < count && words[event->kind])
        fprintf(stderr, "%s: %s\n", event->what, words[event->kind]);
    if (event->kind == IMG_EVENT_DONE)
        *done += event->done_bytes;
    return interrupted;
}

int main(int argc, char **argv)
{
    img_pull_options options = IMG_PULL_OPTIONS_INIT;
    img_platform platform;
    img_store *store = NULL;
    img_client *client = NULL;
    img_descriptor image;
    uint64_t done = 0;
    img_error err;
    int code;

    if (argc != 2) {
        fprintf(stderr, "usage: pull NAME\n");
        return 2;
    }
    signal(SIGINT, on_signal);
    img_platform_host(&platform);
    options.platform = &platform;
    options.on_event = show;
    options.on_event_arg = &done;
    code = img_store_open(NULL, &store, &err);
    if (code == 0)
        code = img_client_new(NULL, &client, &err);
    if (code == 0)
        code = img_pull(client, store, argv[1], &options, &image, &err);
    if (code == 0)
        printf("%s, %" PRIu64 " bytes moved\n", image.digest.text, done);
    else
        fprintf(stderr, "pull: %s\n", err.message);
    img_client_free(client);
    img_store_free(store);
    return img_code_exit_status(code);
}
