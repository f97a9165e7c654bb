/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, digests, platforms, codes and versions.
 */
#include <libimg/libimg.h>
#include <stdio.h>

/* "debian" is docker.io/library/debian:latest, and the other way round. */
int show_names(const char *name, img_error *err)
{
    img_reference reference;
    char text[IMG_REFERENCE_TEXT_MAX];
    int code = img_reference_parse(name, &reference, err);

    if (code != 0)
        return code;
    img_reference_format(&reference, text);
    puts(text);
    img_reference_familiar(&reference, text);
    puts(text);
    return 0;
}

/* The same repository, pinned to a digest. */
int pin(const char *name, const char *digest, char *text, img_error *err)
{
    img_reference reference;
    int code = img_reference_parse(name, &reference, err);

    if (code == 0)
        code = img_digest_parse(digest, &reference.digest, err);
    if (code != 0)
        return code;
    reference.tag[0] = '\0';
    img_reference_format(&reference, text);
    return 0;
}

/* "aarch64" is linux/arm64. */
int pull_for(img_client *client, img_store *store, const char *machine, img_error *err)
{
    img_pull_options options = IMG_PULL_OPTIONS_INIT;
    img_platform platform;
    int code = img_platform_parse(machine, &platform, err);

    if (code != 0)
        return code;
    options.platform = &platform;
    return img_pull(client, store, "debian:12", &options, NULL, err);
}

/* Ends a program as imgtool would. */
int report(const char *program, const img_error *err)
{
    fprintf(stderr, "%s: %s: %s\n", program, img_code_name(err->code), err->message);
    return img_code_exit_status(err->code);
}

void print_exit_statuses(void)
{
    for (const img_exit_status *s = img_exit_statuses(); s->name; s++)
        printf("%d  %s: %s\n", s->status, s->name, s->meaning);
}

/* What a bug report needs. */
void print_versions(void)
{
    img_version_detail detail;

    if (img_version_number() < LIBIMG_VERSION_NUMBER)
        printf("built for %s, running with %s\n", LIBIMG_VERSION_STRING, img_version_string());
    for (size_t i = 0; img_version_details(i, &detail) == 0; i++)
        printf("%s %s\n", detail.name, detail.version);
}
