/* SPDX-License-Identifier: MIT */
#include "run_command.h"

#include "command_line.h"
#include "report.h"
#include "system_error.h"

#include <stdlib.h>

static HANDLE child;

/* When the console is closed, or the user logs off, we are ended as soon as this returns,
 * and the child with us: so it gets the time that Windows gives. */
static BOOL WINAPI on_console_event(DWORD event)
{
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT)
        WaitForSingleObject(child, INFINITE);
    return TRUE;
}

static void set_kill_on_close(HANDLE job, int on)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};

    limits.BasicLimitInformation.LimitFlags = on ? JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE : 0;
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
}

__attribute__((noreturn)) static void die_of_start(const char *command, DWORD error)
{
    if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND)
        die(EXIT_NOT_FOUND, "cannot find the command '%s'", command);
    if (error == ERROR_BAD_EXE_FORMAT)
        die(EXIT_CANNOT_EXECUTE, "cannot execute '%s': it is not a program of this system",
            command);
    die(EXIT_CANNOT_EXECUTE, "cannot execute '%s': %s", command, system_error(error));
}

/* Suspended: it must be in the job before it can start processes of its own. */
static void start(char **command, HANDLE job)
{
    wchar_t *line = join_arguments(command);
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;

    /* Inheriting is for redirected standard streams. Sockets of ours are not inheritable. */
    if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_SUSPENDED, NULL, NULL, &startup,
                        &process))
        die_of_start(command[0], GetLastError());
    if (!AssignProcessToJobObject(job, process.hProcess)) /* within an old kind of job */
        report("warning: '%s' will not end with systemfd: %s", command[0],
               system_error(GetLastError()));
    child = process.hProcess;
    SetConsoleCtrlHandler(on_console_event, TRUE);
    ResumeThread(process.hThread);
    CloseHandle(process.hThread);
    free(line);
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
