/* SPDX-License-Identifier: MIT
 * Simulates the cycle, with a simulated clock, files, builds, servers and git. In thousands of
 * rounds, a person saves, deletes and renames files while builds of any length read and write them.
 * When all is at rest, what was built is what is there.
 *
 * systemfd cannot tell three things from what builds do, so the person does not do them within one
 * build: to make a file and delete it again, to delete a file and bring it back with the same
 * content, and to empty a file and bring that back. */
#include "simulated.h"
#include "test.h"

#include "devserver/changes.h"
#include "devserver/cycle.h"
#include "devserver/files.h"
#include "devserver/git.h"
#include "devserver/servers.h"
#include "devserver/watch.h"
#include "clock.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 3000, SOURCES = 8, FILES = 32, TEXT = 32, ACTIONS = 12 };

/* ---- Files ---- */

struct fake {
    char name[16], text[TEXT];
    int is_there;
    int may_not_come_back, may_not_go; /* until the build has ended, as told above */
    char went[TEXT];                   /* the content that it had before */
};

static struct fake files[FILES];
static size_t file_count;

static struct fake *file_named(const char *name)
{
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].name, name) == 0)
            return &files[i];
    assert_true(file_count < FILES);
    memset(&files[file_count], 0, sizeof files[0]);
    snprintf(files[file_count].name, sizeof files[0].name, "%s", name);
    return &files[file_count++];
}

int file_exists(const char *path)
{
    return file_named(path)->is_there;
}

struct look file_look(const char *path)
{
    const struct fake *file = file_named(path);
    struct look look = {.kind = NOTHING};

    if (file->is_there) {
        look.kind = FILE_KIND;
        look.size = (long long)strlen(file->text);
    }
    return look;
}

FILE *file_open(const char *path)
{
    struct fake *file = file_named(path);

    return file->is_there && *file->text ? fmemopen(file->text, strlen(file->text), "rb") : NULL;
}

/* ---- Watching: each change is reported a moment later, before anything else happens ---- */

enum { MOST_EVENTS = 64 };

static struct event {
    char name[16];
    int is_new;
} events[MOST_EVENTS];
static size_t event_count;
static void (*tell_new)(const char *path);

static void happens(const char *name, int is_new)
{
    assert_true(event_count < MOST_EVENTS);
    snprintf(events[event_count].name, sizeof events[0].name, "%s", name);
    events[event_count++].is_new = is_new;
}

void watch_tell_new(void (*is_new)(const char *path))
{
    tell_new = is_new;
}

void watch_modes(void)
{
}

static size_t overflows, questions; /* to git */

/* Now and then there were too many changes, and they are lost. */
void watch_read(void (*changed)(const char *path))
{
    if (event_count > 0 && dice(100) == 0) {
        tell("some of %zu changes are lost", event_count);
        event_count = 0;
        overflows++;
        changed(NULL);
    }
    for (size_t i = 0; i < event_count; i++) {
        if (events[i].is_new)
            tell_new(events[i].name);
        questions = 0;
        changed(events[i].name);
        assert_in_range(questions, 0, 1);
    }
    event_count = 0;
}

static void put(const char *name, const char *text)
{
    struct fake *file = file_named(name);
    int was_there = file->is_there;

    file->is_there = 1;
    snprintf(file->text, TEXT, "%s", text);
    happens(name, !was_there);
}

static void take_away(const char *name)
{
    struct fake *file = file_named(name);

    if (!file->is_there)
        return;
    file->is_there = 0;
    happens(name, 0);
}

/* ---- git: ignores *.ign, now or a little later ---- */

static void (*answered)(const char *path, int ignored);
static char asked[MOST_EVENTS][16];
static size_t asked_count;

static int is_ignored(const char *path)
{
    return strstr(path, ".ign") != NULL;
}

enum git_answer git_ask(const char *path)
{
    questions++;
    if (dice(2) == 0 || asked_count == MOST_EVENTS)
        return is_ignored(path) ? GIT_IGNORES : GIT_COUNTS;
    snprintf(asked[asked_count++], sizeof asked[0], "%s", path);
    return GIT_ASKED;
}

void git_on_answer(void (*given)(const char *path, int ignored))
{
    answered = given;
}

void git_rules_have_changed(void)
{
}

/* Answers some questions, and often leaves others open. */
void git_look(void)
{
    size_t count = asked_count > 0 ? dice((unsigned)asked_count + 1) : 0;

    for (size_t i = 0; i < count; i++)
        answered(asked[i], is_ignored(asked[i]));
    memmove(asked, asked + count, (asked_count - count) * sizeof asked[0]);
    asked_count -= count;
}

