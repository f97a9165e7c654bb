/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder for the tests of settings in files, and the warnings that were given.
 */
#ifndef TESTS_REGISTRY_FOLDER_H
#define TESTS_REGISTRY_FOLDER_H

#include "unit.h"

#include <sys/stat.h>

#include "base/observe.h"

static char folder[64];
static char warnings[4096];

static inline const char *in_folder(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

/* Parents are made. */
static inline void put_file(const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", in_folder(name));
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline void on_warning(int level, const char *line, void *arg)
{
    (void)arg;
    assert_int_equal(level, IMG_LOG_WARNING);
    assert_true(strlen(warnings) + strlen(line) + 2 < sizeof(warnings));
    strcat(warnings, line);
    strcat(warnings, "\n");
}

static const struct observer warned = {.on_log = on_warning};

static inline int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/libimg-unit.XXXXXX");
    warnings[0] = '\0';
    if (!mkdtemp(folder))
        return -1;
    setenv("HOME", in_folder("home"), 1);
    setenv("XDG_CONFIG_HOME", in_folder("home/.config"), 1);
    unsetenv("CONTAINERS_REGISTRIES_CONF");
    return 0;
}

static inline int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

#define folder_test(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
