/* SPDX-License-Identifier: Apache-2.0
 *
 * Pushes an image of the store to the registry that its name, or another one, leads to:
 *
 *     push NAME [DESTINATION]
 *     push site:1 registry.example.com/team/site:1
 *
 * Credentials come from where docker and podman keep them, unless $REGISTRY_USER and
 * $REGISTRY_PASSWORD are set.
 */
#include <libimg/libimg.h>
#include <stdio.h>
#include <stdlib.h>

/* Asked for once per registry, if that wants to know who comes. */
static int credential(const char *registry, img_credential *out, void *arg)
{
    const char *user = getenv("REGISTRY_USER");
    const char *password = getenv("REGISTRY_PASSWORD");

    (void)registry;
    (void)arg;
    if (!user || !password)
        return IMG_ENOTFOUND; /* libimg looks in the files then */
    snprintf(out->username, sizeof(out->username), "%s", user);
    snprintf(out->password, sizeof(out->password), "%s", password);
    return 0;
}

static void log_line(int level, const char *line, void *arg)
{
    (void)arg;
    if (level == IMG_LOG_WARNING)
        fprintf(stderr, "push: warning: %s\n", line);
}

int main(int argc, char **argv)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;
    img_store *store = NULL;
    img_client *client = NULL;
    img_descriptor image;
    img_error err;
    int code;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: push NAME [DESTINATION]\n");
        return 2;
    }
    options.user_agent = "push-example/1";
    options.on_credential = credential;
    options.on_log = log_line;
    code = img_store_open(NULL, &store, &err);
    if (code == 0)
        code = img_client_new(&options, &client, &err);
    if (code == 0)
        code = img_push(client, store, argv[1], argc == 3 ? argv[2] : NULL, NULL, &image, &err);
    if (code == 0)
        printf("%s\n", image.digest.text);
    else
        fprintf(stderr, "push: %s\n", err.message);
    img_client_free(client);
    img_store_free(store);
    return img_code_exit_status(code);
}
