/* SPDX-License-Identifier: MIT
 * Simulates --workers: the real cycle and servers, with a simulated clock and simulated processes.
 * In thousands of rounds, versions are good or broken, and workers are slow to begin and to end,
 * crash, and cannot be started. During a restart there are never fewer that answer. */
#include "simulated.h"
#include "test.h"

#include "devserver/accepting.h"
#include "devserver/changes.h"
#include "devserver/cycle.h"
#include "devserver/files.h"
#include "devserver/git.h"
#include "devserver/readiness.h"
#include "devserver/servers.h"
#include "devserver/watch.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 500, WORKERS = 4, MOST = 256, SECONDS = 1000 };

/* ---- Processes ---- */

enum life { STARTS, ANSWERS, ENDS_SOON, GONE };

static struct process {
    enum life life;
    int version, worker;
    long long next; /* when it will answer or end */
    int code;       /* its exit status then */
} processes[MOST];  /* by process ID */

static long started;
static int version, is_broken; /* of the command that is started now */
static unsigned refusals;      /* one start in so many fails; 0: none */
static size_t starts, least;

static struct process *process_of(long id)
{
    return &processes[id % MOST];
}

static size_t number_that(enum life life)
{
    size_t found = 0;

    for (size_t i = 0; i < MOST; i++)
        found += processes[i].life == life;
    return found;
}

int child_start_server(struct child *child, const struct options *options,
                       const struct sockets *sockets, const struct variable *variables,
                       unsigned generation, struct tail *tail)
{
    struct process *process;

    (void)options;
    (void)sockets;
    (void)generation;
    (void)tail;
    if (refusals && dice(refusals) == 0)
        return 0;
    memset(child, 0, sizeof *child);
    child->id = child->group = ++started;
    process = process_of(started);
    CHECK(process->life == GONE);
    memset(process, 0, sizeof *process);
    process->version = version;
    sscanf(variables->value, "%d", &process->worker);
    CHECK(strcmp(variables->name, "SYSTEMFD_WORKER") == 0);
    process->next = now + 1 + dice(300);
    process->code = is_broken ? 3 : 0;
    starts++;
    tell("process %ld starts: worker %d, version %d", started, process->worker, version);
    return 1;
}

int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail)
{
    (void)child;
    (void)what;
    (void)command;
    (void)variables;
    (void)tail;
    return 0;
}

/* The process goes on with the clients that it has, but does not count any more. */
void child_stop_server(const struct child *child, const struct options *options)
{
    struct process *process = process_of(child->id);

    (void)options;
    if (process->life == GONE || process->life == ENDS_SOON)
        return;
    tell("process %ld is asked to stop", child->id);
    process->life = ENDS_SOON;
    process->next = now + 1 + dice(2000);
    process->code = 0;
}

void child_kill(const struct child *child)
{
    struct process *process = process_of(child->id);

    if (process->life != GONE) {
        process->life = ENDS_SOON;
        process->next = now;
    }
}

void child_stop_build(const struct child *child)
{
    (void)child;
}

int child_is_left(const struct child *child)
{
    (void)child;
    return 0;
}

void child_follow(struct child *child, long id)
{
    child->id = id;
}

void child_forget(struct child *child)
{
    child->id = 0;
}

void child_hear(const struct child *child, struct said *said)
{
    (void)child;
    memset(said, 0, sizeof *said);
}

int child_can_speak(const struct child *child)
{
    (void)child;
    return 0;
}

void accepting_look(const struct child *child, struct sight *sight)
{
    (void)child;
    memset(sight, 0, sizeof *sight);
}

/* ---- Readiness: as soon as one answers ---- */

void readiness_setup(const struct options *given, const struct sockets *given_sockets)
{
    (void)given;
    (void)given_sockets;
}

void readiness_begin(struct readiness *readiness, const char *name)
{
    snprintf(readiness->name, sizeof readiness->name, "%s", name);
}

const char *readiness_reason(struct readiness *readiness, const struct child *child)
{
    (void)readiness;
    return process_of(child->id)->life == ANSWERS ? "it answers" : NULL;
}

void readiness_reached(const struct readiness *readiness)
{
    (void)readiness;
}

void readiness_learn(struct readiness *readiness, const struct child *child)
{
    (void)readiness;
    (void)child;
}

void readiness_learn_again(struct readiness *readiness)
{
    (void)readiness;
}

int readiness_is_certain(const struct readiness *readiness)
{
    (void)readiness;
    return 1;
}

void readiness_explain(struct readiness *readiness)
{
    (void)readiness;
}

int readiness_timeout(const struct readiness *readiness)
{
    (void)readiness;
    return -1;
}

/* ---- Nothing changes by itself ---- */

void watch_tell_new(void (*is_new)(const char *path))
{
    (void)is_new;
}

void watch_modes(void)
{
}

void watch_read(void (*changed)(const char *path))
{
    (void)changed;
}

int file_exists(const char *path)
{
    (void)path;
    return 0;
}

struct look file_look(const char *path)
{
    (void)path;
    return (struct look){.kind = NOTHING};
}

FILE *file_open(const char *path)
{
    (void)path;
    return NULL;
}

enum git_answer git_ask(const char *path)
{
    (void)path;
    return GIT_COUNTS;
}

void git_on_answer(void (*given)(const char *path, int ignored))
{
    (void)given;
}

void git_rules_have_changed(void)
{
}

void git_look(void)
{
}

int git_timeout(void)
{
    return -1;
}

/* ---- What happens ---- */

static void let_live(long id)
{
    struct process *process = process_of(id);
    struct exit_status how = {process->code, "its end"};

    if (process->life == STARTS && process->next <= now && process->code == 0) {
        tell("process %ld answers", id);
        process->life = ANSWERS;
    } else if ((process->life == STARTS || process->life == ENDS_SOON) && process->next <= now) {
        tell("process %ld ends, %d", id, how.code);
        process->life = GONE;
        cycle_child_ended(id, &how);
    }
}