int git_timeout(void)
{
    return asked_count > 0 ? 1 : -1;
}

/* ---- Builds ---- */

enum { PLANS = 6 };

/* What all builds of a round do. */
static enum plan { READS_ONLY, GENERATES, UNLINKS_FIRST, HAS_TEMPORARY, LINKS, FEEDS_ITSELF } plan;

static struct {
    int runs, told_to_end;
    long long began, ends;
    long long read_at[SOURCES], write_at[3];
    char seen[SOURCES][TEXT]; /* what it has read; "-" for a file that was not there */
    int did_read[SOURCES], did_write[3];
    size_t written;
    int code;
} build;
static char built[SOURCES][TEXT]; /* what the last build that ran to its end has read */
static char served[SOURCES][TEXT];
static int built_code;
static size_t begun, ended_early, servers;
static long long last_begin;
static int restart_build;

static void source_name(size_t index, char name[16])
{
    snprintf(name, 16, "f%zu", index);
}

static void see(size_t index, char text[TEXT])
{
    char name[16];
    const struct fake *file;

    source_name(index, name);
    file = file_named(name);
    snprintf(text, TEXT, "%s", file->is_there ? file->text : "-");
}

int child_start_shell(struct child *child, const char *what, const char *command,
                      const struct variable *variables, struct tail *tail)
{
    long long length = dice(4) == 0 ? dice(5000) : dice(300);

    (void)what;
    (void)command;
    (void)variables;
    (void)tail;
    CHECK(!build.runs);
    memset(child, 0, sizeof *child);
    child->id = 100 + (long)++begun;
    memset(&build, 0, sizeof build);
    build.runs = 1;
    build.began = last_begin = now;
    build.ends = now + length + 1;
    build.code = dice(8) == 0 ? 2 : 0;
    for (size_t i = 0; i < SOURCES; i++)
        build.read_at[i] = now + dice((unsigned)length + 1);
    for (size_t i = 0; i < 3; i++)
        build.write_at[i] = now + dice((unsigned)length + 1);
    if (dice(2) == 0) /* the write is reported only after the build's end */
        build.write_at[0] = build.ends;
    tell("a build begins, of %lld ms", length);
    return 1;
}

void child_stop_build(const struct child *child)
{
    (void)child;
    tell("the build is to end");
    CHECK(restart_build);
    build.told_to_end = 1;
    if (build.ends > now + 20)
        build.ends = now + 20;
}

void child_kill(const struct child *child)
{
    (void)child;
}

void child_forget(struct child *child)
{
    child->id = 0;
}

static void write_something(size_t step)
{
    char text[TEXT], source[TEXT];

    put("log.ign", "x");
    switch (plan) {
    case READS_ONLY:
        break;
    case GENERATES:
        see(0, source);
        snprintf(text, sizeof text, "of %.20s", source);
        put("gen", text);
        break;
    case UNLINKS_FIRST:
        if (step == 0)
            take_away("gen");
        else
            put("gen", "always the same");
        break;
    case HAS_TEMPORARY:
        snprintf(text, sizeof text, "t%zu", step);
        put(text, "x");
        take_away(text);
        break;
    case LINKS:
        snprintf(text, sizeof text, "\177ELF%u", dice(1000));
        if (step == 0)
            take_away("program");
        put("program", text);
        break;
    case FEEDS_ITSELF:
        snprintf(text, sizeof text, "%u", dice(1000000));
        put("gen", text);
        break;
    }
}

static void let_build_work(void)
{
    if (!build.runs)
        return;
    for (size_t i = 0; i < SOURCES; i++)
        if (!build.did_read[i] && build.read_at[i] <= now) {
            build.did_read[i] = 1;
            see(i, build.seen[i]);
        }
    for (size_t i = 0; i < 3; i++)
        if (!build.did_write[i] && build.write_at[i] <= now) {
            build.did_write[i] = 1;
            write_something(build.written++);
        }
}

static void let_build_end(void)
{
    struct exit_status how = {build.told_to_end ? 143 : build.code, "its end"};

    build.runs = 0;
    for (size_t i = 0; i < file_count; i++)
        files[i].may_not_come_back = files[i].may_not_go = 0;
    if (build.told_to_end) {
        ended_early++;
    } else {
        memcpy(built, build.seen, sizeof built);
        built_code = build.code;
    }
    tell("the build ends, %d", how.code);
    cycle_child_ended(100 + (long)begun, &how);
}

