/* SPDX-License-Identifier: MIT
 * The grammar of -s: what each form opens, as the receiver sees it, and what is refused. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static char *folder;
static struct process receiver; /* after a failed test, clean_up ends it */

static int set_up(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    if (receiver.output)
        process_discard(&receiver);
    folder_remove(folder);
    return 0;
}

static int have_ipv6(void)
{
    struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    int result = bind(fd, (struct sockaddr *)&loopback, sizeof loopback) == 0;

    close(fd);
    return result;
}

/* Runs the probe under systemfd -s SPEC. What both print is in receiver.text then. */
static int run(const char *spec)
{
    const char *const argv[] = {"systemfd", "-s", spec, "--", "probe", NULL};

    process_start(&receiver, &(struct launch){.argv = argv, .folder = folder});
    return process_wait(&receiver);
}

static char *repeat(char letter, size_t count)
{
    char *text = malloc(count + 1);

    assert_non_null(text);
    memset(text, letter, count);
    text[count] = '\0';
    return text;
}

/* ---- Accepted ---- */

struct accepted {
    const char *spec;
    const char *socket; /* how the probe describes it, as a pattern of fnmatch(3) */
    const char *name;   /* NULL: "unknown" */
};

static void check_accepted(const struct accepted *row)
{
    char *pattern, *line;
    int status = run(row->spec);

    assert_true(asprintf(&pattern, "socket 0 fd 3 name '%s' cloexec %s",
                         row->name ? row->name : "unknown", row->socket) > 0);
    line = receiver.text ? strstr(receiver.text, "\nsocket 0") : NULL;
    if (line)
        line = strndup(line + 1, strcspn(line + 1, "\n"));
    if (status != 0 || !line || fnmatch(pattern, line, 0) != 0) {
        print_message("-s %s: expected '%s', got status %d:\n%s\n", row->spec, pattern, status,
                      receiver.text);
        fail();
    }
    assert_null(strstr(receiver.text, "\nsocket 1"));
    free(line);
    free(pattern);
    process_discard(&receiver);
}

static void check_all(const struct accepted *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_accepted(&rows[i]);
}

#define CHECK_ALL(rows) check_all(rows, sizeof(rows) / sizeof((rows)[0]))

#define PORT ":[1-9]*"

static void test_ports_and_hosts(void **state)
{
    static const struct accepted rows[] = {
        {"0", "tcp listener 127.0.0.1" PORT, NULL},
        {"00000", "tcp listener 127.0.0.1" PORT, NULL},
        {"127.0.0.1:0", "tcp listener 127.0.0.1" PORT, NULL},
        {"127.0.0.2:0", "tcp listener 127.0.0.2" PORT, NULL},
        {"0.0.0.0:0", "tcp listener 0.0.0.0" PORT, NULL},
        {"localhost:0", "tcp listener 127.0.0.1" PORT, NULL},
        {"tcp::0", "tcp listener 127.0.0.1" PORT, NULL},
        {"tcp::127.0.0.2:0", "tcp listener 127.0.0.2" PORT, NULL},
        {"http::0", "tcp listener 127.0.0.1" PORT, NULL},
        {"http::0.0.0.0:0", "tcp listener 0.0.0.0" PORT, NULL},
        {"https::0", "tcp listener 127.0.0.1" PORT, NULL},
        {"https::localhost:0", "tcp listener 127.0.0.1" PORT, NULL},
        {"udp::0", "udp socket 127.0.0.1" PORT, NULL},
        {"udp::127.0.0.2:0", "udp socket 127.0.0.2" PORT, NULL},
        {"udp::localhost:0", "udp socket 127.0.0.1" PORT, NULL},
    };

    (void)state;
    CHECK_ALL(rows);
}

