/* SPDX-License-Identifier: Apache-2.0
 *
 * What may stand where a command line is being typed. A shell calls "imgtool __complete WORD..."
 * with the words up to the cursor, the last one being that under it, and gets a line for each
 * word that would fit, "WORD<tab>MEANING" or the word alone. The last line is ":none", ":files" or
 * ":dirs": what the shell is to add by itself.
 */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include "command.h"

#define COMPLETE_WORD "__complete"

/* words ends with NULL. Never fails: where nothing is known, nothing is offered. */
void complete_print(const char *const *words);

#endif
