/* SPDX-License-Identifier: MIT */
#include "devserver/child.h"

#include "devserver/cycle.h"
#include "events.h"
#include "exit_code.h"
#include "notify.h"
#include "serve_sockets.h"
#include "pipes.h"
#include "program.h"
#include "start_error.h"
#include "system_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The process that was started. It is freed when it has both ended and been forgotten. */
struct leader {
    struct source source; /* posted when it has ended */
    HANDLE process, wait; /* NULL: it could not be started */
    long id;
    DWORD code; /* its exit code; known from the beginning if it could not be started */
    int ended, forgotten;
};

/* "KILL", "SIGKILL", in capitals or not. */
static int is_signal(const char *given, const char *name)
{
    return strcasecmp(strncasecmp(given, "SIG", 3) == 0 ? given + 3 : given, name) == 0;
}

void child_check_stop_signal(const char *name)
{
    if (!is_signal(name, "BREAK") && !is_signal(name, "KILL"))
        die(EXIT_USAGE,
            "--stop-signal '%s' does not exist on Windows; expected BREAK (Ctrl-Break), or KILL",
            name);
}

/* ---- Its end ---- */

static void discard(struct leader *leader)
{
    if (leader->wait)
        UnregisterWait(leader->wait);
    if (leader->process)
        CloseHandle(leader->process);
    free(leader);
}

static void leader_ended(struct source *source, DWORD unused, int ok)
{
    struct leader *leader = (struct leader *)source;
    struct exit_status how;

    (void)unused;
    (void)ok;
    if (leader->process)
        GetExitCodeProcess(leader->process, &leader->code);
    describe_exit(leader->code, &how);
    leader->ended = 1;
    if (leader->forgotten)
        discard(leader);
    else
        cycle_child_ended(leader->id, &how);
}

/* Runs in a thread of the system. */
static void CALLBACK post_end(void *leader, BOOLEAN timed_out)
{
    (void)timed_out;
    events_post(leader, 0);
}

/* ---- Starting ---- */

static HANDLE create_job(void)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    HANDLE job = CreateJobObjectW(NULL, NULL);

    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    return job;
}

/* The process inherits these handles and no others: the output of one server must not stay open in
 * another. It begins suspended, so that it is in its job before it starts processes of its own. */
static int create_process(const struct program *program, HANDLE *streams,
                          PROCESS_INFORMATION *process)
{
    const DWORD flags = CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED | EXTENDED_STARTUPINFO_PRESENT;
    STARTUPINFOEXW startup = {.StartupInfo = {.cb = sizeof startup}};
    SIZE_T size = 0, count = streams[2] == streams[1] ? 2 : 3;
    int created;

    InitializeProcThreadAttributeList(NULL, 1, 0, &size);
    startup.lpAttributeList = malloc(size);
    if (!startup.lpAttributeList ||
        !InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &size))
        die(EXIT_CANNOT_OPEN, "out of memory");
    UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST,
                              streams, count * sizeof *streams, NULL, NULL);
    startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    startup.StartupInfo.hStdInput = streams[0];
    startup.StartupInfo.hStdOutput = streams[1];
    startup.StartupInfo.hStdError = streams[2];
    created = CreateProcessW(program->path, program->line, NULL, NULL, TRUE, flags, NULL, NULL,
                             &startup.StartupInfo, process);
    DeleteProcThreadAttributeList(startup.lpAttributeList);
    free(startup.lpAttributeList);
    return created;
}

/* Puts the process into its job and lets it run. Returns 0 with GetLastError() on failure. */
static int let_go(struct child *child, const PROCESS_INFORMATION *process)
{
    struct leader *leader = child->leader;
    int done = AssignProcessToJobObject(child->job, process->hProcess) &&
               RegisterWaitForSingleObject(&leader->wait, process->hProcess, post_end, leader,
                                           INFINITE, WT_EXECUTEONLYONCE);

    DWORD error = GetLastError();

    leader->process = process->hProcess;
    if (done) {
        child->id = leader->id = (long)process->dwProcessId;
        ResumeThread(process->hThread);
    } else {
        TerminateProcess(process->hProcess, 1);
    }
    CloseHandle(process->hThread);
    SetLastError(error);
    return done;
}

/* Reports the failure as the end of a leader that was started, as on other systems. */
static void fail_at_once(struct child *child, const char *command, DWORD error, struct tail *tail)
{
    static long failures;
    struct leader *leader = child->leader;
    char message[1024];

    leader->code = (DWORD)describe_start_error(command, error, message, sizeof message);
    report_error(message);
    tail_add(tail, "systemfd: ", strlen("systemfd: "));
    tail_add(tail, message, strlen(message));
    tail_add(tail, "\n", 1);
    child->id = leader->id = --failures; /* no process has a negative ID */
    events_post(&leader->source, 0);
}

/* Starts the command, or if that is NULL, the shell command. Returns 0 with GetLastError() when it
 * should be tried again later. */
