/* SPDX-License-Identifier: MIT
 * Real servers in the languages that people use. Each is copied from docs/recipes.md, or
 * from our examples, and runs as written there. Then, under four clients, it is edited three times
 * to versions that need 1.5 s to start, and once to one that fails after that time: no request
 * fails, none waits for a start, and the last good version answers.
 *
 *   stacks         all of them, some side by side, each in a process of its own
 *   stacks NAME    that one alone */
#include "devserver.h"
#include "folder.h"
#include "recipe.h"
#include "sockets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SIDE_BY_SIDE = 5,
    CLIENTS = 4,
    EDITS = 3,
    STACK_LIMIT_MS = 150000, /* for one stack */
    OUTPUT_SIZE = 1 << 20,
    START_MS = 1500,
    WAIT_LIMIT_MS = 15000 /* generous: other suites run beside this one */
};

struct stack {
    const char *name;
    const char *recipe;      /* its section of the page */
    const char *launch;      /* for one that has none */
    const char *preparation; /* shell, before it is started */
    const char *there;       /* shell: is it installed? */
    const char *packages;    /* that hold it */
    const char *source;      /* the file to edit */
    const char *edit;        /* sed: the answer becomes %s; NULL: "hello" does */
    const char *slow, *late; /* sed: it starts slowly, and then it fails, too */
    int resets; /* it may reset connections at its end: as the page says, its own fault */
};

#define PHP "FastCGI: PHP"

#define PYTHON_SLOW "2i import time; time.sleep(1.5)"
#define PYTHON_LATE PYTHON_SLOW "; raise ImportError(\"late\")"

#define NODE_SLOW "2i Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500)"

#define GO_SLOW "s/^import (/&\"time\";/; s/^func main() {/& time.Sleep(1500 * time.Millisecond);"

#define RUST_SLOW "s/^fn main() .*{/& std::thread::sleep(std::time::Duration::from_millis(1500));"

#define JAVA_SLOW "s/void main(.*{/& Thread.sleep(1500);"

/* Debian's crates in the place of those of the network. */
#define PREPARE_CARGO                                                                       \
    "mkdir .cargo && printf '[source.crates-io]\\nreplace-with=\"debian\"\\n"               \
    "[source.debian]\\ndirectory=\"/usr/share/cargo/registry\"\\n' >.cargo/config.toml && " \
    "cargo build 2>&1 & while kill -0 $!; do echo building; sleep 1; done; wait $!"

/* What the page of each version says. */
#define PREPARE_LIGHTTPD "for w in word2 word3 word4; do mkdir $w; echo $w >$w/index.html; done"

/* An example with its build, as its author works on it. */
#define PREPARE_C(name)                                                          \
    "cp \"$ROOT/examples/" name ".c\" server.c && cp \"$ROOT/listenfd.h\" . && " \
    "cp \"$BUILD_FOLDER/liblistenfd.a\" ."
#define LAUNCH_C(library)                                                                          \
    "systemfd -s http::5000 --watch . --ignore server --build "                                    \
    "'cc -D_GNU_SOURCE -I. -o server server.c liblistenfd.a $(pkg-config --cflags --libs " library \
    ")' -- ./server"
#define C_SLOW "/^int main/,/^{/ s/^{/{ usleep(1500000);"

