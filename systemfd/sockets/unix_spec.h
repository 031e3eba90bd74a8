/* SPDX-License-Identifier: MIT
 * The part of a spec that is about unix sockets, which cannot be passed on Windows. */
#ifndef SYSTEMFD_UNIX_SPEC_H
#define SYSTEMFD_UNIX_SPEC_H

#include "spec.h"

/* Where a parser says what is wrong; the calls return 0 with it. */
struct parser {
    char *error;
    size_t error_size;
};

int refuse(const struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* PATH or @ABSTRACT. */
int parse_path(const struct parser *parser, const char *path, struct spec *spec);

#endif
