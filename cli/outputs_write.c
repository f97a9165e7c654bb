/* SPDX-License-Identifier: Apache-2.0
 *
 * Outputs, once the image is in the store and its digest is final. Each is there whole or not at
 * all; a layout or an archive that is there already, with the same image, stays untouched.
 */
#include "outputs_write.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fail.h"
#include "memory.h"
#include "output_file.h"
#include "text.h"

struct writing {
    struct cli *cli;
    img_store *store;
    const struct made *made;
    const img_descriptor *image;
    const char *const *names;
};

static int write_layout(const struct writing *w, const struct output *output, img_error *err)
{
    img_copy_options options = IMG_COPY_OPTIONS_INIT;
    auto_free char *source = xasprintf("store:%s", w->image->digest.text);

    options.store = w->store;
    options.on_event = cli_on_event;
    options.on_event_arg = w->cli;
    for (char **place = output->places; *place; place++)
        if (img_copy(NULL, source, *place, &options, NULL, err) < 0)
            return err->code;
    return 0;
}

/* The whole names, to be freed with the list, which ends with NULL. */
static char **full_names(const char *const *names)
{
    size_t count = 0;
    char **list;

    while (names[count])
        count++;
    list = xcalloc(count + 1, sizeof(*list));
    for (size_t i = 0; i < count; i++) {
        char text[IMG_REFERENCE_TEXT_MAX];
        img_reference reference;

        if (img_reference_parse(names[i], &reference, NULL) == 0)
            img_reference_format(&reference, text);
        else
            snprintf(text, sizeof(text), "%s", names[i]);
        list[i] = xstrdup(text);
    }
    return list;
}

static void auto_names(char ***list)
{
    for (char **name = *list; name && *name; name++)
        free(*name);
    free(*list);
}

static int write_archive(const struct writing *w, const struct output *output, img_error *err)
{
    auto_(names) char **names = full_names(w->names);
    const char *const references[] = {w->image->digest.text, NULL};
    const char *const own[] = {output->name, NULL};
    img_save_options options = IMG_SAVE_OPTIONS_INIT;

    options.format = output->kind == OUTPUT_OCI_ARCHIVE ? IMG_ARCHIVE_OCI : IMG_ARCHIVE_DOCKER;
    options.names = output->name ? own : (const char *const *)names;
    options.flags = IMG_SAVE_IF_CHANGED;
    options.on_event = cli_on_event;
    options.on_event_arg = w->cli;
    options.on_log = cli_on_log;
    options.on_log_arg = w->cli;
    return img_save(w->store, references, text_is(output->path, "-") ? NULL : output->path,
                    &options, NULL, err);
}

static int unpack(const struct writing *w, const struct made_image *image, const char *path,
                  img_error *err)
{
    img_unpack_options options = IMG_UNPACK_OPTIONS_INIT;
    img_unpack_result result;

    options.on_event = cli_on_event;
    options.on_event_arg = w->cli;
    options.on_log = cli_on_log;
    options.on_log_arg = w->cli;
    if (img_unpack(w->store, image->manifest.digest.text, path, &options, &result, err) < 0)
        return err->code;
    if (result.unset)
        cli_note(w->cli, "%llu owners, modes, attributes or devices are not as in the image",
                 (unsigned long long)result.unset);
    return 0;
}

/* Of several platforms each has a directory, called as by docker: linux_arm64. */
static int write_rootfs(const struct writing *w, const struct output *output, img_error *err)
{
    if (w->made->count == 1)
        return unpack(w, &w->made->images[0], output->path, err);
    if (mkdir(output->path, 0777) < 0 && errno != EEXIST)
        return cli_fail_errno(err, "cannot create %s", output->path);
    for (size_t i = 0; i < w->made->count; i++) {
        auto_free char *name = platform_text(&w->made->images[i].platform, '_');
        auto_free char *path = xasprintf("%s/%s", output->path, name);

        if (unpack(w, &w->made->images[i], path, err) < 0)
            return err->code;
    }
    return 0;
}

static int on_data(const void *data, size_t len, void *arg)
{
    return output_file_write(arg, data, len) < 0 || cli_interrupted();
}

static int write_tar(const struct writing *w, const struct output *output, img_error *err)
{
    auto_(image) img_image *image = NULL;
    auto_(output_file) struct output_file file = {0};
    int rc;

    if (img_image_open_descriptor(w->store, w->image, NULL, &image, err) < 0 ||
        output_file_open(&file, output->path, err) < 0)
        return err->code;
    rc = img_image_tar(w->store, image, NULL, on_data, &file, err);
    if (rc == IMG_ECANCELED && file.write_errno)
        return output_file_failed(&file, err);
    return rc ? rc : output_file_commit(&file, err);
}

static int write_output(const struct writing *w, const struct output *output, img_error *err)
{
    switch (output->kind) {
    case OUTPUT_OCI:
        return write_layout(w, output, err);
    case OUTPUT_ROOTFS:
        return write_rootfs(w, output, err);
    case OUTPUT_TAR:
        return write_tar(w, output, err);
    default:
        return write_archive(w, output, err);
    }
}

int outputs_write(struct cli *cli, const struct build_plan *plan, img_store *store,
                  const struct made *made, img_error *err)
{
    const struct outputs *outputs = &plan->outputs;
    const struct writing w = {cli, store, made, &made->target, plan->names};

    if (outputs->count > 0)
        cli_clean_up_when_interrupted();
    for (size_t i = 0; i < outputs->count; i++) {
        progress_end(cli->progress);
        cli_note(cli, "writing %s", outputs->items[i].text);
        if (write_output(&w, &outputs->items[i], err) < 0)
            return err->code;
    }
    return 0;
}