static void test_ipv6(void **state)
{
    static const struct accepted rows[] = {
        {"[::1]:0", "tcp listener \\[::1]" PORT, NULL},
        {"[0:0:0:0:0:0:0:1]:0", "tcp listener \\[::1]" PORT, NULL},
        {"[::]:0", "tcp listener \\[::]" PORT, NULL},
        {"*:0", "tcp listener \\[::]" PORT, NULL},
        {"http::*:0", "tcp listener \\[::]" PORT, NULL},
        {"http::[::1]:0", "tcp listener \\[::1]" PORT, NULL},
        {"tcp6::0", "tcp listener \\[::1]" PORT, NULL},
        {"tcp6::localhost:0", "tcp listener \\[::1]" PORT, NULL},
        {"tcp6::*:0", "tcp listener \\[::]" PORT, NULL},
        {"tcp6::[::1]:0", "tcp listener \\[::1]" PORT, NULL},
        {"udp::[::1]:0", "udp socket \\[::1]" PORT, NULL},
        {"udp::*:0", "udp socket \\[::]" PORT, NULL},
        {":0", "tcp listener \\[::]" PORT, NULL},
        {"udp:::0,v6only,reuseport", "udp socket \\[::]" PORT, NULL},
        {"[::1]:0,v6only,backlog=5", "tcp listener \\[::1]" PORT, NULL},
        {"udp6::0", "udp socket \\[::1]" PORT, NULL},
        {"udp6::*:0", "udp socket \\[::]" PORT, NULL},
        {"[::1%lo]:0", "tcp listener \\[::1]" PORT, NULL},
        {"[::1%1]:0", "tcp listener \\[::1]" PORT, NULL},
        {"v6=[::1]:0", "tcp listener \\[::1]" PORT, "v6"},
    };

    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    CHECK_ALL(rows);
}

static void test_unix(void **state)
{
    static const struct accepted rows[] = {
        {"./stream", "unix listener ./stream", NULL},
        {"unix::bare", "unix listener bare", NULL},
        {"unix::./typed", "unix listener ./typed", NULL},
        {"unix::5000", "unix listener 5000", NULL},
        {"unix::a=b", "unix listener a=b", NULL},
        {"./a=b::c:80", "unix listener ./a=b::c:80", NULL},
        {"unix::with space", "unix listener with space", NULL},
        {"unix::\\,", "unix listener ,", NULL},
        {"./comma\\,other=1", "unix listener ./comma,other=1", NULL},
        {"./back\\\\slash\\too", "unix listener ./back\\\\slash\\\\too", NULL},
        {"./backlog,backlog=5", "unix listener ./backlog", NULL},
        {"unix-datagram::./datagram", "unix datagram ./datagram", NULL},
        {"unix-seqpacket::./packet", "unix seqpacket listener ./packet", NULL},
        {"./m,mode=600", "unix listener ./m", NULL},
        {"./n,mode=0", "unix listener ./n", NULL},
        {"./o,mode=0777", "unix listener ./o", NULL},
        {"./q\\,r,mode=600", "unix listener ./q,r", NULL},
        {"unix-datagram::./p,mode=660", "unix datagram ./p", NULL},
    };

    (void)state;
    CHECK_ALL(rows);
}

/* All tests on this machine share the abstract namespace. The folder's name makes names unique. */
static void test_abstract(void **state)
{
    static const struct accepted rows[] = {
        {"@%s", "unix listener @%s", NULL},
        {"unix::@%s", "unix listener @%s", NULL},
        {"unix-datagram::@%s", "unix datagram @%s", NULL},
        {"unix-seqpacket::@%s", "unix seqpacket listener @%s", NULL},
        {"x=@%s", "unix listener @%s", "x"},
    };
    char spec[128], socket[128];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(spec, sizeof spec, rows[i].spec, folder);
        snprintf(socket, sizeof socket, rows[i].socket, folder);
        check_accepted(&(struct accepted){spec, socket, rows[i].name});
    }
}

static void test_longest_path(void **state)
{
    char *path = repeat('p', 107), *spec, *socket;

    (void)state;
    assert_true(asprintf(&spec, "unix::%s,mode=600", path) > 0);
    assert_true(asprintf(&socket, "unix listener %s", path) > 0);
    check_accepted(&(struct accepted){spec, socket, NULL});
    free(path);
    free(spec);
    free(socket);
}

