/* SPDX-License-Identifier: Apache-2.0
 *
 * Users of an image: the first line is who is looked for, then come the passwd file and, behind a
 * byte 1, the group file. Whoever is found has ids that the kernel takes.
 */
#include "fuzz.h"

#include "core/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(user) struct user user = USER_INIT;
    const uint8_t *line = len ? memchr(data, '\n', len) : NULL;
    char spec[256];

    if (!line || (size_t)(line - data) >= sizeof(spec))
        return 0;
    memcpy(spec, data, (size_t)(line - data));
    spec[line - data] = '\0';
    const char *passwd = (const char *)line + 1, *end = (const char *)data + len;
    const char *mark = passwd < end ? memchr(passwd, 1, (size_t)(end - passwd)) : NULL;
    struct user_files files = {.passwd = passwd,
                               .passwd_len = (size_t)((mark ? mark : end) - passwd)};
    if (mark) {
        files.group = mark + 1;
        files.group_len = (size_t)(end - mark - 1);
    }
    if (img__user_find(spec, &files, &user, NULL) == 0) {
        must(user.uid <= USER_ID_MAX && user.gid <= USER_ID_MAX);
        for (size_t i = 0; i < user.group_count; i++)
            must(user.groups[i] <= USER_ID_MAX);
    } else {
        must(!user.groups && !user.home);
    }
    return 0;
}
