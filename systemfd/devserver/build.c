/* SPDX-License-Identifier: MIT */
#include "build.h"

#include "child.h"
#include "clock.h"
#include "move_aside.h"
#include "report.h"

enum {
    SLOW_MS = 500,          /* after this long, a terminal is told that it builds */
    STOP_MS = 2000,         /* for a build that was asked to end */
    KILL_PATIENCE_MS = 1000 /* for a build that was killed */
};

static const struct options *options;
static struct child child;
static struct tail output;
static int announced, killed;
static long long began, deadline; /* deadline: for its end; 0: it was not asked to end */

int build_begin(const struct options *given)
{
    options = given;
    tail_clear(&output);
    move_aside(&options->move_aside);
    began = now_ms();
    deadline = announced = killed = 0;
    if (child_start_shell(&child, "the build", options->build, NULL, &output))
        return 1;
    move_back(&options->move_aside);
    child.id = 0;
    return 0;
}

void build_asks(void)
{
    announced = 1;
}

long build_id(void)
{
    return child.id;
}

void build_stop(void)
{
    if (!deadline)
        deadline = now_ms() + STOP_MS;
    child_stop_build(&child);
}

void build_kill(void)
{
    if (child.id)
        child_kill(&child);
}

void build_end(void)
{
    child_kill(&child);
    child_forget(&child);
    move_back(&options->move_aside);
}

long long build_began(void)
{
    return began;
}

const struct tail *build_output(void)
{
    return &output;
}

/* Kills the build. If it survives even that until the next deadline, it belongs to another user
 * now: give it up. */
static void kill_at_last(void)
{
    if (killed) {
        report("the build (process %ld) cannot be ended; it goes on", child.id);
        child_forget(&child);
        return;
    }
    killed = 1;
    child_kill(&child);
    deadline = now_ms() + KILL_PATIENCE_MS;
}

void build_look_after(void)
{
    if (!child.id)
        return;
    if (deadline && now_ms() >= deadline)
        kill_at_last();
    if (!child.id)
        return;
    if (!announced && now_ms() - began >= SLOW_MS) {
        if (report_on_terminal())
            report("building ...");
        announced = 1;
    }
}

int build_timeout(void)
{
    int wait = -1;

    if (child.id && deadline)
        wait = until(deadline);
    if (child.id && !announced)
        wait = earlier(wait, until(began + SLOW_MS));
    return wait;
}
