/* SPDX-License-Identifier: Apache-2.0
 *
 * Paths with all letters in lower case, as fingerprints. The mapping is the simple one of Unicode,
 * letter by letter, by the C library's C.UTF-8; where that is not installed, of ASCII. What it does
 * not see: letters whose other case is two letters (as of the German sharp s), and forms of the
 * same letter with and without combining marks, which macOS takes for one.
 */
#include "layer/fold.h"

#include <limits.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "base/buf.h"
#include "base/path_set.h"
#include "base/text.h"
#include "layer/entry.h"

struct fold {
    locale_t utf8; /* 0: there is none */
    struct path_set seen;
    struct buf folded;
};

int img__fold_new(struct fold **out, img_error *err)
{
    struct fold *fold = calloc(1, sizeof(*fold));
    if (!fold)
        return img__fail_memory(err);
    fold->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    fold->folded = (struct buf)BUF_INIT((size_t)MB_LEN_MAX * ENTRY_PATH_MAX);
    *out = fold;
    return 0;
}

void img__fold_free(struct fold *fold)
{
    if (!fold)
        return;
    if (fold->utf8)
        freelocale(fold->utf8);
    img__path_set_free(&fold->seen);
    img__buf_free(&fold->folded);
    free(fold);
}

/* Appends the letter of len bytes. Upper case first, since some letters have two lower ones. */
static void add_letter(struct fold *fold, const char *text, size_t len)
{
    wchar_t wide;
    char bytes[MB_LEN_MAX];
    mbstate_t in = {0}, out = {0};
    if (mbrtowc(&wide, text, len, &in) != len) {
        img__buf_append(&fold->folded, text, len);
        return;
    }
    wint_t lower = towlower_l(towupper_l((wint_t)wide, fold->utf8), fold->utf8);
    size_t written = wcrtomb(bytes, (wchar_t)lower, &out);
    if (written == (size_t)-1)
        img__buf_append(&fold->folded, text, len);
    else
        img__buf_append(&fold->folded, bytes, written);
}

static void add_letters(struct fold *fold, const char *path)
{
    for (const char *at = path; *at;) {
        size_t len = (unsigned char)*at < 0x80 ? 1 : img__text_utf8(at);
        if (len < 2)
            img__buf_putc(&fold->folded, img__to_lower(*at));
        else if (fold->utf8)
            add_letter(fold, at, len);
        else
            img__buf_append(&fold->folded, at, len);
        at += len ? len : 1;
    }
}

int img__fold_add(struct fold *fold, const char *path, bool *collides, img_error *err)
{
    img__buf_clear(&fold->folded);
    locale_t before = fold->utf8 ? uselocale(fold->utf8) : (locale_t)0;
    add_letters(fold, path);
    if (before)
        uselocale(before);
    int rc = img__buf_check(&fold->folded, "a path", err);
    return rc ? rc : img__path_set_add(&fold->seen, img__buf_text(&fold->folded), collides, err);
}