static int start_with(struct child *child, char **command, const char *shell_command,
                      HANDLE *streams, struct tail *tail)
{
    struct program program = {0};
    PROCESS_INFORMATION process;
    int started;
    DWORD error;

    if (!command)
        program_of_shell(shell_command, &program);
    started = (!command || program_find(command, &program)) &&
              create_process(&program, streams, &process);
    error = GetLastError();
    program_free(&program);
    if (started)
        return let_go(child, &process);
    if (may_pass_by(error)) {
        SetLastError(error);
        return 0;
    }
    fail_at_once(child, command ? command[0] : "cmd.exe", error, tail);
    return 1;
}

static HANDLE open_nothing(void)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};

    return CreateFileA("NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, &inheritable,
                       OPEN_EXISTING, 0, NULL);
}

/* If both of our streams are consoles, the child has one pipe for both, to keep the order. */
static int is_one_stream(void)
{
    DWORD mode;

    return GetConsoleMode(GetStdHandle(STD_OUTPUT_HANDLE), &mode) &&
           GetConsoleMode(GetStdHandle(STD_ERROR_HANDLE), &mode);
}

static int start(struct child *child, const char *what, char **command, const char *shell_command,
                 struct tail *tail)
{
    struct leader *leader = calloc(1, sizeof *leader);
    HANDLE streams[3] = {open_nothing(), NULL, pipe_open(STD_ERROR_HANDLE, tail)};
    int started;

    memset(child, 0, sizeof *child);
    streams[1] = is_one_stream() ? streams[2] : pipe_open(STD_OUTPUT_HANDLE, tail);
    child->leader = leader;
    child->job = create_job();
    if (leader)
        leader->source.told = leader_ended;
    started = leader && child->job && streams[1] && streams[2] &&
              start_with(child, command, shell_command, streams, tail);
    if (!started) {
        report("cannot start %s: %s", what, system_error(GetLastError()));
        child_forget(child);
    }
    CloseHandle(streams[0]);
    CloseHandle(streams[1]);
    if (streams[2] != streams[1])
        CloseHandle(streams[2]);
    return started;
}

static void set_variables(const struct variable *variables, int present)
{
    for (; variables && variables->name; variables++)
        SetEnvironmentVariableA(variables->name, present ? variables->value : NULL);
}

int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, const struct variable *variables,
                       unsigned generation, struct tail *tail)
{
    struct notify *notify = notify_open();
    int started;

    (void)sockets; /* the server asks for them itself */
    (void)generation;
    set_server_variables();
    SetEnvironmentVariableA("NOTIFY_SOCKET", notify ? notify_name(notify) : NULL);
    set_variables(variables, 1);
    started = start(child, "the server", options->command, NULL, tail);
    set_variables(variables, 0);
    SetEnvironmentVariableA("NOTIFY_SOCKET", NULL);
    remove_server_variables();
    if (started && notify)
        notify_follow(notify, child->job, (DWORD)child->id);
    if (started)
        child->notify = notify;
    else
        notify_close(notify);
    return started;
}

int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail)
{
    int started;

    set_variables(variables, 1);
    started = start(child, what, NULL, command, tail);
    set_variables(variables, 0);
    return started;
}

/* ---- What it says ---- */

int child_can_speak(const struct child *child)
{
    return child->notify != NULL;
}

void child_hear(const struct child *child, struct said *said)
{
    memset(said, 0, sizeof *said);
    if (child->notify)
        notify_read(child->notify, said);
}

/* ---- Stopping ---- */

static int is_wine(void)
{
    HMODULE ntdll = GetModuleHandleA("ntdll.dll");

    return ntdll && GetProcAddress(ntdll, "wine_get_version");
}

/* Sends Ctrl-Break to the processes of its group that share our console. Wine has no Ctrl-Break,
 * but can send Ctrl-C to one group; on Windows that call succeeds without any effect
 * (GenerateConsoleCtrlEvent). */
static int press_break(const struct child *child)
{
    DWORD group = (DWORD)child->id;

    return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) ||
           (is_wine() && GenerateConsoleCtrlEvent(CTRL_C_EVENT, group));
}

/* Kills what it cannot ask: without a console there is no way to ask. Leaves the group alone when
 * none of its processes is left, as another process may have that number by now. */
static void stop(const struct child *child, int ask)
{
    if (child_is_left(child) && !(ask && press_break(child)))
        child_kill(child);
}

void child_stop_server(const struct child *child, const struct options *options)
{
    stop(child, !options->stop_signal || is_signal(options->stop_signal, "BREAK"));
}

void child_stop_build(const struct child *child)
{
    stop(child, 1);
}

void child_kill(const struct child *child)
{
    TerminateJobObject(child->job, 1);
}

int child_is_left(const struct child *child)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION all = {0};

    return QueryInformationJobObject(child->job, JobObjectBasicAccountingInformation, &all,
                                     sizeof all, NULL) &&
           all.ActiveProcesses > 0;
}

/* Processes do not go into the background on Windows: the job is what counts. */
void child_follow(struct child *child, long id)
{
    (void)child;
    (void)id;
}

/* Closing the last handle of the job kills the processes that are left in it. */
void child_forget(struct child *child)
{
    struct leader *leader = child->leader;

    notify_close(child->notify);
    child->notify = NULL;
    if (child->job)
        CloseHandle(child->job);
    if (leader && (leader->ended || !leader->id))
        discard(leader);
    else if (leader)
        leader->forgotten = 1;
    child->id = 0;
    child->leader = child->job = NULL;
}