static void test_names(void **state)
{
    static const struct accepted rows[] = {
        {"web=0", "tcp listener 127.0.0.1" PORT, "web"},
        {"web=http::0", "tcp listener 127.0.0.1" PORT, "web"},
        {"http=http::0", "tcp listener 127.0.0.1" PORT, "http"},
        {"80=127.0.0.1:0", "tcp listener 127.0.0.1" PORT, "80"},
        {"with space=0", "tcp listener 127.0.0.1" PORT, "with space"},
        {"a.b-c_d~!=0", "tcp listener 127.0.0.1" PORT, "a.b-c_d~!"},
        {"n=./named", "unix listener ./named", "n"},
        {"n=unix::bare", "unix listener bare", "n"},
        {"n=udp::0", "udp socket 127.0.0.1" PORT, "n"},
    };
    char *name = repeat('n', 255), *spec;

    (void)state;
    CHECK_ALL(rows);
    assert_true(asprintf(&spec, "%s=0", name) > 0);
    check_accepted(&(struct accepted){spec, "tcp listener 127.0.0.1" PORT, name});
    free(spec);
    free(name);
}

static void test_many_keep_their_order(void **state)
{
    char *text = shell("cd %s && systemfd -q -s c=./c -s a=http::0 -s ./d -s b=udp::0 -- probe |"
                       " grep -o \"^socket.*name '[a-z]*'\"",
                       folder);

    (void)state;
    assert_string_equal(text, "socket 0 fd 3 name 'c'\nsocket 1 fd 4 name 'a'\n"
                              "socket 2 fd 5 name 'unknown'\nsocket 3 fd 6 name 'b'\n");
    free(text);
}

/* ---- A port that is given; which of the two families reaches it ---- */

static int port_in(const char *line)
{
    return atoi(strrchr(line, ':') + 1);
}

/* The test holds the port until systemfd has it. This works as both set SO_REUSEADDR, and the test
 * does not listen. */
static void test_port_is_the_one_given(void **state)
{
    static const char *const forms[] = {"%d", "0%d", "http::%d", "localhost:%d"};
    int tcp = idle_internet_stream("127.0.0.1"), one = 1, port = port_of_socket(tcp);
    char spec[64], expected[64];

    (void)state;
    assert_int_equal(setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        snprintf(spec, sizeof spec, forms[i], port);
        snprintf(expected, sizeof expected, "tcp listener 127.0.0.1:%d", port);
        check_accepted(&(struct accepted){spec, expected, NULL});
    }
    close(tcp);
}

enum { NO, YES, AS_THE_SYSTEM_HAS_IT };

struct reach {
    const char *spec;
    int ipv4, ipv6; /* can it be reached over that family? */
};

static int is_ipv6_only_by_default(void)
{
    return shell_status(NULL, "test \"$(cat /proc/sys/net/ipv6/bindv6only)\" = 1") == 0;
}

static int is_reached(int fd, const struct sockaddr *address, socklen_t size)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char answer[64] = "";
    int result;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    result = connect(fd, address, size) == 0 && send(fd, "?", 1, MSG_NOSIGNAL) == 1 &&
             recv(fd, answer, sizeof answer - 1, 0) > 0;
    if (!result && errno != ECONNRESET) /* of another process at that port of the other family */
        assert_int_equal(errno, ECONNREFUSED);
    close(fd);
    return result;
}

static int is_reached_over(int family, int type, int port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in6.sin6_addr = in6addr_loopback;
    if (family == AF_INET)
        return is_reached(socket(family, type, 0), (struct sockaddr *)&in, sizeof in);
    return is_reached(socket(family, type, 0), (struct sockaddr *)&in6, sizeof in6);
}