static void crash(struct process *process)
{
    process->life = ENDS_SOON;
    process->next = now;
    process->code = dice(3) ? 139 : 0;
}

/* Lets everything happen that is due. Processes that were asked to stop, or have crashed, do not
 * count as answering. */
static void look(void)
{
    for (long id = started - MOST + 1; id <= started; id++)
        if (id > 0)
            let_live(id);
    cycle_look();
    CHECK(number_that(ANSWERS) >= least);
    CHECK(number_that(ANSWERS) + number_that(STARTS) <= 2 * WORKERS);
}

static void run_until(long long end)
{
    look();
    while (now < end) {
        int wait = cycle_timeout();
        long long next = end;
        for (size_t i = 0; i < MOST; i++)
            if ((processes[i].life == STARTS || processes[i].life == ENDS_SOON) &&
                processes[i].next < next)
                next = processes[i].next;
        if (wait >= 0 && now + wait < next)
            next = now + wait;
        now = next > now ? next : now + 1;
        look();
    }
}

/* There is one process of that version in each place, and no other. */
static void assert_all_are(int of_version)
{
    int seen[MAX_WORKERS + 1] = {0};

    for (size_t i = 0; i < MOST; i++) {
        CHECK(processes[i].life != STARTS);
        if (processes[i].life == ANSWERS) {
            CHECK(processes[i].version == of_version);
            CHECK(!seen[processes[i].worker]++);
        }
    }
    CHECK(number_that(ANSWERS) == WORKERS);
}

static void release(int broken)
{
    version++;
    is_broken = broken;
    tell("version %d%s", version, broken ? ", which is broken" : "");
    cycle_restart("by hand");
}

/* Also runs before each test. */
static int settle(void **state)
{
    (void)state;
    story_begins();
    least = refusals = 0;
    release(0);
    run_until(now + 60 * SECONDS);
    assert_all_are(version);
    return 0;
}

static int begin(void **state)
{
    static char *command[] = {"server", NULL};
    static struct options options;

    (void)state;
    for (size_t i = 0; i < MOST; i++)
        processes[i].life = GONE;
    options.command = command;
    options.workers = WORKERS;
    options.delay_ms = -1;
    options.stop_timeout_s = 10;
    options.no_error_page = 1;
    cycle_begin(&options, NULL);
    return 0;
}

/* ---- Rounds ---- */

/* Even if one restart begins during another, and systemfd has no process or descriptor to spare for
 * a moment. */
static void test_restarts_lose_nobody(void **state)
{
    (void)state;
    least = WORKERS;
    for (int round = 0; round < ROUNDS; round++) {
        story_begins();
        refusals = dice(2) ? 0 : 5;
        for (unsigned restarts = dice(4); restarts > 0; restarts--) {
            release(0);
            run_until(now + dice(1500));
        }
        run_until(now + 60 * SECONDS);
        assert_all_are(version);
    }
}

/* The first worker shows that the version is broken, and all old workers stay. */
static void test_broken_version(void **state)
{
    (void)state;
    least = WORKERS;
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = starts;
        int good = version;
        story_begins();
        release(1);
        run_until(now + 60 * SECONDS);
        assert_all_are(good);
        CHECK(starts == before + 1);
        release(0);
        run_until(now + 60 * SECONDS);
        assert_all_are(version);
        CHECK(starts == before + 1 + WORKERS);
    }
}

/* Workers that crash are started again, but not without a pause: also if all crash, or during a
 * restart, or again and again. */
static void test_crashes(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        size_t before = starts, crashes = 0;
        long long until = now + 1 + dice(10000);
        story_begins();
        if (dice(2))
            release(0);
        while (now < until) {
            struct process *process = process_of(started - dice(8));
            if (process->life == ANSWERS) {
                crash(process);
                crashes++;
            }
            run_until(now + 1 + dice(500));
        }
        run_until(now + 60 * SECONDS);
        CHECK(number_that(ANSWERS) == WORKERS);
        CHECK(starts - before <= WORKERS * (crashes + 1));
        settle(NULL);
    }
}

/* No old worker can stay in the empty place, so the broken version is tried again and again, at
 * growing intervals. */
static void test_broken_in_an_empty_place(void **state)
{
    size_t before = starts;

    (void)state;
    is_broken = 1;
    crash(process_of(started));
    run_until(now + 60 * SECONDS);
    CHECK(number_that(ANSWERS) == WORKERS - 1);
    CHECK(starts - before >= 10 && starts - before <= 20);
    is_broken = 0;
    run_until(now + 60 * SECONDS);
    assert_all_are(version);
}

/* A version that crashes once it serves does not get the places of the other workers. */
static void test_version_that_crashes_later(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        long first;
        size_t before = starts;
        story_begins();
        least = WORKERS - 1;
        release(0);
        while (starts == before)
            run_until(now + 1);
        first = started;
        while (process_of(first)->life == STARTS)
            run_until(now + 1);
        CHECK(process_of(first)->life == ANSWERS);
        crash(process_of(first));
        run_until(now + 5 * SECONDS);
        CHECK(number_that(ANSWERS) == WORKERS);
        CHECK(starts == before + 3); /* the second worker was started already */
        settle(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_restarts_lose_nobody, settle),
        cmocka_unit_test_setup(test_broken_version, settle),
        cmocka_unit_test_setup(test_crashes, settle),
        cmocka_unit_test_setup(test_broken_in_an_empty_place, settle),
        cmocka_unit_test_setup(test_version_that_crashes_later, settle),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
