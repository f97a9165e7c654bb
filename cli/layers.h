/* SPDX-License-Identifier: Apache-2.0
 *
 * The layers that a command line of build asks for, in its order.
 */
#ifndef CLI_LAYERS_H
#define CLI_LAYERS_H

#include "add_spec.h"
#include "cli.h"
#include "options.h"

/* The options of the commands that make layers. */
#define LAYER_OPTIONS                                                                              \
    {"add",                                                                                        \
     0,                                                                                            \
     true,                                                                                         \
     "SRC:DEST",                                                                                   \
     "add a file, or what is in a directory; behind it\n"                                          \
     ":mode=OCTAL,uid=N,gid=N sets what all entries have",                                         \
     NULL},                                                                                        \
        {"layer", 0, true, "TAR[:DEST]", "add an archive, below DEST; - is the standard input",    \
         NULL},                                                                                    \
        {"remove", 0, true, "PATH", "remove a path of the layers below", NULL},                    \
        {"diff",                                                                                   \
         0,                                                                                        \
         true,                                                                                     \
         "OLD NEW",                                                                                \
         "add what makes the directory OLD into NEW;\n-v names each change",                       \
         NULL},                                                                                    \
        {"overlay",                                                                                \
         0,                                                                                        \
         true,                                                                                     \
         "UPPER[:LOWER]",                                                                          \
         "add what is in the upper directory of an overlay;\n"                                     \
         "LOWER as in the mount option lowerdir",                                                  \
         NULL},                                                                                    \
        {"ignore-mtime", 0, false, NULL, "another time alone is no change to these two", NULL},    \
        {"exclude",                                                                                \
         0,                                                                                        \
         true,                                                                                     \
         "RULE",                                                                                   \
         "leave things out of directories and archives: a line\n"                                  \
         "of a .dockerignore, about paths below what is added;\n"                                  \
         "'!' takes in again; the last rule that fits counts",                                     \
         NULL},                                                                                    \
        {"ignore-file",                                                                            \
         0,                                                                                        \
         false,                                                                                    \
         "FILE",                                                                                   \
         "read such rules from FILE, which come first; a file\n"                                   \
         ".dockerignore is not looked for, but can be named",                                      \
         "exclude-from"},                                                                          \
        {"verbatim",                                                                               \
         0,                                                                                        \
         false,                                                                                    \
         NULL,                                                                                     \
         "keep the bytes of each --layer, which must be a tar,\n"                                  \
         "as they are; it is still read strictly",                                                 \
         NULL},                                                                                    \
        {"warn-case", 0, false, NULL, "warn of names that differ in the case of letters", NULL},   \
        {"chown",                                                                                  \
         0,                                                                                        \
         false,                                                                                    \
         "USER[:GROUP]",                                                                           \
         "set the owner of what is added: numbers, or names in\n"                                  \
         "/etc/passwd and /etc/group of the layers below. A\n"                                     \
         "number that stands alone is the group, too",                                             \
         NULL},                                                                                    \
        {"uid-map",                                                                                \
         0,                                                                                        \
         true,                                                                                     \
         "IMAGE:HOST:COUNT",                                                                       \
         "undo the user namespace of an unprivileged user:\n"                                      \
         "COUNT ids from HOST on become those from IMAGE on",                                      \
         NULL},                                                                                    \
        {"gid-map", 0, true, "IMAGE:HOST:COUNT", "the same of groups (default: as --uid-map)",     \
         NULL},                                                                                    \
        {"chmod",                                                                                  \
         0,                                                                                        \
         false,                                                                                    \
         "MODE",                                                                                   \
         "set the mode of added files and directories: octal,\n"                                   \
         "or words as chmod takes them, like u=rwX,go=rX",                                         \
         NULL},                                                                                    \
        {"mtime",                                                                                  \
         0,                                                                                        \
         false,                                                                                    \
         "TIME",                                                                                   \
         "set all times of what is added: seconds since 1970,\n"                                   \
         "or RFC 3339; SOURCE_DATE_EPOCH limits them still",                                       \
         NULL},                                                                                    \
    {                                                                                              \
        "preserve", 0, true, "LIST",                                                               \
            "keep what goes by default: nanoseconds (of times),\n"                                 \
            "ima (the attribute security.ima), xattrs (all but\n"                                  \
            "those of one machine or of container engines)",                                       \
            NULL                                                                                   \
    }

struct layer {
    struct add_spec add;  /* of --add and --layer; all NULL otherwise */
    bool archive;         /* of --layer */
    const char **removed; /* of a group of --remove, ended by NULL, or NULL */
    const char *old_tree; /* of --diff, or NULL */
    const char *new_tree;
    char **overlay; /* of --overlay: the upper directory, the lower ones, NULL; or NULL */
};

struct layers {
    struct layer *items;
    size_t count;
    img_add_options common; /* of all that is added */
    img_diff_options diff;  /* for all --diff and --overlay */
    /* The values of these options, each list ended by NULL; common points to them. */
    const char **excluded;
    const char **uid_map;
    const char **gid_map;
};

/* Reads --add, --layer, --remove, --diff and --overlay. On failure, too, free them with
 * layers_free(). */
int layers_parse(const struct arguments *args, struct layers *out, img_error *err);
void layers_free(struct layers *layers);

/* platform fills in placeholders in the names of files and archives; NULL: they are none. */
int layers_add_to(struct cli *cli, const struct layers *layers, const img_platform *platform,
                  img_build *build, img_error *err);

#endif