static void check_reach(const char *spec, int family, int expected)
{
    int datagram = strncmp(spec, "udp", 3) == 0;
    const char *const argv[] = {
        "systemfd", "-s", spec, "probe", datagram ? "udp_socket" : "tcp_listener",
        "index",    "0",  NULL};
    int port, result;

    process_start(&receiver, &(struct launch){.argv = argv});
    port = port_in(process_line_with(&receiver, "socket 0"));
    process_line_with(&receiver, "take");
    result = is_reached_over(family, datagram ? SOCK_DGRAM : SOCK_STREAM, port);
    if (result != expected)
        print_message("-s %s over IPv%c: %d, expected %d\n", spec, family == AF_INET ? '4' : '6',
                      result, expected);
    assert_int_equal(result, expected);
    process_discard(&receiver);
}

static void test_reach(void **state)
{
    static const struct reach rows[] = {
        {"0", YES, NO},
        {"0.0.0.0:0", YES, NO},
        {"*:0", YES, YES},
        {"[::]:0", AS_THE_SYSTEM_HAS_IT, YES},
        {"[::1]:0", NO, YES},
        {"tcp6::*:0", NO, YES},
        {"tcp6::[::]:0", NO, YES},
        {"tcp6::0", NO, YES},
        {"udp::0", YES, NO},
        {"udp::*:0", YES, YES},
        {"udp6::*:0", NO, YES},
    };

    (void)state;
    if (!have_ipv6())
        skip_because("there is no IPv6 here");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int ipv4 = rows[i].ipv4 == AS_THE_SYSTEM_HAS_IT ? !is_ipv6_only_by_default() : rows[i].ipv4;
        check_reach(rows[i].spec, AF_INET, ipv4);
        check_reach(rows[i].spec, AF_INET6, rows[i].ipv6);
    }
}

/* A link-local address needs its scope. Takes one from /proc/net/if_inet6. */
static void test_link_local(void **state)
{
    char *found = shell("awk '$4 == 20 { print $1, $6; exit }' /proc/net/if_inet6 || true");
    char hex[64], interface[64], host[INET6_ADDRSTRLEN], spec[256], socket[256];
    const char *scope;
    struct in6_addr address;

    (void)state;
    if (sscanf(found, "%63s %63s", hex, interface) != 2)
        skip_because("no interface here has a link-local address");
    for (int i = 0; i < 16; i++)
        sscanf(hex + 2 * i, "%2hhx", &address.s6_addr[i]);
    inet_ntop(AF_INET6, &address, host, sizeof host);
    snprintf(spec, sizeof spec, "[%s%%%s]:0", host, interface);
    snprintf(socket, sizeof socket, "tcp listener \\[%s*]" PORT, host);
    check_accepted(&(struct accepted){spec, socket, NULL});
    assert_int_equal(run(spec), 0);
    /* On big-endian machines qemu-user garbles the interface's number, which has no name then. */
    snprintf(socket, sizeof socket, "~> socket [%s%%", host);
    assert_int_equal(strncmp(receiver.text, socket, strlen(socket)), 0);
    scope = receiver.text + strlen(socket);
    assert_true(strncmp(scope, interface, strlen(interface)) == 0 || isdigit(*scope));
    free(found);
}

/* ---- Refused ---- */

struct refused {
    const char *spec;
    const char *part; /* of the message: what is wrong */
};

/* A refused spec prints one line, and nothing is started. */
static void check_refused(const struct refused *row)
{
    char *beginning;
    int status = run(row->spec);
    const char *text = receiver.text ? receiver.text : "";

    assert_true(asprintf(&beginning, "systemfd: -s %s: ", row->spec) > 0);
    for (char *to = beginning; *to != '\0'; to++)
        if ((unsigned char)*to < ' ' || *to == 0x7f)
            *to = '?'; /* as a report shows it */
    if (status != 2 || strncmp(text, beginning, strlen(beginning)) != 0 ||
        !strstr(text, row->part) || !strchr(text, '\n') || strchr(text, '\n')[1] != '\0') {
        print_message("-s %s: expected status 2 and '%s', got %d:\n%s\n", row->spec, row->part,
                      status, text);
        fail();
    }
    free(beginning);
    process_discard(&receiver);
}

