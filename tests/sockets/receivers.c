/* SPDX-License-Identifier: MIT
 * Real receivers, each serving a request through sockets that systemfd opened: libsystemd's
 * reader, gunicorn, lighttpd, gpg-agent, dbus-daemon, the listenfd crate, and our own. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

static char *folder;
static struct process server; /* after a failed test, clean_up ends it */

static int set_up(void **state)
{
    (void)state;
    folder = folder_create();
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    if (server.output)
        process_discard(&server);
    folder_remove(folder);
    folder = NULL;
    return 0;
}

/* Starts a shell command in the folder. The command must exec systemfd. */
static void start(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void start(const char *format, ...)
{
    const char *argv[] = {"sh", "-c", NULL, NULL};
    char *command;
    va_list arguments;

    va_start(arguments, format);
    assert_true(vasprintf(&command, format, arguments) > 0);
    va_end(arguments);
    argv[2] = command;
    process_start(&server, &(struct launch){.argv = argv, .folder = folder});
    free(command);
}

/* Reads PORT from "~> socket http://127.0.0.1:PORT/ -> fd #3". */
static int read_port(void)
{
    const char *line = process_line_with(&server, "~> socket http://127.0.0.1:");

    return atoi(strrchr(line, ':') + 1);
}

static void wait_for_end(void)
{
    int status = process_wait(&server);

    if (status != 0)
        print_message("status %d:\n%s\n", status, server.text);
    assert_int_equal(status, 0);
    process_discard(&server);
}

static void stop(int signal_number)
{
    process_signal(&server, signal_number);
    wait_for_end();
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("expected '%s' in:\n%s\n", part, text);
    assert_non_null(strstr(text, part));
}

/* Sends the question, and returns all that the peer sends until it closes. Closes fd. */
static char *ask(int fd, const char *question)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char *answer = calloc(1, 8192);
    size_t length = 0;
    ssize_t got;

    assert_non_null(answer);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (*question)
        assert_int_equal(send(fd, question, strlen(question), MSG_NOSIGNAL), (int)strlen(question));
    while ((got = recv(fd, answer + length, 8191 - length, 0)) > 0)
        length += (size_t)got;
    assert_int_equal(got, 0);
    close(fd);
    return answer;
}

