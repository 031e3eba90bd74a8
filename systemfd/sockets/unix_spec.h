/* SPDX-License-Identifier: MIT
 * The part of spec.h that is for unix sockets. These cannot be passed on Windows. */
#ifndef SYSTEMFD_UNIX_SPEC_H
#define SYSTEMFD_UNIX_SPEC_H

#include "spec.h"

/* Where the calls below write what is wrong. */
struct parser {
    char *error;
    size_t error_size;
};

/* Writes what is wrong. Returns 0, for the caller to return. */
int refuse(const struct parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Parses PATH or @ABSTRACT. Returns 1, or 0 after refuse. */
int parse_path(const struct parser *parser, const char *path, struct spec *spec);

#endif