static void refuse_all(const struct refused *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_refused(&rows[i]);
}

#define REFUSE_ALL(rows) refuse_all(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_refused_ports(void **state)
{
    static const struct refused rows[] = {
        {"", "the port is missing; expected "},
        {"http::", "the port is missing; expected "},
        {"tcp::", "the port is missing; expected "},
        {"web=", "the port is missing; expected "},
        {"::", "'' is not a port"},
        {"127.0.0.1:", "'' is not a port"},
        {"127.0.0.1", "'127.0.0.1' has no port; expected "},
        {"localhost", "'localhost' has no port; expected "},
        {"5000x", "'5000x' has no port; expected "},
        {" 0", "' 0' has no port; expected "},
        {"-1", "'-1' has no port; expected "},
        {"+1", "'+1' has no port; expected "},
        {"0x50", "'0x50' has no port; expected "},
        {"http::/path", "'/path' has no port; expected "},
        {"0,mode=600",
         "there is no option 'mode=600'; the options of type tcp are v6only, reuseport "},
        {"udp::0,backlog=5",
         "there is no option 'backlog=5'; the options of type udp are v6only and"},
        {"0,v6only", "v6only wants an IPv6 address"},
        {"0,backlog=0", "'0' is not a backlog; expected a number from 1 on"},
        {"0,backlog=", "'' is not a backlog"},
        {"0,backlog=2147483648", "is not a backlog"},
        {"65536", "'65536' is not a port; a port is a number from 0 to 65535"},
        {"127.0.0.1:65536", "'65536' is not a port"},
        {"127.0.0.1:-1", "'-1' is not a port"},
        {"127.0.0.1: 1", "' 1' is not a port"},
        {"127.0.0.1:+1", "'+1' is not a port"},
        {"127.0.0.1:0x", "'0x' is not a port"},
        {"localhost:http", "'http' is not a port"},
        {"99999999999999999999", "'99999999999999999999' is not a port"},
        {"4294967296", "'4294967296' is not a port"},
        {"18446744073709551696", "'18446744073709551696' is not a port"},
        {"[::1]", "'[::1]' has no port; expected "},
        {"udp::[::]", "'[::]' has no port; expected "},
        {"[::1]:", "'' is not a port"},
        {"[::1]:65536", "'65536' is not a port"},
        {"udp::65536", "'65536' is not a port"},
    };

    (void)state;
    REFUSE_ALL(rows);
}

static void test_refused_hosts(void **state)
{
    static const struct refused rows[] = {
        {"example.org:0", "'example.org' is not a host; expected an IPv4 address"},
        {"LOCALHOST:0", "'LOCALHOST' is not a host"},
        {"127.1:0", "'127.1' is not a host"},
        {"127.0.0.1.1:0", "'127.0.0.1.1' is not a host"},
        {"256.0.0.1:0", "'256.0.0.1' is not a host"},
        {"127.0.0.1::0", "'127.0.0.1:' is not a host"},
        {"::1", "':' is not a host"},
        {"::1:0", "'::1' is not a host"},
        {"**:0", "'**' is not a host"},
        {"[:0", "'[' is not a host"},
        {"[::1:0", "'[::1' is not a host"},
        {"::1]:0", "'::1]' is not a host"},
        {"[]:0", "'[]' is not an IPv6 address"},
        {"[::g]:0", "'[::g]' is not an IPv6 address"},
        {"[127.0.0.1]:0", "'[127.0.0.1]' is not an IPv6 address"},
        {"[[::1]]:0", "is not an IPv6 address"},
        {"[::1%]:0", "there is no network interface ''"},
        {"[::1%nowhere0]:0", "there is no network interface 'nowhere0'"},
        {"[::1%1x]:0", "there is no network interface '1x'"},
        {"[::1%-1]:0", "there is no network interface '-1'"},
        {"[::1% 1]:0", "there is no network interface ' 1'"},
        {"[::1%4294967297]:0", "there is no network interface '4294967297'"},
        {"tcp6::127.0.0.1:0", "'127.0.0.1' is not an IPv6 address, which type tcp6 wants"},
        {"udp6::0.0.0.0:0", "'0.0.0.0' is not an IPv6 address, which type udp6 wants"},
    };
    char *host = repeat('h', 300), *spec;

    (void)state;
    REFUSE_ALL(rows);
    assert_true(asprintf(&spec, "%s:0", host) > 0);
    check_refused(&(struct refused){spec, "the host is longer than 127 characters"});
    free(spec);
    free(host);
}