static const struct stack stacks[] = {
    {"asyncio", .recipe = "Python: asyncio", .there = "python3 -c 'import asyncio'",
     .packages = "python3", .source = "asyncio_server.py", .slow = PYTHON_SLOW,
     .late = PYTHON_LATE},
    {"uvicorn", .recipe = "Python: uvicorn (FastAPI, Starlette, Django's ASGI)",
     .there = "command -v uvicorn", .packages = "uvicorn", .source = "asgi.py", .slow = PYTHON_SLOW,
     .late = PYTHON_LATE, .resets = 1},
    {"gunicorn", .recipe = "Python: gunicorn (Django, Flask, any WSGI)",
     .there = "command -v gunicorn", .packages = "gunicorn", .source = "wsgi.py",
     .slow = PYTHON_SLOW, .late = PYTHON_LATE},
    {"cargo", .recipe = "Rust", .preparation = PREPARE_CARGO,
     .there = "command -v cargo && ls /usr/share/cargo/registry/listenfd-* "
              "/usr/share/cargo/registry/signal-hook-*",
     .packages = "cargo, librust-listenfd-dev and librust-signal-hook-dev", .source = "src/main.rs",
     .slow = RUST_SLOW "/", .late = RUST_SLOW " panic!(\"late\");/"},
    {"java", .recipe = "Java", .there = "command -v java && command -v javac",
     .packages = "openjdk-17-jdk-headless", .source = "Server.java", .slow = JAVA_SLOW "/",
     .late = JAVA_SLOW " if (true) throw new Exception(\"late\");/"},
    {"flask", .recipe = "Python: Flask", .there = "python3 -c 'import flask'",
     .packages = "python3-flask", .source = "flask_app.py", .slow = PYTHON_SLOW,
     .late = PYTHON_LATE},
    {"node", .recipe = "Node", .there = "command -v node", .packages = "nodejs",
     .source = "server.js", .slow = NODE_SLOW, .late = NODE_SLOW "; throw new Error(\"late\")"},
    {"go", .recipe = "Go", .there = "command -v go", .packages = "golang-go", .source = "server.go",
     .slow = GO_SLOW "/", .late = GO_SLOW " panic(\"late\");/"},
    {"lighttpd", .recipe = "lighttpd", .preparation = PREPARE_LIGHTTPD,
     .there = "command -v lighttpd", .packages = "lighttpd", .source = "lighttpd.conf",
     .edit = "s,/hello,/%s,", .slow = "2i include_shell \"sleep 1.5\"",
     .late = "2i include_shell \"sleep 1.5; echo late\""},
    {"starlet", .recipe = "Perl: Starlet, and others for start_server",
     .there = "command -v plackup && perl -MPlack::Handler::Starlet -e 1", .packages = "starlet",
     .source = "app.psgi", .slow = "1i select(undef, undef, undef, 1.5);",
     .late = "1i select(undef, undef, undef, 1.5); die \"late\";"},
    {"prefork", .launch = "systemfd -s http::5000 --watch . -- python3 server.py",
     .preparation = "cp \"$ROOT/tests/stacks/prefork.py\" server.py", .there = "command -v python3",
     .packages = "python3", .source = "server.py", .slow = PYTHON_SLOW, .late = PYTHON_LATE},
    {"libuv", .launch = LAUNCH_C("libuv"), .preparation = PREPARE_C("libuv"),
     .there = "pkg-config libuv", .packages = "libuv1-dev", .source = "server.c",
     .slow = C_SLOW "/", .late = C_SLOW " return 3;/"},
    {"libevent", .launch = LAUNCH_C("libevent"), .preparation = PREPARE_C("libevent"),
     .there = "pkg-config libevent", .packages = "libevent-dev", .source = "server.c",
     .slow = C_SLOW "/", .late = C_SLOW " return 3;/"},
    {"shell", .launch = "systemfd -s http::5000 --watch . -- sh -c 'sleep 1.5; exec server'",
     .preparation = "echo hello >text", .there = "true", .source = "text", .slow = "",
     .late = "s/.*/broken/"},
    {"waiting-shell",
     .launch = "systemfd --no-pid -s http::5000 --watch . -- sh -c 'sleep 1.5; server & wait $!'",
     .preparation = "echo hello >text", .there = "true", .source = "text", .slow = "",
     .late = "s/.*/broken/"},
};

enum { COUNT = sizeof stacks / sizeof *stacks };

/* ---- One, in a process of its own ---- */

static struct process load;

/* What caches write into a home is gone with it, too. */
static int create_stack(void **state)
{
    int result = create_project(state);
    char *home = path_in(project, "..");

    setenv("HOME", home, 1);
    free(home);
    return result;
}

static int tear_down(void **state)
{
    if (load.output > 0)
        process_discard(&load);
    return remove_project(state);
}

/* Whatever takes its time says something: the deadline is for the next line. */
static void prepare_stack(const struct stack *stack)
{
    const char *const argv[] = {"sh", "-c", stack->preparation, NULL};
    struct process preparation;
    const char *line;

    if (!stack->preparation)
        return;
    process_start(&preparation, &(struct launch){.argv = argv, .folder = project});
    while ((line = process_line(&preparation)) != NULL)
        print_message("%s: %s\n", stack->name, line);
    assert_int_equal(process_wait(&preparation), 0);
    process_discard(&preparation);
}

/* "... http::5000 ...", with that port. */
static char *with_port(const char *launch, int port)
{
    const char *found = strstr(launch, "5000");
    char *result;

    assert_true(asprintf(&result, "%.*s%d%s", (int)(found - launch), launch, port, found + 4) > 0);
    return result;
}

/* The test keeps the port until systemfd has it, as both allow the reuse of an address on which
 * nobody listens: lighttpd's configuration must name it. */
static void launch_stack(const struct stack *stack)
{
    int reserved = idle_internet_stream("127.0.0.1"), port = port_of_socket(reserved), one = 1;
    char *launch =
        stack->recipe ? recipe_copy(stack->recipe, project, port) : with_port(stack->launch, port);
    char *command;
    const char *argv[] = {"sh", "-c", NULL, NULL};

    prepare_stack(stack);
    in_project("cp %s ../original", stack->source);
    assert_true(asprintf(&command, "exec %s", launch) > 0);
    argv[2] = command;
    assert_int_equal(setsockopt(reserved, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one), 0);
    start_systemfd(argv);
    expect("~> socket http://127.0.0.1:");
    ports[0] = port;
    close(reserved);
    free(command);
    free(launch);
}

