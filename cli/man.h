/* SPDX-License-Identifier: Apache-2.0
 *
 * The manual pages of imgtool, made from the tables that its help is made from.
 */
#ifndef CLI_MAN_H
#define CLI_MAN_H

#include "command.h"
#include "topics.h"

void man_print_overview(FILE *stream);
void man_print_command(FILE *stream, const struct command *command);
void man_print_topic(FILE *stream, const struct topic *topic);

#endif