static void test_refused_types(void **state)
{
    static const struct refused rows[] = {
        {"ftp::0", "unknown type 'ftp'; the types are tcp, tcp6, http, https, udp, udp6, unix, "
                   "unix-datagram, unix-seqpacket"},
        {"HTTP::0", "unknown type 'HTTP'"},
        {"htt::0", "unknown type 'htt'"},
        {"httpx::0", "unknown type 'httpx'"},
        {"unix-stream::./x", "unknown type 'unix-stream'"},
        {"5000::0", "unknown type '5000'"},
        {"fe80::1:0", "unknown type 'fe80'"},
        {"web=ftp::0", "unknown type 'ftp'"},
        {"http:0", "one colon stands behind the type; did you mean http::0?"},
        {"http://localhost:0/", "did you mean http::localhost:0?"},
        {"x=https://127.0.0.1:0", "did you mean https::127.0.0.1:0?"},
        {"unix:///run/s.sock", "did you mean unix::/run/s.sock?"},
        {"http://", "did you mean http::?"},
        {"udp6:[::1]:0", "did you mean udp6::[::1]:0?"},
        {"x=unix:./s", "did you mean unix::./s?"},
        {" http::0", "' http:' is not a host"},
        {"http::tcp::0", "'tcp:' is not a host"},
    };

    (void)state;
    REFUSE_ALL(rows);
}

static void test_refused_names(void **state)
{
    static const struct refused rows[] = {
        {"=0", "the name before '=' is empty"},
        {"=http::0", "the name before '=' is empty"},
        {"a\tb=0", "the name 'a?b' has a character that is not printable ASCII"},
        {"a\033b=0", "has a character that is not printable ASCII"},
        {"a\177b=0", "has a character that is not printable ASCII"},
        {"n\303\244me=0", "the name 'n\303\244me' has a character"},
        {"a=b=0", "'b=0' has no port"},
        {"a=b=http::0", "'b=http:' is not a host"},
        {"a:b=0", "'b=0' is not a port"},
        {"a@b=0", "'a@b=0' has no port"},
    };
    char *name = repeat('n', 256), *spec;

    (void)state;
    REFUSE_ALL(rows);
    assert_true(asprintf(&spec, "%s=0", name) > 0);
    check_refused(&(struct refused){spec, "the name is longer than 255 characters"});
    free(spec);
    free(name);
}

static void test_refused_paths(void **state)
{
    static const struct refused rows[] = {
        {"unix::", "the path is empty"},
        {"unix-datagram::", "the path is empty"},
        {"unix-seqpacket::", "the path is empty"},
        {"x=unix::", "the path is empty"},
        {"unix::,mode=600", "the path is empty"},
        {"@", "the path is empty"},
        {"unix::@", "the path is empty"},
        {"./x,mode=", "'' is not a mode; expected up to 777 in octal"},
        {"./x,mode=8", "'8' is not a mode"},
        {"./x,mode=608", "'608' is not a mode"},
        {"./x,mode=1777", "'1777' is not a mode"},
        {"./x,mode=-1", "'-1' is not a mode"},
        {"./x,mode=+600", "'+600' is not a mode"},
        {"./x,mode= 600", "' 600' is not a mode"},
        {"./x,mode=600 ", "'600 ' is not a mode"},
        {"./x,mode=0x1ff", "'0x1ff' is not a mode"},
        {"./x,mode=rw", "'rw' is not a mode"},
        {"./x,mode=7777777777777777777777777", "is not a mode"},
        {"./x,mode=600,mode=660", "there is more than one mode"},
        {"./x,mod=600",
         "there is no option 'mod=600'; the options of type unix are mode=OCTAL and "},
        {"./x,mode=600,user=x", "there is no option 'user=x'; "},
        {"./x, mode=600", "there is no option ' mode=600'; "},
        {"./x,", "there is no option ''; "},
        {"./x,mode", "a comma in a path is written \\,"},
        {"@x,mode=600", "an abstract name has no mode"},
        {"unix-datagram::@x,mode=600", "an abstract name has no mode"},
    };

    (void)state;
    REFUSE_ALL(rows);
}

