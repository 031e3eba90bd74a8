/* SPDX-License-Identifier: MIT */
#include "devserver.h"

#include "folder.h"
#include "sockets.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct process systemfd;
char *project;
int ports[8];

static char *folder; /* contains the project's folder */

/* ---- Waiting ---- */

long long now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void look_again(long long deadline, const char *condition)
{
    if (now_ms() > deadline) {
        print_message("not in time: %s\n", condition);
        show_text(systemfd.text);
        fail();
    }
    poll(NULL, 0, 5);
}

/* ---- Processes ---- */

struct entry {
    int pid, parent, group;
    char state;
    int is_guardian;
};

/* Field 2 of /proc/PID/stat is the name, in parentheses, and may itself contain some (proc(5)). */
static int read_entry(const char *pid, struct entry *entry)
{
    char path[300], line[1024] = "";
    const char *behind_name;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (!fgets(line, sizeof line, file))
        *line = '\0';
    fclose(file);
    behind_name = strrchr(line, ')');
    entry->pid = atoi(pid);
    entry->is_guardian = strstr(line, " (guardian) ") != NULL;
    return behind_name &&
           sscanf(behind_name, ") %c %d %d", &entry->state, &entry->parent, &entry->group) == 3;
}

static int lives(const struct entry *entry)
{
    return entry->state != 'Z' && entry->state != 'X';
}

static int is_child(const struct entry *entry, pid_t parent)
{
    return lives(entry) && entry->parent == parent && !entry->is_guardian;
}

static int is_member(const struct entry *entry, pid_t group)
{
    return lives(entry) && entry->group == group;
}

static int is_zombie(const struct entry *entry, pid_t parent)
{
    return entry->state == 'Z' && entry->parent == parent;
}

/* Counts the processes that match. Unless found is NULL, *found becomes one of them. */
static size_t count_entries(int (*matches)(const struct entry *, pid_t), pid_t of, pid_t *found)
{
    DIR *listing = opendir("/proc");
    struct dirent *name;
    struct entry entry;
    size_t count = 0;

    assert_non_null(listing);
    while ((name = readdir(listing)) != NULL)
        if (*name->d_name >= '1' && *name->d_name <= '9' && read_entry(name->d_name, &entry) &&
            matches(&entry, of)) {
            count++;
            if (found)
                *found = entry.pid;
        }
    closedir(listing);
    return count;
}

size_t children_of(pid_t parent)
{
    return count_entries(is_child, parent, NULL);
}

size_t members_of(pid_t group)
{
    return count_entries(is_member, group, NULL);
}

size_t zombies_of(pid_t parent)
{
    return count_entries(is_zombie, parent, NULL);
}

long processor_time_ms(pid_t pid)
{
    char *times = shell("cut -d' ' -f14,15 /proc/%ld/stat", (long)pid), *second;
    long ticks = strtol(times, &second, 10);

    ticks += strtol(second, NULL, 10);
    free(times);
    return ticks * 1000 / sysconf(_SC_CLK_TCK);
}