static long long next_of_build(void)
{
    long long next = build.ends;

    for (size_t i = 0; i < SOURCES; i++)
        if (!build.did_read[i] && build.read_at[i] < next)
            next = build.read_at[i];
    for (size_t i = 0; i < 3; i++)
        if (!build.did_write[i] && build.write_at[i] < next)
            next = build.write_at[i];
    return next;
}

/* ---- Servers ---- */

void servers_setup(const struct options *given, const struct sockets *given_sockets)
{
    (void)given;
    (void)given_sockets;
}

int servers_start(void)
{
    servers++;
    memcpy(served, built, sizeof served);
    tell("a server starts");
    return 1;
}

const struct tail *servers_output(void)
{
    return NULL;
}

void server_stop(struct server *server)
{
    (void)server;
}

void servers_stop(void)
{
}

void servers_end(void)
{
}

void servers_kill(void)
{
}

struct server *servers_in(enum state state)
{
    (void)state;
    return NULL;
}

long servers_oldest(void)
{
    return 0;
}

int servers_roll_on(void)
{
    return 1;
}

int servers_are_rolling(void)
{
    return 0;
}

int servers_end_rollout(const struct server *ended)
{
    (void)ended;
    return 0;
}

int workers_are_missing(void)
{
    return 0;
}

int workers_start_missing(void)
{
    return 1;
}

int server_has_substitute(const struct server *server)
{
    (void)server;
    return 0;
}

int no_server_is_up(void)
{
    return 0;
}

int no_server_is_left(void)
{
    return 0;
}

struct server *servers_find(long id)
{
    (void)id;
    return NULL;
}

enum state server_ended(struct server *server)
{
    return server->state;
}

int server_goes_on(struct server *server)
{
    (void)server;
    return 0;
}

const char *server_name(const struct server *server)
{
    (void)server;
    return "server";
}

void readiness_explain(struct readiness *readiness)
{
    (void)readiness;
}

int servers_look_after(void)
{
    return 0;
}

int servers_timeout(void)
{
    return -1;
}

/* ---- The person ---- */

static long long last_change;
static size_t changes;

/* If it does not differ, the save may be built, but need not be. */
static void count_change(int differs)
{
    changes++;
    if (differs)
        last_change = now;
}

static void save(struct fake *file)
{
    static const char *const texts[] = {"A", "B", "C", "a longer text", ""};
    const char *text = texts[dice(5)];

    if (file->may_not_come_back && strcmp(text, file->went) == 0)
        text = "another text";
    if (*text == '\0' && file->is_there && *file->text != '\0') {
        file->may_not_come_back = build.runs;
        snprintf(file->went, TEXT, "%s", file->text);
    } else if (*text != '\0') {
        file->may_not_come_back = 0; /* systemfd sees this */
    }
    file->may_not_go |= build.runs && !file->is_there;
    count_change(!file->is_there || strcmp(file->text, text) != 0);
    tell("save %s: '%s'", file->name, text);
    put(file->name, text);
}

static void delete (struct fake *file)
{
    if (!file->is_there || file->may_not_go)
        return;
    if (!file->may_not_come_back)
        snprintf(file->went, TEXT, "%s", file->text);
    file->may_not_come_back = build.runs;
    count_change(1);
    tell("delete %s", file->name);
    take_away(file->name);
}

static void rename_to(struct fake *from, struct fake *to)
{
    if (from == to || !from->is_there || from->may_not_go ||
        (to->may_not_come_back && strcmp(to->went, from->text) == 0))
        return;
    if (!from->may_not_come_back)
        snprintf(from->went, TEXT, "%s", from->text);
    from->may_not_come_back = build.runs;
    to->is_there = 1;
    snprintf(to->text, TEXT, "%s", from->text);
    from->is_there = 0;
    count_change(1);
    tell("rename %s %s", from->name, to->name);
    happens(from->name, 0);
    happens(to->name, 0);
}

static struct fake *any_source(void)
{
    char name[16];

    source_name(dice(SOURCES), name);
    return file_named(name);
}

static void change_something(void)
{
    switch (dice(7)) {
    case 0:
        count_change(1);
        tell("restart by hand");
        cycle_restart("by hand");
        break;
    case 1:
        delete (any_source());
        break;
    case 2:
        rename_to(any_source(), any_source());
        break;
    default:
        save(any_source());
        break;
    }
}

/* ---- Rounds ---- */

static void look(void)
{
    watch_read(cycle_changed);
    cycle_look();
}

/* Lets everything happen that happens until then. */
static void run_until(long long end)
{
    while (now < end) {
        int wait = cycle_timeout();
        long long next = end;
        if (build.runs && next_of_build() < next)
            next = next_of_build();
        if (wait >= 0 && now + wait < next)
            next = now + wait;
        now = next > now ? next : now;
        let_build_work();
        if (dice(2) == 0)
            look();
        if (build.runs && build.ends <= now)
            let_build_end();
        look();
        if (wait == 0)
            now++;
    }
}