/* The message has the reason, however long the spec is. */
static void test_refused_long_paths(void **state)
{
    static const struct {
        size_t length;
        const char *part;
    } rows[] = {
        {108, "the path is 108 bytes long, 1 more than a socket's path may be"},
        {300, "the path is 300 bytes long, 193 more"},
        {2000, "the path is 2000 bytes long, 1893 more"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *path = repeat('p', rows[i].length), *spec;
        assert_true(asprintf(&spec, "unix::%s", path) > 0);
        check_refused(&(struct refused){spec, rows[i].part});
        free(spec);
        spec = repeat('p', rows[i].length);
        *spec = '@';
        check_refused(&(struct refused){spec, rows[i].part});
        free(spec);
        free(path);
    }
}

/* ---- Well-formed, and the system says no ---- */

static void test_cannot_open(void **state)
{
    static const struct {
        const char *spec;
        int error;
        const char *hint;
    } rows[] = {
        {"203.0.113.1:0", EADDRNOTAVAIL, "no network interface of this machine has it"},
        {"./missing/socket", ENOENT, "its folder must exist"},
        {"unix-datagram::./missing/socket", ENOENT, "its folder must exist"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *expected;
        assert_int_equal(run(rows[i].spec), 1);
        assert_true(asprintf(&expected, "systemfd: cannot open -s %s: %s (%s)\n", rows[i].spec,
                             strerror(rows[i].error), rows[i].hint) > 0);
        assert_string_equal(receiver.text, expected);
        free(expected);
        process_discard(&receiver);
    }
}

/* If systemfd does not become the command, it removes the paths that it made. */
static void test_no_path_is_left(void **state)
{
    static const char *const commands[][8] = {
        {"systemfd", "-s", "./sock", "--", "./nosuch"},
        {"systemfd", "-s", "./sock", "--", "/dev/null"},
        {"systemfd", "-s", "./sock", "-s", "203.0.113.1:0", "--", "true"},
    };
    static const int statuses[] = {127, 126, 1};
    char *path = path_in(folder, "sock");

    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        process_start(&receiver, &(struct launch){.argv = commands[i], .folder = folder});
        assert_int_equal(process_wait(&receiver), statuses[i]);
        assert_int_equal(access(path, F_OK), -1);
        process_discard(&receiver);
    }
    free(path);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, clean_up)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_ports_and_hosts),
        IN_FOLDER(test_ipv6),
        IN_FOLDER(test_unix),
        IN_FOLDER(test_abstract),
        IN_FOLDER(test_longest_path),
        IN_FOLDER(test_names),
        IN_FOLDER(test_many_keep_their_order),
        IN_FOLDER(test_port_is_the_one_given),
        IN_FOLDER(test_reach),
        IN_FOLDER(test_link_local),
        IN_FOLDER(test_refused_ports),
        IN_FOLDER(test_refused_hosts),
        IN_FOLDER(test_refused_types),
        IN_FOLDER(test_refused_names),
        IN_FOLDER(test_refused_paths),
        IN_FOLDER(test_refused_long_paths),
        IN_FOLDER(test_cannot_open),
        IN_FOLDER(test_no_path_is_left),
    };

    return cmocka_run_group_tests(tests, find_programs, NULL);
}
