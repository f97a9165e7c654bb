/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written into a tree that is added. The image would hold a file that says which image it
 * is, and never be the same twice; and the directory changes when a file in it is replaced, which
 * makes the image look outdated at once. The files are left out, since nothing depends on itself;
 * the directory stays, as names may come there.
 */
#include "depfile_output.h"

#include <string.h>
#include <sys/stat.h>

#include "depfile_name.h"
#include "memory.h"
#include "text.h"

void depfile_inputs_add(struct depfile_inputs *inputs, char *name, bool directory)
{
    if (inputs->count == inputs->cap) {
        inputs->cap = inputs->cap ? inputs->cap * 2 : 64;
        inputs->items = xreallocarray(inputs->items, inputs->cap, sizeof(*inputs->items));
    }
    inputs->items[inputs->count++] = (struct depfile_input){name, directory};
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct depfile_input *)a)->name, ((const struct depfile_input *)b)->name);
}

void depfile_inputs_sort(struct depfile_inputs *inputs)
{
    size_t kept = 0;

    if (inputs->count == 0)
        return;
    qsort(inputs->items, inputs->count, sizeof(*inputs->items), compare);
    for (size_t i = 1; i < inputs->count; i++) {
        if (compare(&inputs->items[kept], &inputs->items[i]) != 0) {
            inputs->items[++kept] = inputs->items[i];
            continue;
        }
        inputs->items[kept].directory |= inputs->items[i].directory;
        free(inputs->items[i].name);
    }
    inputs->count = kept + 1;
}

void depfile_inputs_free(struct depfile_inputs *inputs)
{
    for (size_t i = 0; i < inputs->count; i++)
        free(inputs->items[i].name);
    free(inputs->items);
}

/* ---- outputs ---- */

/* Where an output really is: another name may lead to the directory. */
struct spot {
    struct stat st; /* of the directory */
    const char *name;
    char *path;
    bool directory; /* the output is one */
};

static bool find_spot(const struct depfile_output *output, struct spot *out)
{
    char *real = realpath(output->path, NULL);
    auto_free char *above = NULL;
    const char *slash;

    out->directory = output->directory;
    out->path = real ? real : depfile_name_clean(output->path);
    slash = strrchr(out->path, '/');
    out->name = slash ? slash + 1 : out->path;
    above = xstrdup(out->path);
    depfile_name_cut(above);
    if (stat(above, &out->st) == 0)
        return true;
    free(out->path);
    return false;
}

static void warn(struct cli *cli, const char *inside, const char *beside)
{
    auto_free char *shown = text_escape(inside ? inside : beside ? beside : "");

    if (inside)
        cli_warn(cli,
                 "%s is written by this build and goes into the image, so each build makes another "
                 "one: write it elsewhere, or leave it out by --exclude",
                 shown);
    else if (beside)
        cli_warn(cli,
                 "%s is written into a directory that is added: to make and ninja that is a "
                 "change, and they may build again; write it elsewhere",
                 shown);
}

static bool is_at_or_below(const char *name, const char *top)
{
    size_t len = strlen(top);

    return strncmp(name, top, len) == 0 && (name[len] == '\0' || name[len] == '/');
}

/* Takes out what is called so, and what is beneath it. */
static size_t take_out(struct depfile_inputs *inputs, const char *top)
{
    size_t kept = 0, count = inputs->count;

    for (size_t i = 0; i < count; i++) {
        if (is_at_or_below(inputs->items[i].name, top))
            free(inputs->items[i].name);
        else
            inputs->items[kept++] = inputs->items[i];
    }
    inputs->count = kept;
    return count - kept;
}

/* What an output is called as an input, if it is in that directory; to be freed. */
static char *name_in(const char *directory, const struct spot *spot)
{
    auto_free char *path = xasprintf("%s/%s", directory, spot->name);

    return depfile_name_clean(path);
}

static bool is_in(const struct spot *spot, const struct stat *directory)
{
    return directory->st_dev == spot->st.st_dev && directory->st_ino == spot->st.st_ino;
}

/* The names that the outputs would have as inputs. */
struct names {
    char **items;
    size_t count;
};

static void auto_names(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
}

/* *beside: one of them that is a file. */
static void find_names(const struct depfile_inputs *inputs, const struct spot *spots, size_t count,
                       struct names *names, const char **beside)
{
    struct stat st;

    for (size_t i = 0; i < inputs->count; i++) {
        const struct depfile_input *input = &inputs->items[i];

        if (!input->directory || stat(input->name, &st) < 0)
            continue;
        for (size_t k = 0; k < count; k++) {
            if (!is_in(&spots[k], &st))
                continue;
            names->items = xreallocarray(names->items, names->count + 1, sizeof(char *));
            names->items[names->count++] = name_in(input->name, &spots[k]);
            if (!spots[k].directory)
                *beside = names->items[names->count - 1];
        }
    }
}

void depfile_outputs_leave_out(struct cli *cli, const struct depfile_outputs *outputs,
                               struct depfile_inputs *inputs)
{
    auto_free struct spot *spots = xcalloc(outputs->count, sizeof(*spots));
    auto_(names) struct names names = {0};
    const char *beside = NULL, *inside = NULL;
    size_t count = 0;

    for (size_t i = 0; i < outputs->count; i++)
        count += find_spot(&outputs->items[i], &spots[count]);
    find_names(inputs, spots, count, &names, &beside);
    for (size_t i = 0; i < names.count; i++)
        if (take_out(inputs, names.items[i]) > 0)
            inside = names.items[i];
    warn(cli, inside, beside);
    for (size_t i = 0; i < count; i++)
        free(spots[i].path);
}
