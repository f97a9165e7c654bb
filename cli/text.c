/* SPDX-License-Identifier: Apache-2.0
 *
 * What goes to a terminal is printable ASCII.
 */
#include "text.h"

void copy_printable(char *out, size_t size, const char *text)
{
    size_t i = 0;

    for (; i + 1 < size && text[i]; i++)
        out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
    out[i] = '\0';
}