static void assert_built_what_is_there(void)
{
    char there[TEXT];

    for (size_t i = 0; i < SOURCES; i++) {
        see(i, there);
        if (strcmp(there, built[i]) != 0)
            print_message("f%zu is '%s', and what was built '%s'\n", i, there, built[i]);
        CHECK(strcmp(there, built[i]) == 0);
        CHECK(built_code != 0 || plan == FEEDS_ITSELF || strcmp(there, served[i]) == 0);
    }
}

/* Each change costs one build, and another one if what that build writes differs each time; after
 * an overflow, in any case. What the first build of a round writes may be new. A build that feeds
 * itself runs at once after a change, then after 1 s, 2 s, 4 s ...; in the two minutes after the
 * last change there is time for 10. */
static size_t most_builds(void)
{
    if (plan == FEEDS_ITSELF)
        return 7 * (changes + overflows) + 10;
    if (restart_build) /* it is not known how much a build that was ended has written */
        return 3 * (changes + overflows) + 2;
    return (plan == GENERATES ? 2 : 1) * changes + 2 * overflows + 1;
}

static void play_round(void)
{
    size_t before = begun, hurry = dice(3);

    story_begins();
    changes = overflows = 0;
    plan = (enum plan)dice(PLANS);
    tell("a round: plan %d", plan);
    for (unsigned i = 0, count = dice(ACTIONS); i < count; i++) {
        change_something();
        if (dice(2) == 0)
            look();
        run_until(now + 1 + (hurry == 0 ? dice(10) : hurry == 1 ? dice(1000) : dice(10000)));
    }
    run_until(now + 120000);
    CHECK(plan == FEEDS_ITSELF || !build.runs);
    while (build.runs)
        run_until(now + 1);
    if (plan != FEEDS_ITSELF) /* such a build may have begun another one */
        assert_built_what_is_there();
    CHECK(last_begin >= last_change);
    CHECK(begun - before <= most_builds());
    if (plan == FEEDS_ITSELF) {
        plan = READS_ONLY;
        run_until(now + 120000);
        assert_built_what_is_there();
    }
}

static void play(int ending_builds)
{
    static char *command[] = {"server", NULL};
    static struct options options;

    memset(&options, 0, sizeof options);
    options.command = command;
    options.build = "build";
    options.delay_ms = -1;
    options.restart_build = restart_build = ending_builds;
    options.no_error_page = 1;
    ended_early = 0;
    cycle_begin(&options, NULL);
    for (int round = 0; round < ROUNDS; round++)
        play_round();
    print_message("measured: %zu builds, %zu of them ended early, %zu servers in %d rounds\n",
                  begun, ended_early, servers, ROUNDS);
    assert_int_equal(ended_early > 0, ending_builds);
}

static void test_builds_run_to_their_end(void **state)
{
    (void)state;
    play(0);
}

static void test_builds_are_ended(void **state)
{
    (void)state;
    play(1);
}

/* git and some editors remove a file, make it anew, and write it: on a busy machine with pauses,
 * and sometimes systemfd hears of the removal only when the new file is half written. */
static void replace(const char *name)
{
    enum { PAUSE_MS = 20 };
    struct fake *file = file_named(name);

    take_away(name);
    if (dice(2) == 0)
        look();
    run_until(now + dice(2) * PAUSE_MS);
    file->is_there = 1;
    snprintf(file->text, TEXT, "%s", dice(2) == 0 ? "" : "A");
    look();
    tell_new(name);
    run_until(now + PAUSE_MS);
    put(name, "A");
    look();
}

static void test_replaced_file(void **state)
{
    enum { TIMES = 100 };
    static char *command[] = {"server", NULL};
    static struct options options = {.command = command, .build = "build", .delay_ms = -1};
    size_t before;

    (void)state;
    restart_build = 0;
    plan = READS_ONLY;
    cycle_begin(&options, NULL);
    run_until(now + 10000);
    before = begun;
    overflows = 0;
    for (int i = 0; i < TIMES; i++) {
        replace("f0");
        run_until(now + 10000);
    }
    print_message("measured: %zu builds for a file that was replaced %d times\n", begun - before,
                  (int)TIMES);
    assert_in_range(begun - before, TIMES, TIMES + 2 * overflows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builds_run_to_their_end),
        cmocka_unit_test(test_builds_are_ended),
        cmocka_unit_test(test_replaced_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
