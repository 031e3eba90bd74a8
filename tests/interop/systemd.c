/* SPDX-License-Identifier: MIT
 * The real systemd passes sockets from .socket units to the probe and to the examples. Each
 * test boots a throwaway system: boot-systemd says how.
 *
 * Inside that system, this program is run again as the peer, `systemd client STEP WHERE ...`.
 * A probe is started by the traffic of a step, prints into the FIFO /run/probe, and the client
 * copies that and the answer to its own output, which is what the tests look at. */
#include "folder.h"
#include "process.h"
#include "sockets.h"
#include "test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- The client, inside the booted system ---- */

static int dial_tcp(const char *port)
{
    return connect_port(atoi(port));
}

static int dial_udp(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static int dial_unix(const char *path)
{
    return connect_path(SOCK_STREAM, path);
}

static int dial_seqpacket(const char *path)
{
    return connect_path(SOCK_SEQPACKET, path);
}

static int dial_datagram(const char *path)
{
    struct sockaddr_un any = {.sun_family = AF_UNIX}; /* some address for the answer */
    int fd = connect_path(SOCK_DGRAM, path);

    assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof any.sun_family), 0);
    return fd;
}

static int dial_fifo(const char *path)
{
    return open(path, O_WRONLY | O_CLOEXEC);
}

static const struct step {
    const char *name;
    int (*dial)(const char *where);
    const char *text; /* what is sent */
    int to_probe;     /* which prints first, and answers when it has taken the socket */
} steps[] = {
    {"tcp", dial_tcp, "", 1},
    {"udp", dial_udp, "x", 1},
    {"unix", dial_unix, "", 1},
    {"seqpacket", dial_seqpacket, "", 1},
    {"datagram", dial_datagram, "x", 1},
    {"fifo", dial_fifo, "x", 1},
    {"http", dial_tcp, "GET / HTTP/1.1\r\n\r\n", 0},
    {"count", dial_unix, "count\n", 0},
};

static const struct step *find_step(const char *name)
{
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (strcmp(steps[i].name, name) == 0)
            return &steps[i];
    fail_msg("there is no step '%s'", name);
    return NULL;
}

/* Copies what a probe prints, up to what came of the take; tells whether it is served now. */
static int copy_from_probe(FILE *probe)
{
    char line[1024];

    while (fgets(line, sizeof line, probe)) {
        fputs(line, stdout);
        if (strncmp(line, "take ", 5) == 0)
            break;
    }
    if (strcmp(line + strlen(line) - 3, " 1\n") == 0)
        return 1;
    fputs(fgets(line, sizeof line, probe), stdout); /* the reason */
    return 0;
}

/* A whole stream, or one message. */
static void print_answer(int fd)
{
    char answer[1024];
    ssize_t got = recv(fd, answer, sizeof answer - 1, MSG_WAITALL);

    answer[got > 0 ? got : 0] = '\0';
    printf("answer %s", got >= 0 ? answer : "(none)\n");
}

static void run_step(const struct step *step, const char *where, FILE *probe)
{
    int fd = step->dial(where);

    assert_true(fd >= 0);
    if (*step->text)
        assert_int_equal(write(fd, step->text, strlen(step->text)), (int)strlen(step->text));
    if (!step->to_probe || copy_from_probe(probe))
        print_answer(fd);
    close(fd);
}

static int client(char **arguments)
{
    FILE *probe;

    assert_int_equal(mkfifo("/run/probe", 0600), 0);
    probe = fopen("/run/probe", "r+"); /* both ends, so that it never ends */
    assert_non_null(probe);
    for (; arguments[0] && arguments[1]; arguments += 2)
        run_step(find_step(arguments[0]), arguments[1], probe);
    fclose(probe);
    return 0;
}

/* ---- The system, seen from the test ---- */

struct machine {
    char *units; /* the folder */
    struct process process;
};

/* Gives the machine a program of the build folder. */
static void link_program(const struct machine *machine, const char *name, const char *built)
{
    char *folder = build_folder(), *path = path_in(machine->units, name);
    char *target;

    target = path_in(folder, built);
    assert_int_equal(symlink(target, path), 0);
    free(target);
    free(path);
    free(folder);
}

static int build_machine(void **state)
{
    struct machine *machine = calloc(1, sizeof *machine);

    assert_non_null(machine);
    machine->units = folder_create();
    link_program(machine, "probe", "tests/support/probe");
    link_program(machine, "client", "tests/interop/systemd");
    link_program(machine, "hello", "examples/hello");
    link_program(machine, "control", "examples/control");
    *state = machine;
    return 0;
}

static int scrap_machine(void **state)
{
    struct machine *machine = *state;

    if (machine->process.output > 0)
        process_discard(&machine->process);
    folder_remove(machine->units);
    free(machine);
    return 0;
}

