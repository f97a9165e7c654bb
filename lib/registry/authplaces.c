/* SPDX-License-Identifier: Apache-2.0
 *
 * The places of credentials (registry.md A14). A file that the caller names is the only one: who
 * gives a program credentials for one purpose does not want it to find others. All else goes from
 * the particular to the general, and the first place that has the host wins:
 *
 *   $DOCKER_AUTH_CONFIG, the content itself
 *   $REGISTRY_AUTH_FILE
 *   $XDG_RUNTIME_DIR/containers/auth.json, or /run/containers/UID/auth.json: podman login
 *   $XDG_CONFIG_HOME/containers/auth.json, or ~/.config/containers/auth.json
 *   $DOCKER_CONFIG/config.json
 *   ~/.docker/config.json: docker login
 *   ~/.dockercfg, as docker wrote it before 1.7
 */
#include "registry/authplaces.h"

#include <stdio.h>
#include <string.h>

void img__auth_places_free(struct auth_places *places)
{
    for (size_t i = 0; i < places->count; i++)
        free(places->list[i].path);
    places->count = 0;
}

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* folder NULL: there is no such place; one that is there already stays where it is. */
static int add(struct auth_places *places, enum auth_kind kind, const char *folder,
               const char *name, img_error *err)
{
    char *path = NULL;
    if (!folder)
        return 0;
    if (asprintf(&path, "%s%s", folder, name) < 0)
        return img__fail_memory(err);
    for (size_t i = 0; i < places->count; i++) {
        if (strcmp(places->list[i].path, path) == 0) {
            free(path);
            return 0;
        }
    }
    places->list[places->count++] = (struct auth_place){.kind = kind, .path = path};
    return 0;
}

static int add_named(struct auth_places *places, const char *path, img_error *err)
{
    int result = add(places, AUTH_FILE, path, "", err);
    if (result == 0 && path)
        places->list[places->count - 1].named = true;
    return result;
}

static int add_runtime(struct auth_places *places, img_error *err)
{
    char folder[64];
    snprintf(folder, sizeof(folder), "/run/containers/%lu", (unsigned long)getuid());
    const char *runtime = setting("XDG_RUNTIME_DIR");
    return runtime ? add(places, AUTH_FILE, runtime, "/containers/auth.json", err)
                   : add(places, AUTH_FILE, folder, "/auth.json", err);
}

static int add_config(struct auth_places *places, img_error *err)
{
    const char *config = setting("XDG_CONFIG_HOME");
    return config ? add(places, AUTH_FILE, config, "/containers/auth.json", err)
                  : add(places, AUTH_FILE, setting("HOME"), "/.config/containers/auth.json", err);
}

static int find_all(struct auth_places *out, img_error *err)
{
    const char *home = setting("HOME");
    int result = setting(AUTH_ENVIRONMENT) ? add(out, AUTH_TEXT, "$" AUTH_ENVIRONMENT, "", err) : 0;
    if (result == 0)
        result = add_named(out, setting("REGISTRY_AUTH_FILE"), err);
    if (result == 0)
        result = add_runtime(out, err);
    if (result == 0)
        result = add_config(out, err);
    if (result == 0)
        result = add(out, AUTH_FILE, setting("DOCKER_CONFIG"), "/config.json", err);
    if (result == 0)
        result = add(out, AUTH_FILE, home, "/.docker/config.json", err);
    return result ? result : add(out, AUTH_LEGACY, home, "/.dockercfg", err);
}

int img__auth_places_find(const char *option, struct auth_places *out, img_error *err)
{
    *out = (struct auth_places){.count = 0};
    int result = option ? add_named(out, option, err) : find_all(out, err);
    if (result)
        img__auth_places_free(out);
    return result;
}

int img__auth_place_to_write(const char *option, struct auth_place *out, img_error *err)
{
    struct auth_places one = {.count = 0};
    const char *named = option ? option : setting("REGISTRY_AUTH_FILE");
    const char *docker = setting("DOCKER_CONFIG");
    int result = named    ? add_named(&one, named, err)
                 : docker ? add(&one, AUTH_FILE, docker, "/config.json", err)
                          : add(&one, AUTH_FILE, setting("HOME"), "/.docker/config.json", err);
    *out = one.list[0];
    return result;
}
