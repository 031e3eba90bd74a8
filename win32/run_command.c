/* SPDX-License-Identifier: MIT */
#include "run_command.h"

#include "program.h"
#include "report.h"
#include "start_error.h"
#include "system_error.h"

static HANDLE child;

/* When the console is closed or the user logs off, we are ended as soon as this returns, and the
 * child with us. So this waits, and the child gets the time that Windows allows. */
static BOOL WINAPI on_console_event(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        WaitForSingleObject(child, INFINITE);
    return TRUE;
}

__attribute__((noreturn)) static void die_of_start(const char *command, DWORD error)
{
    char message[1024];
    int status = describe_start_error(command, error, message, sizeof message);

    die(status, "%s", message);
}

static void set_kill_on_close(HANDLE job, int on)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};

    limits.BasicLimitInformation.LimitFlags = on ? JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE : 0;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
}

/* Starts it suspended, because it must be in the job before it starts processes of its own. */
static void start(char **command, HANDLE job)
{
    struct program program = {0};
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;

    /* Handles are inherited for redirected standard streams; our sockets are not inheritable. */
    if (!program_find(command, &program) ||
        !CreateProcessW(program.path, program.line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL,
                        &startup, &process))
        die_of_start(command[0], GetLastError());
    if (!AssignProcessToJobObject(job, process.hProcess)) /* in a job that cannot be nested */
        report("warning: '%s' will not end with systemfd: %s", command[0],
               system_error(GetLastError()));
    child = process.hProcess;
    SetConsoleCtrlHandler(on_console_event, TRUE);
    ResumeThread(process.hThread);
    CloseHandle(process.hThread);
    program_free(&program);
}

unsigned run_command(char **command)
{
    HANDLE job = CreateJobObjectW(NULL, NULL);
    DWORD code = EXIT_CANNOT_EXECUTE;

    set_kill_on_close(job, 1);
    start(command, job);
    WaitForSingleObject(child, INFINITE);
    GetExitCodeProcess(child, &code);
    set_kill_on_close(job, 0);
    return code;
}
