/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories in which "A" and "a" are one name (layers.md A21, X17): what would be replaced there
 * may be this layer's own, in another spelling. Such a directory shows by what it says of the name
 * with its letters turned round; then it is read for the name that there is.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/text.h"
#include "layer/apply_internal.h"

/* False: there are no letters in it. */
static bool turn_letters(const char *name, char *out)
{
    bool any = false;
    size_t i = 0;
    for (; name[i] && i < ENTRY_NAME_MAX; i++) {
        bool letter = img__is_lower(name[i]) || img__is_upper(name[i]);
        out[i] = (char)(letter ? name[i] ^ 0x20 : name[i]);
        any = any || letter;
    }
    out[i] = '\0';
    return any;
}

/* other is the name with its letters turned round. */
static bool is_caseless(const struct place *place, const struct stat *there, char *other)
{
    struct stat found;
    return turn_letters(place->name, other) &&
           fstatat(place->fd, other, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           found.st_ino == there->st_ino && found.st_dev == there->st_dev;
}

static bool is_brought(const struct apply *apply, uint32_t parent, const char *name)
{
    uint32_t dir = img__dirs_find(&apply->dirs, parent, name, strlen(name));
    return img__apply_brought(apply, parent, name) ||
           (dir != DIR_NONE && apply->dirs.items[dir].brought == apply->layer);
}

static void close_listing(DIR **listing)
{
    if (*listing)
        closedir(*listing);
}

int img__apply_check_spelling(const struct apply *apply, const struct place *place,
                              const struct stat *there, img_error *err)
{
    char other[ENTRY_NAME_MAX + 1];
    struct dir *dir = &apply->dirs.items[place->parent->dir];
    if (dir->flags & DIR_CASED || !is_caseless(place, there, other))
        return 0;
    auto_fd int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    __attribute__((cleanup(close_listing))) DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing)
        return img__fail_errno(err, "can't list its directory");
    steal_fd(fd);
    char spelled[ENTRY_NAME_MAX + 1] = "";
    bool exact = false, turned = false;
    for (const struct dirent *entry; !(exact && turned) && (entry = readdir(listing));) {
        exact = exact || strcmp(entry->d_name, place->name) == 0;
        turned = turned || strcmp(entry->d_name, other) == 0;
        if (img__text_equal_nocase(entry->d_name, place->name))
            strcpy(spelled, entry->d_name);
    }
    /* Two names of one file: a directory full of them is not to be read for each. */
    if (exact && turned)
        dir->flags |= DIR_CASED;
    if (exact)
        return 0;
    if (!is_brought(apply, place->parent->dir, spelled))
        return 0;
    return img__fail(err, IMG_EFORMAT,
                     "the layer also has '%s', which is the same name on this file system",
                     spelled);
}