/* As an editor saves: the new file takes the place of the old one. */
static void edit(const struct stack *stack, const char *word, const char *how)
{
    char answer[64];

    snprintf(answer, sizeof answer, stack->edit ? stack->edit : "s/hello/%s/", word);
    in_project("sed -e '%s' -e '%s' ../original >../next && mv ../next %s", answer, how,
               stack->source);
}

static void start_load(void)
{
    char clients[16], port[16];
    const char *const argv[] = {"load", clients, port, "5", NULL};

    snprintf(clients, sizeof clients, "%d", CLIENTS);
    snprintf(port, sizeof port, "%d", ports[0]);
    process_start(&load, &(struct launch){.argv = argv});
    process_line_with(&load, "started");
}

/* "answers: 120 hello, 34 word2\n": were there others than these? */
static void expect_words(const char *line, const char *old, const char *new)
{
    char word[32];
    int length;

    for (line += strlen("answers:"); sscanf(line, " %*u %31[^,\n]%n", word, &length) == 1;) {
        if (strcmp(word, old) != 0 && strcmp(word, new) != 0)
            fail_msg("neither '%s' nor '%s' was answered, but '%s'", old, new, word);
        line += length;
        if (*line++ == '\n')
            return;
    }
}

/* Nobody was lost, or waited for a start. One that resets does so to no more clients at once
 * than there are. */
static void stop_load(const struct stack *stack, const char *old, const char *new)
{
    unsigned refused, reset, lost;
    const char *words, *totals;

    process_signal(&load, SIGTERM);
    process_wait(&load);
    words = strstr(load.text, "answers: ");
    assert_non_null(words);
    print_message("%s: %s", stack->name, words);
    totals = strchr(words, '\n');
    assert_int_equal(
        sscanf(totals, " %*u requests, %u refused, %u reset, %u lost", &refused, &reset, &lost), 3);
    assert_int_equal(refused, 0);
    assert_int_equal(lost, 0);
    assert_in_range(reset, 0, stack->resets ? CLIENTS : 0);
    expect_words(words, old, new);
    assert_in_range(atol(strstr(words, "longest ") + strlen("longest ")), 0, WAIT_LIMIT_MS);
    process_discard(&load);
}

static int says(const char *word)
{
    char *answer = ask(ports[0], "/"), *body = strstr(answer, "\r\n\r\n");
    int result = body && strncmp(body + 4, word, strlen(word)) == 0;

    free(answer);
    return result;
}

/* Not before it accepts: until then the old one answers. A look at the clock that holds however
 * busy the machine is. */
static void expect_ready_late(unsigned generation)
{
    char beginning[64], unit[8];
    const char *line;
    double took;

    snprintf(beginning, sizeof beginning, "~> server %u is ready after ", generation);
    line = expect(beginning);
    assert_int_equal(sscanf(line + strlen(beginning), "%lf %7[a-z]", &took, unit), 2);
    if (strcmp(unit, "ms") == 0 || (strcmp(unit, "s") == 0 && 1000 * took < START_MS - 10))
        fail_msg("too early: %s", line);
}

static void test_of_one(void **state)
{
    static const char *const words[] = {"hello", "word2", "word3", "word4"};
    const struct stack *stack = *state;

    launch_stack(stack);
    expect_ready(1);
    WAIT_UNTIL(says(words[0]));
    for (unsigned i = 1; i <= EDITS; i++) {
        start_load();
        edit(stack, words[i], stack->slow);
        expect("~> changed: ");
        expect_ready_late(i + 1);
        WAIT_UNTIL(children_of(systemfd.pid) == 1 && says(words[i]));
        stop_load(stack, words[i - 1], words[i]);
    }
    start_load();
    edit(stack, "failed", stack->late);
    expect("~> server 5 died before it was ready: ");
    stop_load(stack, words[EDITS], words[EDITS]);
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* For stacks, those that Debian has: another Python, say, may lack their packages. */
static int find_stacks(void **state)
{
    char *path, *build = build_folder(), *here = realpath(".", NULL);

    assert_true(asprintf(&path, "/usr/bin:/usr/sbin:/bin:%s", getenv("PATH")) > 0);
    setenv("PATH", path, 1);
    setenv("ROOT", here, 1);
    setenv("BUILD_FOLDER", build, 1);
    setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", 1); /* starts sooner */
    setenv("CARGO_PROFILE_DEV_DEBUG", "0", 1);
    free(path);
    free(build);
    free(here);
    return find_programs_and_orphans(state);
}

static int run_one(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(stacks[i].name, name) == 0) {
            const struct CMUnitTest test[] = {{stacks[i].name, test_of_one, create_stack, tear_down,
                                               (void *)(uintptr_t)&stacks[i]}};
            return cmocka_run_group_tests(test, find_stacks, NULL);
        }
    return 2;
}

