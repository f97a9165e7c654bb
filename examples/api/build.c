/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of a build.
 */
#include <inttypes.h>
#include <libimg/libimg.h>
#include <stdio.h>

/* An image upon another one, which is pulled if the store does not have it. */
int build_upon_debian(img_store *store, img_client *client, img_error *err)
{
    const char *names[] = {"app:1", NULL};
    const char *entrypoint[] = {"/srv/app/run", NULL};
    img_build *build = NULL;
    int code = img_build_new(store, NULL, &build, err);

    if (code == 0)
        code = img_build_from(build, client, "debian:12", err);
    if (code == 0)
        code = img_build_add_path(build, "out", "/srv/app", NULL, err);
    if (code == 0)
        code = img_build_set_argv(build, "entrypoint", entrypoint, err);
    if (code == 0)
        code = img_build_commit(build, names, NULL, NULL, err);
    img_build_free(build);
    return code;
}

/* All that is added belongs to www-data, and nothing is left of a build. */
int add_site(img_build *build, img_error *err)
{
    const char *exclude[] = {"**/*.map", "node_modules", NULL};
    img_add_options options = IMG_ADD_OPTIONS_INIT;
    int code;

    options.set = IMG_ADD_UID | IMG_ADD_GID;
    options.uid = options.gid = 33;
    options.exclude = exclude;
    if ((code = img_add_options_check(&options, err)) != 0)
        return code;
    return img_build_add_path(build, "site", "/srv/site", &options, err);
}

int add_release(img_build *build, img_error *err)
{
    return img_build_add_archive(build, "app-1.2.tar.xz", "/opt/app", NULL, err);
}

/* The layer that an upgrade comes to. */
int add_upgrade(img_build *build, img_error *err)
{
    img_diff_counts counts;
    int code = img_build_add_diff(build, "root-before", "root-after", NULL, &counts, err);

    if (code == 0)
        printf("%" PRIu64 " added, %" PRIu64 " changed, %" PRIu64 " removed\n", counts.added,
               counts.changed, counts.removed);
    return code;
}

/* What was written while lower was mounted beneath upper. */
int add_mounted(img_build *build, img_error *err)
{
    const char *lowers[] = {"lower", NULL};

    return img_build_add_overlay(build, "upper", lowers, NULL, NULL, err);
}

int remove_caches(img_build *build, img_error *err)
{
    const char *paths[] = {"/var/cache/apt", "/usr/share/doc", NULL};

    return img_build_remove(build, paths, err);
}
