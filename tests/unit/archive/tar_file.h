/* SPDX-License-Identifier: Apache-2.0
 *
 * Tars made entry by entry.
 */
#ifndef TESTS_UNIT_ARCHIVE_TAR_FILE_H
#define TESTS_UNIT_ARCHIVE_TAR_FILE_H

#include <stdio.h>
#include <string.h>

#include "../unit.h"

/* Adds an entry: type '0' with the text, '1' and '2' with it as the link, '5'. */
static inline void tar_add(FILE *tar, char type, const char *path, const char *text)
{
    char header[512] = "", zeros[512] = "";
    unsigned sum = 0;
    size_t len = type == '0' ? strlen(text) : 0;
    snprintf(header, 100, "%s", path);
    snprintf(header + 100, 8, "0000644");
    snprintf(header + 108, 8, "0000000");
    snprintf(header + 116, 8, "0000000");
    snprintf(header + 124, 12, "%011o", (unsigned)len & 0777777);
    snprintf(header + 136, 12, "00000000000");
    header[156] = type;
    if (type == '1' || type == '2')
        snprintf(header + 157, 100, "%s", text);
    memcpy(header + 257, "ustar\00000", 8);
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < sizeof(header); i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    assert_int_equal(fwrite(header, 1, 512, tar), 512);
    assert_int_equal(fwrite(text, 1, len, tar), len);
    fwrite(zeros, 1, -len % 512, tar);
}

static inline void tar_end(FILE *tar)
{
    char zeros[1024] = "";
    fwrite(zeros, 1, sizeof(zeros), tar);
    assert_int_equal(fclose(tar), 0);
}

#endif
