/* SPDX-License-Identifier: Apache-2.0
 *
 * Owners, modes and times by the options (layers.md C10, C11, C13, C28). A tree and an archive of
 * it must come out the same, so there is one place for it, before the header is made.
 */
#include "layer/entry_edit.h"

#include "layer/mode_change.h"

/* A hard link carries the mode of its file. */
static void edit_mode(const struct scan_options *options, struct entry *entry)
{
    bool directory = entry->type == ENTRY_DIRECTORY;
    if (entry->type == ENTRY_SYMLINK) {
        entry->mode = 0777;
        return;
    }
    if (!directory && entry->type != ENTRY_FILE && entry->type != ENTRY_HARDLINK)
        return;
    if (options->set_mode)
        entry->mode = options->mode;
    else if (options->chmod)
        entry->mode = img__mode_change_apply(options->chmod, entry->mode, directory);
}

/* Fractions of seconds go unless they were asked for: few tools restore them, and copies of a tree
 * differ in them. */
static void edit_time(const struct scan_options *options, struct entry *entry)
{
    if (options->set_mtime) {
        entry->mtime = options->mtime;
        entry->mtime_ns = 0;
    }
    if (options->has_epoch && entry->mtime >= options->epoch) {
        entry->mtime = options->epoch;
        entry->mtime_ns = 0;
    }
    if (!(options->keep & ENTRY_KEEP_NANOSECONDS))
        entry->mtime_ns = 0;
}

void img__entry_edit(const struct scan_options *options, struct entry *entry)
{
    edit_mode(options, entry);
    edit_time(options, entry);
    if (options->set_uid)
        entry->uid = options->uid;
    if (options->set_gid)
        entry->gid = options->gid;
}
