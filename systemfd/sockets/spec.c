/* SPDX-License-Identifier: MIT */
#include "spec.h"

#include "descriptor_name.h"
#include "report.h"
#include "unix_spec.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* in6addr_any and in6addr_loopback are not in every import library of Windows. */
static const struct in6_addr every_address = IN6ADDR_ANY_INIT, loopback = IN6ADDR_LOOPBACK_INIT;

enum { TCP, TCP6, HTTP, HTTPS, UDP, UDP6, UNIX, UNIX_DATAGRAM, UNIX_SEQPACKET, TYPES };

static const struct socket_type types[TYPES] = {
    [TCP] = {"tcp", NULL, "tcp listener", AF_UNSPEC, SOCK_STREAM},
    [TCP6] = {"tcp6", NULL, "tcp listener", AF_INET6, SOCK_STREAM},
    [HTTP] = {"http", "http", NULL, AF_UNSPEC, SOCK_STREAM},
    [HTTPS] = {"https", "https", NULL, AF_UNSPEC, SOCK_STREAM},
    [UDP] = {"udp", NULL, "udp", AF_UNSPEC, SOCK_DGRAM},
    [UDP6] = {"udp6", NULL, "udp", AF_INET6, SOCK_DGRAM},
    [UNIX] = {"unix", NULL, "unix listener", AF_UNIX, SOCK_STREAM},
    [UNIX_DATAGRAM] = {"unix-datagram", NULL, "unix datagram", AF_UNIX, SOCK_DGRAM},
    [UNIX_SEQPACKET] = {"unix-seqpacket", NULL, "unix seqpacket listener", AF_UNIX, SOCK_SEQPACKET},
};

int refuse(const struct parser *parser, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(parser->error, parser->error_size, format, arguments);
    va_end(arguments);
    return 0;
}

static const struct socket_type *find_type(const char *name, size_t length)
{
    for (size_t i = 0; i < TYPES; i++)
        if (strlen(types[i].name) == length && strncmp(types[i].name, name, length) == 0)
            return &types[i];
    return NULL;
}

/* Takes "NAME=" off the front, unless it may be part of a path or an address. Returns the rest. */
static const char *parse_name(const char *text, struct spec *spec)
{
    size_t length = strcspn(text, "=/:@[,");

    if (text[length] != '=')
        return text;
    spec->name = text;
    spec->name_length = length;
    return text + length + 1;
}

static int check_name(const struct parser *parser, const struct spec *spec)
{
    if (!spec->name)
        return 1;
    if (spec->name_length == 0)
        return refuse(parser, "the name before '=' is empty");
    if (!is_of_name_characters(spec->name, spec->name_length))
        return refuse(parser, "the name '%.*s' has a character that is not printable ASCII",
                      (int)spec->name_length, spec->name);
    if (spec->name_length > MOST_OF_NAME)
        return refuse(parser, "the name is longer than %d characters", MOST_OF_NAME);
    return 1;
}

static const struct socket_type *guess_type(const char *value)
{
    return strchr(value, '/') || *value == '@' ? &types[UNIX] : &types[TCP];
}

/* Is it like "http:5000"? That is a mistake, as no host and no folder has such a name. */
static int has_one_colon(const char *text, size_t length)
{
    return text[length] == ':' && text[length + 1] != ':' && find_type(text, length);
}

/* The mistake may also be a URL: "http://localhost:5000/", "unix:///path". */
static const char *refuse_one_colon(const struct parser *parser, const char *text, size_t length)
{
    const char *value = text + length + 1;
    size_t rest;

    if (strncmp(value, "//", 2) == 0)
        value += 2;
    rest = strlen(value);
    if (rest > 1 && value[rest - 1] == '/')
        rest--;
    refuse(parser, "one colon stands behind the type; did you mean %.*s::%.*s?", (int)length, text,
           (int)rest, value);
    return NULL;
}

/* Takes "TYPE::" off the front. A type has letters, digits and dashes only, so "[::1]:80" has none.
 * Returns the rest, or NULL after refuse. */
static const char *parse_type(const struct parser *parser, const char *text, struct spec *spec)
{
    size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789");

    if (has_one_colon(text, length))
        return refuse_one_colon(parser, text, length);
    if (length == 0 || strncmp(text + length, "::", 2) != 0) {
        spec->type = guess_type(text);
        return text;
    }
    spec->type = find_type(text, length);
    if (spec->type)
        return text + length + 2;
    refuse(parser, "unknown type '%.*s'; the types are %s", (int)length, text, spec_types);
    return NULL;
}