/* A section of a unit's file, each line with that beginning. */
static void write_unit(const struct machine *machine, const char *name, const char *section,
                       const char *beginning, const char *const *lines)
{
    char *path = path_in(machine->units, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "%s\n", section);
    for (; *lines; lines++)
        fprintf(file, "%s%s\n", beginning, *lines);
    assert_int_equal(fclose(file), 0);
    free(path);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

#define SOCKET(name, ...) write_unit(*state, name, "[Socket]", "", LINES(__VA_ARGS__))

/* A service that runs these commands one after the other, each with all the sockets. */
#define SERVICE(name, ...) \
    write_unit(*state, name, PRINTING, "ExecStart=/run/boot/units/", LINES(__VA_ARGS__))
#define PRINTING "[Service]\nType=oneshot\nStandardOutput=file:/run/probe"

/* Boots, runs the client's steps, and waits for the end: the output can then be read. */
static struct process *boot(struct machine *machine, const char *const *client_steps)
{
    const char *argv[16] = {"tests/interop/boot-systemd", machine->units, "/run/boot/units/client",
                            "client"};
    const char *const variables[] = {"BOOT_TIMEOUT=15", NULL}; /* before our own deadline */
    struct process *process = &machine->process;
    int status;

    for (size_t i = 0; client_steps[i]; i++)
        argv[4 + i] = client_steps[i];
    process_start(process, &(struct launch){.argv = argv, .environ_ = variables});
    status = process_wait(process);
    if (status == 77)
        skip_because("%s", process_line(process));
    if (status != 0)
        fail_msg("exit status %d, after:\n%s", status, process->text ? process->text : "");
    return process;
}

#define BOOT(...) boot(*state, LINES(__VA_ARGS__))

/* These lines come in this order, others may be between them. */
static void expect_lines(struct process *process, const char *const *lines)
{
    for (; *lines; lines++)
        assert_string_equal(process_line_with(process, *lines), *lines);
}

#define EXPECT(process, ...) expect_lines(process, LINES(__VA_ARGS__))

/* ---- Tests ---- */

static void test_by_index(void **state)
{
    struct process *process;

    SOCKET("web.socket", "ListenStream=127.0.0.1:8080", "ListenStream=/run/web.sock",
           "ListenDatagram=127.0.0.1:8081", "ListenDatagram=/run/log.sock");
    SERVICE("web.service", "probe tcp_listener index 0", "probe unix_listener index 1",
            "probe udp_socket index 2", "probe unix_datagram index 3");
    process =
        BOOT("tcp", "8080", "unix", "/run/web.sock", "udp", "8081", "datagram", "/run/log.sock");
    EXPECT(process, "status 1", "message ", "variables none",
           "socket 0 fd 3 name 'web.socket' cloexec tcp listener 127.0.0.1:8080",
           "socket 1 fd 4 name 'web.socket' cloexec unix listener /run/web.sock",
           "socket 2 fd 5 name 'web.socket' cloexec udp socket 127.0.0.1:8081",
           "socket 3 fd 6 name 'web.socket' cloexec unix datagram /run/log.sock", "others none",
           "take tcp_listener 1", "answer hello from web.socket");
    EXPECT(process, "status 1", "take unix_listener 1", "answer hello from web.socket");
    EXPECT(process, "status 1", "take udp_socket 1", "answer hello from web.socket");
    EXPECT(process, "status 1", "take unix_datagram 1", "answer hello from web.socket");
}

/* The order in which systemd passes the sockets of two units is nowhere promised. */
static void test_by_name(void **state)
{
    struct process *process;

    SOCKET("web.socket", "ListenStream=127.0.0.1:8080", "FileDescriptorName=web",
           "Service=app.service");
    SOCKET("admin.socket", "ListenStream=/run/admin", "FileDescriptorName=admin",
           "Service=app.service");
    SERVICE("app.service", "probe tcp_listener name web", "probe unix_listener name admin",
            "probe tcp_listener name missing");
    process = BOOT("tcp", "8080", "unix", "/run/admin", "tcp", "8080");
    EXPECT(process, "status 1", "variables none", "others none", "take tcp_listener 1",
           "answer hello from web");
    EXPECT(process, "status 1", "take unix_listener 1", "answer hello from admin");
    EXPECT(process, "status 1", "take tcp_listener 0",
           "none of the 2 sockets passed is named 'missing' and untaken");
}

static void test_by_address(void **state)
{
    struct process *process;

    SOCKET("web.socket", "ListenStream=/run/web.sock", "ListenStream=@web", "ListenStream=8081",
           "ListenStream=127.0.0.1:8080");
    SERVICE("web.service", "probe tcp_listener address 127.0.0.1:8080",
            "probe tcp_listener address :8081", "probe unix_listener address /var/run/web.sock",
            "probe unix_listener address @web");
    process = BOOT("tcp", "8080", "tcp", "8081", "unix", "/run/web.sock", "unix", "@web");
    for (int i = 0; i < 4; i++)
        EXPECT(process, "status 1", i < 2 ? "take tcp_listener 1" : "take unix_listener 1",
               "answer hello from web.socket");
}

/* Accept=yes: one process per connection, which is what it gets. */
static void test_accepted_tcp(void **state)
{
    struct process *process;

    SOCKET("net.socket", "ListenStream=127.0.0.1:8080", "Accept=yes");
    SERVICE("net@.service", "probe tcp_stream index 0");
    process = BOOT("tcp", "8080", "tcp", "8080");
    for (int i = 0; i < 2; i++) {
        EXPECT(process, "status 1", "variables none");
        process_line_with(process,
                          "socket 0 fd 3 name 'connection' cloexec tcp stream from 127.0.0.1:");
        EXPECT(process, "others none", "take tcp_stream 1", "answer hello from connection");
    }
}

static void test_accepted_unix(void **state)
{
    struct process *process;

    SOCKET("local.socket", "ListenStream=/run/local", "Accept=yes");
    SERVICE("local@.service", "probe unix_stream name connection");
    process = BOOT("unix", "/run/local", "unix", "/run/local");
    for (int i = 0; i < 2; i++) {
        EXPECT(process, "status 1", "variables none");
        process_line_with(process, "socket 0 fd 3 name 'connection' cloexec unix stream");
        EXPECT(process, "others none", "take unix_stream 1", "answer hello from connection");
    }
}

static void test_seqpacket_and_fifo(void **state)
{
    struct process *process;

    SOCKET("seq.socket", "ListenSequentialPacket=/run/seq");
    SERVICE("seq.service", "probe unix_seqpacket_listener index 0");
    SOCKET("pipe.socket", "ListenFIFO=/run/pipe");
    SERVICE("pipe.service", "probe raw index 0");
    process = BOOT("seqpacket", "/run/seq", "fifo", "/run/pipe");
    EXPECT(process, "socket 0 fd 3 name 'seq.socket' cloexec unix seqpacket listener /run/seq",
           "others none", "take unix_seqpacket_listener 1", "answer hello from seq.socket");
    EXPECT(process, "socket 0 fd 3 name 'pipe.socket' cloexec fifo", "others none", "take raw 1");
}

/* The sockets are for the process that systemd started. A shell that does not exec is it. */
static void test_shell_in_between(void **state)
{
    struct process *process;
    long shell_pid, meant, own;

    SOCKET("web.socket", "ListenStream=127.0.0.1:8080");
    write_unit(*state, "web.service", PRINTING, "ExecStart=",
               LINES("sh -c 'echo shell $$$$; /run/boot/units/probe tcp_listener index 0; "
                     "exit $$?'"));
    process = BOOT("tcp", "8080");
    shell_pid = atol(process_line_with(process, "shell ") + 6);
    EXPECT(process, "status 2");
    assert_int_equal(sscanf(process_line_with(process, "message "),
                            "message LISTEN_PID is %ld but this process is %ld:", &meant, &own),
                     2);
    assert_int_equal(meant, shell_pid);
    assert_int_not_equal(own, shell_pid);
    EXPECT(process, "variables none", "others 3", "take tcp_listener 0");
}

static void test_hello(void **state)
{
    struct process *process;

    SOCKET("hello.socket", "ListenStream=127.0.0.1:8080");
    SERVICE("hello.service", "hello");
    process = BOOT("http", "8080", "http", "8080");
    for (int i = 0; i < 2; i++) {
        process_line_with(process, "answer HTTP/1.1 200 OK");
        process_line_with(process, "hello from process ");
    }
}

static void test_control(void **state)
{
    struct process *process;

    SOCKET("http.socket", "ListenStream=127.0.0.1:8080", "FileDescriptorName=http",
           "Service=control.service");
    SOCKET("control.socket", "ListenStream=/run/control", "FileDescriptorName=control");
    SERVICE("control.service", "control");
    process = BOOT("http", "8080", "count", "/run/control");
    process_line_with(process, "answer HTTP/1.1 200 OK");
    EXPECT(process, "hello", "answer 1");
}

#define BOOTED(test) cmocka_unit_test_setup_teardown(test, build_machine, scrap_machine)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        BOOTED(test_by_index),         BOOTED(test_by_name),       BOOTED(test_by_address),
        BOOTED(test_accepted_tcp),     BOOTED(test_accepted_unix), BOOTED(test_seqpacket_and_fifo),
        BOOTED(test_shell_in_between), BOOTED(test_hello),         BOOTED(test_control),
    };

    if (argc > 1 && strcmp(argv[1], "client") == 0)
        return client(argv + 2);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