/* ---- All of them ---- */

static struct process running[COUNT];

static int is_there(const struct stack *stack)
{
    return shell_status(NULL, "%s", stack->there) == 0;
}

/* A few more than the one that is waited for. */
static void start_until(size_t last)
{
    static size_t started;

    for (; started <= last && started < COUNT; started++) {
        const char *const argv[] = {getenv("SELF"), stacks[started].name, NULL};
        if (!is_there(&stacks[started]))
            continue;
        process_start(&running[started], &(struct launch){.argv = argv});
        fcntl(running[started].output, F_SETPIPE_SZ, OUTPUT_SIZE); /* it is read at the end */
    }
}

/* It has deadlines of its own, and tells of them. */
static void wait_for_end(const struct process *process)
{
    long long deadline = now_ms() + STACK_LIMIT_MS;
    siginfo_t information = {0};

    while (information.si_pid == 0 && now_ms() < deadline) {
        assert_int_equal(
            waitid(P_PID, (id_t)process->pid, &information, WEXITED | WNOWAIT | WNOHANG), 0);
        poll(NULL, 0, 20);
    }
}

static void test_stack(void **state)
{
    const struct stack *stack = *state;
    struct process *process = &running[stack - stacks];
    int status;

    start_until((size_t)(stack - stacks) + SIDE_BY_SIDE - 1);
    if (process->output == 0)
        skip_because("%s is not installed", stack->packages);
    wait_for_end(process);
    status = process_wait(process);
    if (status != 0)
        show_text(process->text);
    process_discard(process);
    assert_int_equal(status, 0);
}

/* ---- What else the page says ---- */

/* PHP reads its script anew for each request: there is nothing to reload. */
static void test_php(void **state)
{
    char *launch, *ask_it, *answer, *command;
    const char *argv[] = {"sh", "-c", NULL, NULL};

    (void)state;
    if (!have_program("php-cgi") || !have_program("cgi-fcgi"))
        skip_because("php-cgi or libfcgi-bin is not installed");
    launch = recipe_copy(PHP, project, 0);
    ask_it = recipe_last_command(PHP);
    assert_true(asprintf(&command, "exec %s", launch) > 0);
    argv[2] = command;
    start_systemfd(argv);
    expect_ready(1);
    answer = shell("cd '%s' && %s", project, ask_it);
    assert_non_null(strstr(answer, "\r\n\r\nhello\n"));
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
    free(answer);
    free(command);
    free(ask_it);
    free(launch);
}

/* The code is the new one, the count the old one. */
static void test_state_survives(void **state)
{
    static const struct stack counter = {.recipe = "Python: state that survives a restart",
                                         .source = "counter.py"};

    (void)state;
    launch_stack(&counter);
    expect_ready(1);
    assert_answers(ports[0], "visit 1");
    in_project("sed -i 's/visit %%d/call %%d/' counter.py");
    expect_ready(2);
    WAIT_UNTIL(children_of(systemfd.pid) == 1);
    assert_answers(ports[0], "call 2");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* As npm does. */
static void test_what_node_starts_has_no_socket(void **state)
{
    static const char npm[] = "require('child_process').spawn(process.execPath, ['server.js'], "
                              "{stdio: 'inherit'})";

    (void)state;
    if (!have_program("node"))
        skip_because("nodejs is not installed");
    free(recipe_copy("Node", project, 0));
    START("-s", "http::0", "--watch", ".", "--", "node", "-e", npm);
    expect("Error: listen E");
    process_signal(&systemfd, SIGTERM);
    assert_dies_of(SIGTERM);
}

/* A recipe that nothing runs could say anything. */
static void test_each_recipe_is_run(void **state)
{
    char *count = shell("grep -c '^systemfd -s ' docs/recipes.md");
    int recipes = 2; /* PHP, and the counter */

    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        recipes += stacks[i].recipe != NULL;
    assert_int_equal(atoi(count), recipes);
    free(count);
}

int main(int argc, char **argv)
{
    static const struct CMUnitTest others[] = {TEST(test_php), TEST(test_state_survives),
                                               TEST(test_what_node_starts_has_no_socket),
                                               cmocka_unit_test(test_each_recipe_is_run)};
    struct CMUnitTest tests[COUNT + sizeof others / sizeof *others];

    if (argc > 1)
        return run_one(argv[1]);
    for (size_t i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){stacks[i].name, test_stack, NULL, NULL,
                                       (void *)(uintptr_t)&stacks[i]};
    memcpy(&tests[COUNT], others, sizeof others);
    return cmocka_run_group_tests(tests, find_stacks, NULL);
}