static int parse_port(const struct parser *parser, const char *text, in_port_t *port)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || value > 65535)
        return refuse(parser, "'%s' is not a port; a port is a number from 0 to 65535", text);
    *port = htons((in_port_t)value);
    return 1;
}

static void set_ipv4(struct spec *spec, struct in_addr host, in_port_t port)
{
    struct sockaddr_in *address = (struct sockaddr_in *)&spec->address;

    memset(&spec->address, 0, sizeof spec->address);
    address->sin_family = AF_INET;
    address->sin_addr = host;
    address->sin_port = port;
    spec->address_size = sizeof *address;
}

static void set_ipv6(struct spec *spec, struct in6_addr host, in_port_t port, unsigned scope)
{
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&spec->address;

    address->sin6_family = AF_INET6;
    address->sin6_addr = host;
    address->sin6_port = port;
    address->sin6_scope_id = scope;
    spec->address_size = sizeof *address;
}

static void set_loopback(struct spec *spec, in_port_t port)
{
    struct in_addr ipv4;

    ipv4.s_addr = htonl(INADDR_LOOPBACK);
    spec->localhost = spec->type->family != AF_INET6;
    if (spec->type->family == AF_INET6)
        set_ipv6(spec, loopback, port, 0);
    else
        set_ipv4(spec, ipv4, port);
}

/* The number of the network interface with that name or number; 0 if there is none. */
static unsigned interface_number(const char *name)
{
    unsigned number = if_nametoindex(name);
    char existing[IF_NAMESIZE];

    if (number > 0 || strspn(name, "0123456789") != strlen(name) || strlen(name) > 9)
        return number;
    number = (unsigned)strtoul(name, NULL, 10);
    return if_indextoname(number, existing) ? number : 0;
}

/* `host` is like "fe80::1%eth0", without brackets; the scope is an interface's name or number. */
static int parse_ipv6(const struct parser *parser, char *host, struct spec *spec, in_port_t port)
{
    char *percent = strchr(host, '%');
    unsigned scope = 0;
    struct in6_addr bytes;

    if (percent) {
        *percent = '\0';
        scope = interface_number(percent + 1);
        if (scope == 0)
            return refuse(parser, "there is no network interface '%s'", percent + 1);
    }
    if (inet_pton(AF_INET6, host, &bytes) != 1)
        return refuse(parser, "'[%s]' is not an IPv6 address", host);
    set_ipv6(spec, bytes, port, scope);
    return 1;
}

static int parse_host(const struct parser *parser, char *host, struct spec *spec, in_port_t port)
{
    size_t length = strlen(host);
    struct in_addr ipv4;

    if (strcmp(host, "localhost") == 0) {
        set_loopback(spec, port);
    } else if (*host == '\0' || strcmp(host, "*") == 0) {
        spec->every_host = spec->type->family != AF_INET6;
        set_ipv6(spec, every_address, port, 0);
    } else if (*host == '[' && host[length - 1] == ']') {
        host[length - 1] = '\0';
        return parse_ipv6(parser, host + 1, spec, port);
    } else if (inet_pton(AF_INET, host, &ipv4) != 1) {
        return refuse(parser,
                      "'%s' is not a host; expected an IPv4 address, [an IPv6 address], "
                      "localhost or *",
                      host);
    } else if (spec->type->family == AF_INET6) {
        return refuse(parser, "'%s' is not an IPv6 address, which type %s wants", host,
                      spec->type->name);
    } else {
        set_ipv4(spec, ipv4, port);
    }
    return 1;
}

/* Is it a host alone, like "localhost" or "[::1]"? */
static int has_no_port(const char *value, const char *last_colon)
{
    return last_colon ? value[strlen(value) - 1] == ']'
                      : strspn(value, "0123456789") != strlen(value);
}

static int parse_internet(const struct parser *parser, const char *value, struct spec *spec)
{
    const char *colon = strrchr(value, ':');
    char host[128];
    in_port_t port = 0;

    if (*value == '\0')
        return refuse(parser, "the port is missing; expected %s", spec_form);
    if (has_no_port(value, colon))
        return refuse(parser, "'%s' has no port; expected %s", value, spec_form);
    if (!parse_port(parser, colon ? colon + 1 : value, &port))
        return 0;
    if (!colon) {
        set_loopback(spec, port);
        return 1;
    }
    if ((size_t)(colon - value) >= sizeof host)
        return refuse(parser, "the host is longer than %d characters", (int)sizeof host - 1);
    snprintf(host, sizeof host, "%.*s", (int)(colon - value), value);
    return parse_host(parser, host, spec, port);
}

