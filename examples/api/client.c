/* SPDX-License-Identifier: Apache-2.0
 *
 * Credentials, and what would be done for an image.
 */
#include <libimg/libimg.h>
#include <stdio.h>
#include <string.h>

int log_in(img_client *client, const char *token, img_error *err)
{
    return img_login(client, "ghcr.io", "ci", token, err);
}

/* It is no failure if there was no credential. */
int log_out(img_client *client, img_error *err)
{
    int code = img_logout(client, "ghcr.io", err);

    return code == IMG_ENOTFOUND ? 0 : code;
}

/* A credential that is kept by the program itself. */
static int give_credential(const char *registry, img_credential *out, void *arg)
{
    if (strcmp(registry, "ghcr.io") != 0)
        return IMG_ENOTFOUND;
    snprintf(out->username, sizeof(out->username), "ci");
    snprintf(out->password, sizeof(out->password), "%s", (const char *)arg);
    return 0;
}

int client_with_token(char *token, img_client **out, img_error *err)
{
    img_client_options options = IMG_CLIENT_OPTIONS_INIT;

    options.on_credential = give_credential;
    options.on_credential_arg = token;
    return img_client_new(&options, out, err);
}

static int show_fact(const char *topic, const char *text, void *arg)
{
    (void)arg;
    printf("%-20s %s\n", topic, text);
    return 0;
}

/* Why can't this image be pulled? */
int diagnose(img_client *client, const char *reference, img_error *err)
{
    int code = img_client_explain(client, reference, show_fact, NULL, err);

    return code ? code : img_client_check(client, reference, show_fact, NULL, err);
}