static void kill_orphans(void)
{
    pid_t orphan;

    while (count_entries(is_child, getpid(), &orphan) > 0) {
        kill(orphan, SIGKILL);
        waitpid(orphan, NULL, 0);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

/* ---- Before and after ---- */

int find_programs_and_orphans(void **state)
{
    find_programs(state);
    return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int create_project(void **state)
{
    (void)state;
    folder = folder_create();
    project = path_in(folder, "project");
    return mkdir(project, 0755);
}

int remove_project(void **state)
{
    int mistakes = systemfd.text && strstr(systemfd.text, "Sanitizer") != NULL;

    (void)state;
    if (mistakes)
        show_text(systemfd.text);
    if (systemfd.text || systemfd.pid)
        process_discard(&systemfd);
    kill_orphans();
    free(project);
    folder_remove(folder);
    project = folder = NULL;
    return mistakes;
}

static size_t count_sockets(const char *const *argv)
{
    size_t count = 0;

    for (; *argv && strcmp(*argv, "--") != 0; argv++)
        count += strcmp(*argv, "-s") == 0;
    return count;
}

/* Turns off leak detection: a launcher need not free its memory at the end. */
void start_systemfd(const char *const *argv)
{
    static const char *const variables[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    size_t count = count_sockets(argv);

    memset(ports, 0, sizeof ports);
    process_start(&systemfd,
                  &(struct launch){.argv = argv, .environ_ = variables, .folder = project});
    for (size_t i = 0; i < count; i++) {
        const char *line = expect("~> socket "), *port = strstr(line, "://127.0.0.1:");
        ports[i] = port ? atoi(port + strlen("://127.0.0.1:")) : 0;
    }
}

/* ---- Its output ---- */

/* The deadline is for all lines together, as a server that is restarted again and again prints
 * without end. */
const char *expect(const char *beginning)
{
    long long deadline = now_ms() + DEADLINE_MS;
    const char *line;

    while ((line = process_line(&systemfd)) != NULL && now_ms() < deadline)
        if (strncmp(line, beginning, strlen(beginning)) == 0)
            return line;
    print_message("no line begins with '%s' in:\n", beginning);
    show_text(systemfd.text);
    fail();
    return NULL;
}

pid_t expect_ready(unsigned generation)
{
    char beginning[64];
    const char *text;
    pid_t pid, group;

    snprintf(beginning, sizeof beginning, "~> server %u is ready after ", generation);
    text = strstr(expect(beginning), "(process ");
    assert_non_null(text);
    pid = (pid_t)atol(text + strlen("(process "));
    group = getpgid(pid);
    return group > 0 ? group : pid;
}

size_t count_lines(const char *beginning)
{
    size_t count = 0;

    for (const char *line = systemfd.text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    }
    return count;
}

/* ---- Its answers ---- */

int begin_request(int port, const char *path)
{
    int fd = connect_port(port);
    char request[512];

    snprintf(request, sizeof request,
             "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
    return fd;
}

char *finish_request(int fd)
{
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};
    char *answer = calloc(1, 1 << 18);
    size_t length = 0;
    ssize_t got;

    assert_non_null(answer);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while ((got = recv(fd, answer + length, (1 << 18) - 1 - length, 0)) > 0)
        length += (size_t)got;
    assert_false(got < 0 && errno == EAGAIN);
    close(fd);
    return answer;
}

char *ask(int port, const char *path)
{
    return finish_request(begin_request(port, path));
}

int answers(int port, const char *word)
{
    char *answer = ask(port, "/"), *body = strstr(answer, "\r\n\r\n");
    size_t length = strlen(word);
    int found = body && strncmp(body + 4, word, length) == 0 && body[4 + length] == ' ';

    free(answer);
    return found;
}

void assert_answers(int port, const char *word)
{
    char *answer = ask(port, "/"), *body = strstr(answer, "\r\n\r\n");

    if (!body || strncmp(body + 4, word, strlen(word)) != 0) {
        print_message("expected '%s' in: %s\n", word, answer);
        fail();
    }
    free(answer);
}

/* ---- Files ---- */

void put(const char *name, const char *content)
{
    char *path = path_in(project, name);

    write_file(path, content);
    free(path);
}

void in_project(const char *format, ...)
{
    va_list arguments;
    char *command;

    va_start(arguments, format);
    assert_true(vasprintf(&command, format, arguments) > 0);
    va_end(arguments);
    free(shell("cd %s && { %s; }", project, command));
    free(command);
}

size_t lines_of(const char *name)
{
    char *path = path_in(project, name);
    FILE *file = fopen(path, "r");
    size_t count = 0;
    int character;

    while (file && (character = getc(file)) != EOF)
        count += character == '\n';
    if (file)
        fclose(file);
    free(path);
    return count;
}

/* ---- Its end ---- */

/* Leaves it a zombie. */
static int look_at_end(siginfo_t *information)
{
    memset(information, 0, sizeof *information);
    return waitid(P_PID, (id_t)systemfd.pid, information, WEXITED | WNOWAIT | WNOHANG) == 0 &&
           information->si_pid == systemfd.pid;
}

int systemfd_has_ended(void)
{
    siginfo_t information;

    return look_at_end(&information);
}

static void assert_ends(int how, int status)
{
    siginfo_t information;

    WAIT_UNTIL(look_at_end(&information));
    /* Its orphans are our children now. If systemfd ends right after its start, the guardian may
     * live a moment longer, and may not have its own name yet. */
    WAIT_UNTIL(children_of(getpid()) == 0);
    assert_int_equal(information.si_status, status);
    assert_int_equal(information.si_code, how);
    process_wait(&systemfd);
}

void assert_exits(int status)
{
    assert_ends(CLD_EXITED, status);
}

void assert_dies_of(int signal)
{
    assert_ends(CLD_KILLED, signal);
}

void assert_refused(const char *command, const char *sentence)
{
    char *text;
    int status = shell_status(&text, "cd '%s' && %s", project, command);

    if (status != 2 || !strstr(text, sentence))
        print_message("%s\nstatus %d: %s\n", command, status, text);
    assert_int_equal(status, 2);
    assert_non_null(strstr(text, sentence));
    free(text);
}