/* Copies text up to the first comma to `part`. A backslash makes a comma or backslash behind it
 * part of the value, and is left out. Returns the rest, from the comma on. */
static const char *split(const char *text, char *part)
{
    for (; *text != '\0' && *text != ','; text++) {
        if (*text == '\\' && (text[1] == ',' || text[1] == '\\'))
            text++;
        *part++ = *text;
    }
    *part = '\0';
    return text;
}

static int parse_mode(const struct parser *parser, const char *value, struct spec *spec)
{
    char *end;
    long mode = strtol(value, &end, 8);

    if (spec->mode >= 0)
        return refuse(parser, "there is more than one mode");
    if (*value < '0' || *value > '7' || *end != '\0' || mode > 0777)
        return refuse(parser, "'%s' is not a mode; expected up to 777 in octal, like mode=660",
                      value);
    if (*((const struct sockaddr *)&spec->address)->sa_data == '\0') /* its name begins with NUL */
        return refuse(parser, "an abstract name has no mode");
    spec->mode = (int)mode;
    return 1;
}

static int parse_backlog(const struct parser *parser, const char *value, struct spec *spec)
{
    char *end;
    long backlog;

    errno = 0; /* where long has 32 bits, only errno shows that it is too large */
    backlog = strtol(value, &end, 10);
    if (errno != 0 || *value < '0' || *value > '9' || *end != '\0' || backlog < 1 ||
        backlog > INT_MAX)
        return refuse(parser, "'%s' is not a backlog; expected a number from 1 on", value);
    spec->backlog = (int)backlog;
    return 1;
}

static const char *options_of(const struct socket_type *type)
{
    if (type->family == AF_UNIX)
        return type->type == SOCK_DGRAM ? "mode=OCTAL" : "mode=OCTAL and backlog=N";
    return type->type == SOCK_DGRAM ? "v6only and reuseport" : "v6only, reuseport and backlog=N";
}

static int parse_option(const struct parser *parser, const char *option, struct spec *spec)
{
    int is_unix = spec->type->family == AF_UNIX;

    if (is_unix && strncmp(option, "mode=", 5) == 0)
        return parse_mode(parser, option + 5, spec);
    if (spec->type->type != SOCK_DGRAM && strncmp(option, "backlog=", 8) == 0)
        return parse_backlog(parser, option + 8, spec);
    if (!is_unix && strcmp(option, "reuseport") == 0)
        return spec->reuse_port = 1;
    if (is_unix || strcmp(option, "v6only") != 0)
        return refuse(parser, "there is no option '%s'; the options of type %s are %s%s", option,
                      spec->type->name, options_of(spec->type),
                      is_unix ? "; a comma in a path is written \\," : "");
    if (spec->address.ss_family != AF_INET6)
        return refuse(parser, "v6only wants an IPv6 address");
    spec->every_host = 0;
    return spec->v6only = 1;
}

/* `part` has room for the whole value. */
static int parse_value(const struct parser *parser, const char *value, char *part,
                       struct spec *spec)
{
    const char *rest = split(value, part);

    if (!(spec->type->family == AF_UNIX ? parse_path(parser, part, spec)
                                        : parse_internet(parser, part, spec)))
        return 0;
    while (*rest == ',') {
        rest = split(rest + 1, part);
        if (!parse_option(parser, part, spec))
            return 0;
    }
    return 1;
}

int spec_parse(const char *text, struct spec *spec, char *error, size_t error_size)
{
    struct parser parser = {error, error_size};
    const char *value;
    char *part;
    int result;

    memset(spec, 0, sizeof *spec);
    spec->text = text;
    spec->mode = -1;
    value = parse_name(text, spec);
    if (!check_name(&parser, spec))
        return 0;
    value = parse_type(&parser, value, spec);
    if (!value)
        return 0;
    part = allocated(strdup(value)); /* each part fits */
    result = parse_value(&parser, value, part, spec);
    free(part);
    return result;
}

void spec_fall_back_to_ipv4(struct spec *spec)
{
    struct in_addr every;

    every.s_addr = htonl(INADDR_ANY);
    set_ipv4(spec, every, ((struct sockaddr_in6 *)&spec->address)->sin6_port);
    spec->every_host = 0;
}

void spec_fall_back_to_ipv6(struct spec *spec)
{
    set_ipv6(spec, loopback, ((struct sockaddr_in *)&spec->address)->sin_port, 0);
    spec->localhost = 0;
}