static void check_page(int fd, const char *path, const char *page)
{
    char request[128], *answer;

    snprintf(request, sizeof request, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
    answer = ask(fd, request);
    assert_memory_equal(answer, "HTTP/1.", 7);
    assert_has(answer, " 200 OK\r\n");
    assert_has(answer, page);
    free(answer);
}

static char *in_folder(const char *name)
{
    return path_in(folder, name);
}

static int is_there(const char *name)
{
    char *path = in_folder(name);
    int result = access(path, F_OK) == 0;

    free(path);
    return result;
}

/* ---- Our own: the probe reads nothing, so nothing is sent to it ---- */

static void test_probe(void **state)
{
    static const char *const rows[][2] = {
        {"tcp::0", "hello from unknown\n"},
        {"web=http::0", "hello from web\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *line;
        char *answer;
        start("exec systemfd -s %s -- probe tcp_listener index 0", rows[i][0]);
        line = process_line_with(&server, "socket 0 ");
        answer = ask(connect_port(atoi(strrchr(line, ':') + 1)), "");
        assert_string_equal(answer, rows[i][1]);
        free(answer);
        wait_for_end();
    }
}

static void check_probe_at_path(const char *type, int socket_type, const char *kind)
{
    char *path = in_folder("socket"), *answer;

    start("exec systemfd -s it=%s::./socket -- probe %s name it", type, kind);
    process_line_with(&server, "take ");
    answer = ask(connect_path(socket_type, path), "");
    assert_string_equal(answer, "hello from it\n");
    wait_for_end();
    free(answer);
    free(path);
}

static void test_probe_on_unix_sockets(void **state)
{
    (void)state;
    check_probe_at_path("unix", SOCK_STREAM, "unix_listener");
    check_probe_at_path("unix-seqpacket", SOCK_SEQPACKET, "unix_seqpacket_listener");
}

static void test_hello(void **state)
{
    char expected[64];
    int port;

    (void)state;
    start("exec systemfd -s http::0 -- hello");
    port = read_port();
    snprintf(expected, sizeof expected, "hello from process %ld\n", (long)server.pid);
    check_page(connect_port(port), "/", expected);
    check_page(connect_port(port), "/", expected);
    stop(SIGTERM);
}

static void test_control(void **state)
{
    char *path = in_folder("control"), *answer;
    int port;

    (void)state;
    start("exec systemfd -s control=./control,mode=600 -s http=http::0 -- control");
    port = read_port();
    check_page(connect_port(port), "/", "hello\n");
    answer = ask(connect_path(SOCK_STREAM, path), "count\n");
    assert_string_equal(answer, "1\n");
    free(answer);
    answer = ask(connect_path(SOCK_STREAM, path), "stop\n");
    assert_string_equal(answer, "stopping\n");
    free(answer);
    wait_for_end();
    assert_true(is_there("control")); /* the server must not remove the path of a passed socket */
    free(path);
}

/* ---- libsystemd, through python3-systemd ---- */

#define PYTHON "/usr/bin/python3"
#define READ_WITH_LIBSYSTEMD \
    PYTHON " -c 'import systemd.daemon as d; print(d.listen_fds_with_names())'"

static void check_libsystemd(const char *options, const char *expected)
{
    char *text = shell("cd %s && systemfd -q %s -- " READ_WITH_LIBSYSTEMD, folder, options);

    assert_string_equal(text, expected);
    free(text);
}

static void test_libsystemd(void **state)
{
    char *text;

    (void)state;
    if (shell_status(NULL, PYTHON " -c 'import systemd.daemon'") != 0)
        skip_because("python3-systemd is not installed");
    check_libsystemd("-s http=http::0 -s ctl=./ctl", "{3: 'http', 4: 'ctl'}\n");
    check_libsystemd("-s http::0 -s udp::0", "{3: 'unknown', 4: 'unknown'}\n");
    check_libsystemd("-s http::0 -s x=udp::0", "{3: 'unknown', 4: 'x'}\n");
    check_libsystemd("", "{}\n");
    text = shell("systemfd -qs a=0 -- systemfd -qs b=0 -- " READ_WITH_LIBSYSTEMD);
    assert_string_equal(text, "{3: 'a', 4: 'b'}\n");
    free(text);
    text = shell("cd %s && systemfd -q -s 0 -s unix-datagram::./d -s unix-seqpacket::./p -- " PYTHON
                 " -c 'import systemd.daemon as d, socket as s; d.listen_fds(); print("
                 "d.is_socket_inet(3, s.AF_INET, s.SOCK_STREAM, 1), "
                 "d.is_socket_unix(4, s.SOCK_DGRAM), d.is_socket_unix(5, s.SOCK_SEQPACKET, 1))'",
                 folder);
    assert_string_equal(text, "True True True\n");
    free(text);
}

/* ---- gunicorn ---- */

static void test_gunicorn(void **state)
{
    static const char app[] = "def app(environ, start):\n"
                              "    body = b'hello from gunicorn\\n'\n"
                              "    start('200 OK', [('Content-Length', str(len(body)))])\n"
                              "    return [body]\n";
    char *path = in_folder("app.py"), *socket_path = in_folder("socket");
    int port;

    (void)state;
    if (access("/usr/bin/gunicorn", X_OK) < 0) {
        free(path);
        free(socket_path);
        skip_because("gunicorn is not installed");
    }
    write_file(path, app);
    start("unset GUNICORN_CMD_ARGS; export PYTHONDONTWRITEBYTECODE=1 HOME=%s; "
          "exec systemfd -s http::0 -s ./socket -- /usr/bin/gunicorn --chdir %s --workers 1 "
          "--worker-tmp-dir %s --graceful-timeout 1 --bind unix:%s/fallback.sock app:app",
          folder, folder, folder, folder);
    port = read_port();
    check_page(connect_port(port), "/", "\r\n\r\nhello from gunicorn\n");
    check_page(connect_path(SOCK_STREAM, socket_path), "/", "\r\n\r\nhello from gunicorn\n");
    assert_false(is_there("fallback.sock"));
    stop(SIGTERM);
    free(path);
    free(socket_path);
}

/* ---- lighttpd ---- */

/* lighttpd looks for its own address among the passed ones, so the port must be known before. The
 * test holds the port until systemfd has it. This works as both set SO_REUSEADDR, and the test does
 * not listen. */
static void test_lighttpd(void **state)
{
    int reserved = idle_internet_stream("127.0.0.1"), port = port_of_socket(reserved), one = 1;
    char *path = in_folder("lighttpd.conf"), *page = in_folder("index.txt"), *text;

    (void)state;
    if (access("/usr/sbin/lighttpd", X_OK) < 0) {
        close(reserved);
        free(path);
        free(page);
        skip_because("lighttpd is not installed");
    }
    assert_int_equal(setsockopt(reserved, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    assert_true(asprintf(&text,
                         "server.systemd-socket-activation = \"enable\"\n"
                         "server.document-root = \"%s\"\n"
                         "server.bind = \"127.0.0.1\"\n"
                         "server.port = %d\n",
                         folder, port) > 0);
    write_file(path, text);
    write_file(page, "hello from lighttpd\n");
    start("exec systemfd -s http::%d -- /usr/sbin/lighttpd -D -f %s", port, path);
    assert_int_equal(read_port(), port);
    check_page(connect_port(port), "/index.txt", "\r\n\r\nhello from lighttpd\n");
    stop(SIGINT); /* after SIGTERM its status is 1 if a connection is still open */
    close(reserved);
    free(path);
    free(page);
    free(text);
}

/* ---- gpg-agent: four sockets, told apart by their names ---- */

/* Sends a line unless it is NULL, and reads the answer up to its last line, which is OK or ERR. */
static void converse(FILE *agent, const char *line, char *answer, size_t size)
{
    if (line)
        assert_true(fprintf(agent, "%s\n", line) > 0 && fflush(agent) == 0);
    do {
        assert_non_null(fgets(answer, (int)size, agent));
    } while (line && *answer == 'D');
}

static FILE *open_agent(const char *name)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char *path = in_folder(name);
    int fd = connect_path(SOCK_STREAM, path);
    FILE *agent;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    agent = fdopen(fd, "r+");
    assert_non_null(agent);
    free(path);
    return agent;
}

/* Clients of "extra" and "browser" are restricted. */
static void check_agent(const char *socket, const char *restricted)
{
    FILE *agent = open_agent(socket);
    char line[256];

    converse(agent, NULL, line, sizeof line);
    assert_memory_equal(line, "OK Pleased to meet you", 22);
    converse(agent, "GETINFO version", line, sizeof line);
    assert_memory_equal(line, "OK", 2);
    converse(agent, "GETINFO restricted", line, sizeof line);
    assert_memory_equal(line, restricted, strlen(restricted));
    fclose(agent);
}

static void test_gpg_agent(void **state)
{

    (void)state;
    if (access("/usr/bin/gpg-agent", X_OK) < 0)
        skip_because("gpg-agent is not installed");
    start("mkdir -m 700 home; export GNUPGHOME=%s/home; "
          "exec systemfd -s ssh=./ssh -s extra=./extra -s browser=./browser -s std=./std -- "
          "/usr/bin/gpg-agent --supervised --disable-scdaemon",
          folder);
    process_line_with(&server, "~> socket ./std (unix listener) -> fd #6");
    check_agent("std", "ERR");
    check_agent("extra", "OK");
    check_agent("browser", "OK");
    stop(SIGTERM);
}

/* ---- dbus-daemon ---- */

static void test_dbus_daemon(void **state)
{
    static const char conf[] =
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\"\n"
        " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n"
        "<busconfig>\n"
        "  <type>session</type>\n"
        "  <listen>unix:path=%s/fallback.sock</listen>\n"
        "  <auth>EXTERNAL</auth>\n"
        "  <policy context=\"default\">\n"
        "    <allow send_destination=\"*\" eavesdrop=\"true\"/>\n"
        "    <allow eavesdrop=\"true\"/>\n"
        "    <allow own=\"*\"/>\n"
        "  </policy>\n"
        "</busconfig>\n";
    char *path, *text;

    (void)state;
    if (!have_program("dbus-daemon") || !have_program("dbus-send"))
        skip_because("dbus-daemon or dbus-send is not installed");
    path = in_folder("bus.conf");
    assert_true(asprintf(&text, conf, folder) > 0);
    write_file(path, text);
    free(text);
    start("export HOME=%s; exec systemfd -s bus=./bus -- dbus-daemon --config-file=%s "
          "--address=systemd: --nofork --nopidfile --nosyslog --print-address",
          folder, path);
    process_line_with(&server, "~> socket ./bus (unix listener) -> fd #3");
    text = shell("dbus-send --bus=unix:path=%s/bus --print-reply --reply-timeout=%d "
                 "--dest=org.freedesktop.DBus / org.freedesktop.DBus.ListNames",
                 folder, DEADLINE_MS);
    assert_has(text, "string \"org.freedesktop.DBus\"");
    free(text);
    assert_false(is_there("fallback.sock"));
    process_line_with(&server, "unix:path="); /* the address that it prints */
    stop(SIGTERM);
    free(path);
}

/* ---- The listenfd crate, from Debian's package and without cargo ---- */

#define CRATES "/usr/share/cargo/registry"

static const char rust_program[] =
    "use std::io::{Read, Write};\n"
    "fn main() -> std::io::Result<()> {\n"
    "    let mut fds = listenfd::ListenFd::from_env();\n"
    "    let listener = fds.take_tcp_listener(0)?.expect(\"a listener\");\n"
    "    let unix = fds.take_unix_listener(1)?.expect(\"a unix listener\");\n"
    "    drop(unix);\n"
    "    let (mut peer, _) = listener.accept()?;\n"
    "    let mut request = Vec::new();\n"
    "    let mut part = [0u8; 1024];\n"
    "    while !request.windows(4).any(|w| w == b\"\\r\\n\\r\\n\") {\n"
    "        let n = peer.read(&mut part)?;\n"
    "        if n == 0 { break; }\n"
    "        request.extend_from_slice(&part[..n]);\n"
    "    }\n"
    "    peer.write_all(b\"HTTP/1.0 200 OK\\r\\n\\r\\nhello from rust\\n\")\n"
    "}\n";

static void build_rust(void)
{
    char *path = in_folder("receiver.rs");

    write_file(path, rust_program);
    free(path);
    free(
        shell("cd %s && compile='/usr/bin/rustc --cap-lints allow -L .' && configuration= && "
              "for one in freebsd11 libc_priv_mod_use libc_union libc_const_size_of libc_align "
              "libc_int128 libc_core_cvoid libc_packedN libc_cfg_target_vendor libc_non_exhaustive "
              "libc_ptr_addr_of libc_underscore_const_names libc_const_extern_fn; do "
              "configuration=\"$configuration --cfg $one\"; done && "
              "$compile --edition 2015 --crate-type rlib --crate-name libc $configuration "
              "--cfg 'feature=\"std\"' " CRATES "/libc-0.2.*/src/lib.rs && "
              "$compile --edition 2018 --crate-type rlib --crate-name listenfd "
              "--extern libc=liblibc.rlib " CRATES "/listenfd-1.*/src/lib.rs && "
              "$compile --edition 2018 --extern listenfd=liblistenfd.rlib receiver.rs",
              folder));
}

static void test_rust(void **state)
{

    (void)state;
    if (access("/usr/bin/rustc", X_OK) < 0 ||
        shell_status(NULL, "ls -d " CRATES "/listenfd-1.* " CRATES "/libc-0.2.*") != 0)
        skip_because("rustc or librust-listenfd-dev is not installed");
    build_rust();
    start("exec systemfd -s http::0 -s ./socket -- ./receiver");
    check_page(connect_port(read_port()), "/", "\r\n\r\nhello from rust\n");
    wait_for_end();
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, clean_up)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_probe),       IN_FOLDER(test_probe_on_unix_sockets),
        IN_FOLDER(test_hello),       IN_FOLDER(test_control),
        IN_FOLDER(test_libsystemd),  IN_FOLDER(test_gunicorn),
        IN_FOLDER(test_lighttpd),    IN_FOLDER(test_gpg_agent),
        IN_FOLDER(test_dbus_daemon), IN_FOLDER(test_rust),
    };

    return cmocka_run_group_tests(tests, find_programs, NULL);
}
