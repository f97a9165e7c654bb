/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of what is left out, and a path as the last line. What is left out with all beneath it has
 * nothing beneath it that is taken: so a walk that does not go there misses nothing. The path is
 * taken for a mode, too.
 */
#include "fuzz.h"

#include "layer/entry.h"
#include "layer/ignore.h"
#include "layer/mode_change.h"

static void judge_all(struct ignore *ignore, char *path)
{
    enum ignore_verdict above = IGNORE_TAKE;
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        enum ignore_verdict verdict = img__ignore_judge(ignore, path);
        must(above != IGNORE_LEAVE_OUT || verdict == IGNORE_LEAVE_OUT);
        above = verdict;
        *slash = '/';
    }
    enum ignore_verdict verdict = img__ignore_judge(ignore, path);
    must(above != IGNORE_LEAVE_OUT || verdict == IGNORE_LEAVE_OUT);
    must(verdict == img__ignore_judge(ignore, path));
}

static void change_modes(const char *text)
{
    struct mode_change change;
    if (img__mode_change_parse(text, &change, NULL) != 0)
        return;
    for (uint32_t mode = 0; mode <= 07777; mode += 0101) {
        must(img__mode_change_apply(&change, mode, false) <= 07777);
        must(img__mode_change_apply(&change, mode, true) <= 07777);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    auto_(buf) struct buf rules = BUF_INIT(IGNORE_FILE_MAX);
    auto_(ignore) struct ignore *ignore = NULL;
    auto_free char *path = NULL, *normal = NULL;
    const uint8_t *newline = len ? memrchr(data, '\n', len) : NULL;
    size_t rules_len = newline ? (size_t)(newline - data) + 1 : 0;
    if (len > 4096)
        return 0;
    path = strndup((const char *)data + rules_len, len - rules_len);
    must(path);
    change_modes(path);
    img__buf_append(&rules, data, rules_len);
    must(img__ignore_new(&ignore, NULL) == 0);
    if (img__ignore_add_lines(ignore, &rules, "it", NULL) == 0 &&
        img__entry_normal_path(path, &normal, NULL) == 0 && *normal)
        judge_all(ignore, normal);
    return 0;
}
