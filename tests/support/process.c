/* SPDX-License-Identifier: MIT */
#include "process.h"

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<sys/prctl.h>)
#include <sys/prctl.h>
#endif

static const char *const protocol[] = {"LISTEN_FDS",     "LISTEN_PID",          "LISTEN_PIDFDID",
                                       "LISTEN_FDNAMES", "LISTEN_FDS_FIRST_FD", "NOTIFY_SOCKET"};

static long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- In the child ---- */

static void die(const char *what)
{
    fprintf(stderr, "cannot start the program: %s: %s\n", what, strerror(errno));
    _exit(125);
}

/* Sets NAME=value, with the process ID in place of "$PID". */
static void set_variable(const char *assignment)
{
    const char *pid = strstr(assignment, "$PID");
    char *text = NULL;

    if (!pid)
        text = strdup(assignment);
    else if (asprintf(&text, "%.*s%ld%s", (int)(pid - assignment), assignment, (long)getpid(),
                      pid + 4) < 0)
        text = NULL;
    if (!text || putenv(text) != 0)
        die("environment");
}

static void lay_out_descriptors(const struct launch *launch)
{
    int first = launch->first ? launch->first : 3;
    int above = first + (int)launch->count + 64, limit = (int)sysconf(_SC_OPEN_MAX);
    int moved[launch->count + 1];

    for (size_t i = 0; i < launch->count; i++) /* first above all final numbers */
        if ((moved[i] = fcntl(launch->descriptors[i], F_DUPFD, above)) < 0)
            die("descriptor");
    for (size_t i = 0; i < launch->count; i++)
        if (dup2(moved[i], first + (int)i) < 0)
            die("descriptor");
    for (int fd = 3; fd < limit; fd++)
        if (fd < first || fd >= first + (int)launch->count)
            close(fd);
}

static void become(const struct launch *launch, int output)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* so that a suite that is killed leaves nothing */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        die("standard streams");
    lay_out_descriptors(launch);
    for (size_t i = 0; i < sizeof protocol / sizeof protocol[0]; i++)
        unsetenv(protocol[i]);
    for (size_t i = 0; launch->environ_ && launch->environ_[i]; i++)
        set_variable(launch->environ_[i]);
    if (launch->folder && chdir(launch->folder) < 0)
        die(launch->folder);
    execvp(launch->argv[0], (char *const *)(uintptr_t)launch->argv);
    die(launch->argv[0]);
}

/* ---- In the test ---- */

char *build_folder(void)
{
    char *path = realpath(getenv("BUILD") ? getenv("BUILD") : "build", NULL);

    assert_non_null(path);
    return path;
}

int find_programs(void **state)
{
    char *build = build_folder(), *path;
    char *self = realpath("/proc/self/exe", NULL);

    (void)state;
    assert_true(asprintf(&path, "%s/tests:%s/tests/support:%s/tests/load:%s/examples:%s", build,
                         build, build, build, getenv("PATH")) > 0);
    setenv("PATH", path, 1);
    setenv("SELF", self, 1);
    setenv("ASAN_OPTIONS", "exitcode=99", 0); /* because systemfd uses 1 and 2 */
    unsetenv("NO_COLOR");
    free(path);
    free(build);
    free(self);
    return 0;
}

void process_start(struct process *process, const struct launch *launch)
{
    int ends[2];

    memset(process, 0, sizeof *process);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    process->pid = fork();
    assert_true(process->pid >= 0);
    if (process->pid == 0)
        become(launch, ends[1]);
    setpgid(process->pid, process->pid); /* in both, as either may run first */
    close(ends[1]);
    process->output = ends[0];
}

/* Uses printf, because cmocka's print_message cuts the text after 1024 bytes. */
void show_text(const char *text)
{
    printf("%s\n", text ? text : "");
    fflush(stdout);
}

/* Reads some more output. Returns 0 at its end. */
static int read_more(struct process *process, long long deadline)
{
    struct pollfd ready = {.fd = process->output, .events = POLLIN};
    long long left = deadline - now_ms();
    ssize_t got;

    if (poll(&ready, 1, left > 0 ? (int)left : 0) <= 0) {
        print_message("no more output in time, after:\n");
        show_text(process->text);
        fail();
    }
    process->text = realloc(process->text, process->length + 65537);
    assert_non_null(process->text);
    got = read(process->output, process->text + process->length, 65536);
    if (got <= 0)
        got = 0;
    process->length += (size_t)got;
    process->text[process->length] = '\0';
    return got > 0;
}

const char *process_line(struct process *process)
{
    static char *line;
    long long deadline = now_ms() + DEADLINE_MS;
    const char *newline;

    while (!process->text || !strchr(process->text + process->consumed, '\n'))
        if (!read_more(process, deadline))
            return NULL;
    newline = strchr(process->text + process->consumed, '\n');
    free(line);
    line = strndup(process->text + process->consumed,
                   (size_t)(newline - process->text) - process->consumed);
    process->consumed = (size_t)(newline - process->text) + 1;
    return line;
}

const char *process_line_with(struct process *process, const char *beginning)
{
    const char *line;

    while ((line = process_line(process)) != NULL)
        if (strncmp(line, beginning, strlen(beginning)) == 0)
            return line;
    print_message("no line begins with '%s' in:\n", beginning);
    show_text(process->text);
    fail();
    return NULL;
}

int process_wait(struct process *process)
{
    long long deadline = now_ms() + DEADLINE_MS;
    int status;

    while (read_more(process, deadline)) {
    }
    assert_int_equal(waitpid(process->pid, &status, 0), process->pid);
    kill(-process->pid, SIGKILL);
    process->pid = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void process_signal(const struct process *process, int number)
{
    assert_int_equal(kill(process->pid, number), 0);
}

void process_discard(struct process *process)
{
    if (process->pid > 0) {
        kill(-process->pid, SIGKILL);
        waitpid(process->pid, NULL, 0);
    }
    close(process->output);
    free(process->text);
    memset(process, 0, sizeof *process);
}

static int run_shell(char **output, const char *command)
{
    const char *argv[] = {"sh", "-c", command, NULL};
    struct process process;
    int status;

    process_start(&process, &(struct launch){.argv = argv});
    status = process_wait(&process);
    *output = strdup(process.text ? process.text : "");
    process_discard(&process);
    return status;
}

int shell_status(char **output, const char *format, ...)
{
    char *command, *text;
    va_list arguments;
    int status;

    va_start(arguments, format);
    assert_true(vasprintf(&command, format, arguments) >= 0);
    va_end(arguments);
    status = run_shell(&text, command);
    free(command);
    if (output)
        *output = text;
    else
        free(text);
    return status;
}

char *shell(const char *format, ...)
{
    char *command, *text;
    va_list arguments;
    int status;

    va_start(arguments, format);
    assert_true(vasprintf(&command, format, arguments) >= 0);
    va_end(arguments);
    status = run_shell(&text, command);
    if (status != 0) {
        print_message("exit status %d of: %s\n", status, command);
        show_text(text);
        fail();
    }
    free(command);
    return text;
}

int have_program(const char *name)
{
    return shell_status(NULL, "command -v '%s'", name) == 0;
}
