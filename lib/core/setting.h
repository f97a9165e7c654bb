/* SPDX-License-Identifier: Apache-2.0
 *
 * The values of an image's settings: what each may be. Failures are IMG_EINVAL and begin with what,
 * the setting's name ("env").
 */
#ifndef IMG_CORE_SETTING_H
#define IMG_CORE_SETTING_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* KEY=VALUE in UTF-8 with a key. */
int img__setting_check_pair(const char *what, const char *value, img_error *err);
/* UTF-8; also on one line and without other control characters. */
int img__setting_check_utf8(const char *what, const char *value, img_error *err);
int img__setting_check_line(const char *what, const char *value, img_error *err);
/* An absolute path. */
int img__setting_check_path(const char *what, const char *value, img_error *err);
/* A time of RFC 3339. */
int img__setting_check_time(const char *what, const char *value, img_error *err);

#define SETTING_SIGNAL_MAX 16u
/* SIGTERM, term, SIGRTMIN+3, 15: to the spelling that runtimes know. */
int img__setting_parse_signal(const char *what, const char *value, char out[SETTING_SIGNAL_MAX],
                              img_error *err);

struct port_range {
    uint16_t first, last;
    char protocol[8]; /* "tcp", "udp", "sctp" */
};
/* port[-last][/protocol] */
int img__setting_parse_ports(const char *what, const char *value, struct port_range *out,
                             img_error *err);

#endif
