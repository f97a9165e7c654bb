/* SPDX-License-Identifier: Apache-2.0
 *
 * The words of --compat.
 */
#include "compat.h"

#include "fail.h"
#include "text.h"

static const struct {
    const char *word;
    uint32_t bit;
} words[] = {
    {"duplicates", IMG_COMPAT_DUPLICATES},
    {"trailing", IMG_COMPAT_TRAILING},
    {"sniff", IMG_COMPAT_SNIFF},
    {"single-zero", IMG_COMPAT_SINGLE_ZERO},
};

int compat_parse(const struct arguments *args, uint32_t *out, img_error *err)
{
    *out = 0;
    for (size_t i = 0; i < args->use_count; i++) {
        const struct option_use *use = &args->uses[i];
        uint32_t bit = 0;

        if (!text_is(use->option->name, "compat"))
            continue;
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
            if (text_is(use->value, words[k].word))
                bit = words[k].bit;
        if (!bit)
            return cli_fail(err, IMG_EINVAL,
                            "--compat %s: there are duplicates, trailing, sniff and single-zero",
                            use->value);
        *out |= bit;
    }
    return 0;
}
