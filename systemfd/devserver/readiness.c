/* SPDX-License-Identifier: MIT */
#include "readiness.h"

#include "clock.h"
#include "report.h"
#include "sockets/waiting_client.h"

#include <stdio.h>
#include <string.h>

enum {
    SETTLE_MS = 100,           /* how long a server must live, where it shows nothing else */
    PATIENCE_MS = 60000,       /* for what the servers before it have shown, while it is idle */
    BUSY_PATIENCE_MS = 600000, /* the same, however long it uses the processor */
    GUESS_PATIENCE_MS = 10000, /* where it is only guessed what it will show */
    ENDING_MS = 1000,          /* a server that ends may live so long with its sockets closed */
    ANNOUNCE_MS = 2000,        /* after this long, a terminal is told what is waited for */
    SELDOM_MS = 100,           /* longest pause between looks at a server that starts */
    SELDOM_RUNNING_MS = 1000,  /* longest pause between looks at one that runs */
    LEARN_MS = 60000,          /* how long to look at one that runs */
    BUSY_PAUSE_MS = 5,         /* longest pause for one that may be too busy to be caught waiting */
    CONNECTIONS = 8, /* this many looks, each with a new connection, show that it accepts */
    FRACTION = 16,   /* the pause is this fraction of the time since looks began */
    MULTIPLE = 4     /* the pause is at least this multiple of the time that a look took */
};

static const struct options *options;
static const struct sockets *sockets;
static socket_set shown; /* sockets on which the server before was seen to accept */
static int only_busy; /* it was never seen to wait there, but at most to be busy with connections */
static int speaks;    /* servers of this command say READY=1 */

void readiness_setup(const struct options *given, const struct sockets *given_sockets)
{
    options = given;
    sockets = given_sockets;
}

void readiness_begin(struct readiness *readiness, const char *name)
{
    memset(readiness, 0, sizeof *readiness);
    snprintf(readiness->name, sizeof readiness->name, "%s", name);
    readiness->started = readiness->quiet_since = readiness->since = now_ms();
    readiness->next_look = readiness->started + 1;
    accepting_setup(sockets);
}

/* ---- Looking ---- */

static int settle_ms(void)
{
    return options->settle_ms < 0 ? SETTLE_MS : options->settle_ms;
}

/* A process that was not caught waiting may be busy with clients, and is looked at more often. */
static void schedule(struct readiness *readiness, const struct sight *sight, long long began,
                     long long seldom)
{
    long long now = now_ms(), pause = (now - readiness->since) / FRACTION;

    if (pause > seldom)
        pause = seldom;
    if (pause > BUSY_PAUSE_MS && sight->busy && sight->holds & ~readiness->accepts)
        pause = BUSY_PAUSE_MS;
    if (pause < (now - began) * MULTIPLE)
        pause = (now - began) * MULTIPLE;
    readiness->next_look = now + (pause > 0 ? pause : 1);
}

/* Under a heavy load a server never waits: there is always a connection to accept. The system does
 * not show which sockets are such connections. But a process that runs, and has a new socket at
 * most looks, is not one that is still loading. */
static int has_new_connections(struct readiness *readiness, const struct sight *sight)
{
    int is_new = sight->busy && sight->other != readiness->connection;

    if (is_new)
        readiness->connection = sight->other;
    if (is_new || readiness->connections > 0)
        readiness->connections += is_new ? 1 : -1;
    return readiness->connections >= CONNECTIONS;
}

static void note_accepting(struct readiness *readiness, socket_set set, long process, int is_proof)
{
    if (!readiness->accepts) {
        readiness->seen = now_ms();
        readiness->process = process;
        readiness->is_proof = is_proof;
    }
    readiness->accepts |= set;
}

/* Kept, since a process may exec another command, and has none when it has ended. */
static void note_command(long process, char *command, size_t size)
{
    char text[256];

    accepting_command(process, text, sizeof text);
    if (*text)
        snprintf(command, size, "%.*s", (int)size - 1, text);
}

static void note_bare(struct readiness *readiness, const struct sight *sight)
{
    long owner = sight->owner ? sight->owner : readiness->owner;

    if (readiness->bare != sight->bare)
        readiness->bare_since = now_ms();
    readiness->bare = sight->bare;
    note_command(sight->bare, readiness->bare_command, sizeof readiness->bare_command);
    note_command(owner, readiness->owner_command, sizeof readiness->owner_command);
}

static void note(struct readiness *readiness, const struct sight *sight)
{
    readiness->waits |= sight->waits;
    if (sight->waits)
        note_accepting(readiness, sight->waits, sight->process, sight->is_proof);
    if (has_new_connections(readiness, sight))
        note_accepting(readiness, sight->holds, sight->busy, 1);
    if (sight->is_running || sight->processor > readiness->processor)
        readiness->quiet_since = now_ms();
    readiness->processor = sight->processor;
    readiness->stopped = sight->stopped;
    readiness->deaf = sight->deaf;
    if (sight->bare && !readiness->accepts)
        note_bare(readiness, sight);
    if (sight->owner)
        readiness->owner = sight->owner;
}

/* Returns whether its STATUS is a new one. */
static int hear(struct readiness *readiness, const struct child *child)
{
    struct said said;
    int is_new;

    child_hear(child, &said);
    if (said.ready)
        readiness->said_ready = speaks = 1;
    if (said.stopping)
        readiness->is_stopping = 1;
    if (said.extend_ms && now_ms() + said.extend_ms > readiness->extended)
        readiness->extended = now_ms() + said.extend_ms;
    is_new = *said.status && strcmp(said.status, readiness->status) != 0;
    if (is_new)
        memcpy(readiness->status, said.status, sizeof readiness->status);
    return is_new;
}

/* ---- What is missing ---- */

static socket_set wanted(const struct readiness *readiness)
{
    return shown & ~readiness->deaf;
}

static int must_say_ready(const struct child *child)
{
    return speaks && child_can_speak(child);
}

static int accepts(const struct readiness *readiness)
{
    if (!readiness->accepts || wanted(readiness) & ~readiness->accepts)
        return 0;
    return readiness->is_proof || now_ms() - readiness->seen >= settle_ms();
}

static int is_ready(const struct readiness *readiness, const struct child *child)
{
    if (wanted(readiness))
        return accepts(readiness) && (!must_say_ready(child) || readiness->said_ready);
    return readiness->said_ready || (accepts(readiness) && !must_say_ready(child));
}

/* From then on, a server counts as ready if it lives. */
static long long deadline(const struct readiness *readiness, const struct child *child)
{
    long long end = readiness->quiet_since + (only_busy ? GUESS_PATIENCE_MS : PATIENCE_MS);

    if (!wanted(readiness) && !must_say_ready(child)) {
        long long latest = readiness->started + GUESS_PATIENCE_MS;
        end = readiness->quiet_since + settle_ms();
        return end < latest ? end : latest;
    }
    if (end > readiness->started + BUSY_PATIENCE_MS)
        end = readiness->started + BUSY_PATIENCE_MS;
    return end > readiness->extended ? end : readiness->extended;
}

static const char *socket_text(socket_set set)
{
    size_t first = 0;

    while (!(set >> first & 1))
        first++;
    return sockets->list[first].spec ? sockets->list[first].spec->text
                                     : "the socket that was passed to systemfd";
}

/* What is waited for, as "nobody accepts on http::5000 yet". */
static void describe_missing(const struct readiness *readiness, const struct child *child,
                             char *text, size_t size)
{
    socket_set missing = wanted(readiness) & ~readiness->accepts;

    if (readiness->stopped)
        snprintf(text, size, "process %ld is stopped, as one is that reads from the terminal",
                 readiness->stopped);
    else if (missing)
        snprintf(text, size, "nobody accepts on %s yet", socket_text(missing));
    else if (must_say_ready(child) && !readiness->said_ready)
        snprintf(text, size, "it has not said READY=1 yet");
    else if (!wanted(readiness) && !readiness->accepts)
        snprintf(text, size, "it uses the processor, and nobody accepts yet");
    else
        snprintf(text, size, "it has to live for %d ms", settle_ms());
}

static void announce(struct readiness *readiness, const struct child *child)
{
    char missing[512];

    if (readiness->announced || now_ms() - readiness->started < ANNOUNCE_MS)
        return;
    readiness->announced = 1;
    readiness_explain(readiness);
    if (!report_on_terminal() && !readiness->stopped)
        return;
    describe_missing(readiness, child, missing, sizeof missing);
    report("waiting for %s: %s", readiness->name, missing);
}

int readiness_is_certain(const struct readiness *readiness)
{
    return readiness->accepts || readiness->said_ready;
}

/* npm and other programs of Node.js close other descriptors in what they start, as sudo(8) does. */
void readiness_explain(struct readiness *readiness)
{
    int is_itself = !readiness->owner || readiness->bare == readiness->owner;

    if (readiness->accepts || !*readiness->bare_command || readiness->explained ||
        (is_itself && now_ms() - readiness->bare_since < ENDING_MS))
        return;
    readiness->explained = 1;
    if (is_itself)
        report("nobody has the sockets any more, neither process %ld (%s) nor who started it",
               readiness->bare, readiness->bare_command);
    else
        report("process %ld (%s) had the sockets, but process %ld (%s) did not get them; if that "
               "is the server, run it without what starts it: systemfd ... -- %s",
               readiness->owner, readiness->owner_command, readiness->bare, readiness->bare_command,
               readiness->bare_command);
}

/* A server that knows nothing of passed sockets has them, and opens its own. One that uses the
 * processor may still be starting. */
static void explain_waiting_client(struct readiness *readiness)
{
    if (readiness->accepts || !readiness->owner || readiness->explained ||
        now_ms() - readiness->quiet_since < ANNOUNCE_MS || !client_is_waiting(sockets))
        return;
    readiness->explained = 1;
    report("a client is waiting, but %s does not accept: does it take the sockets that were passed "
           "to it (LISTEN_FDS)? See listenfd(7)",
           readiness->name);
}

/* ---- A server that starts ---- */

static const char *describe(const struct readiness *readiness, const struct child *child,
                            const char *why)
{
    static char text[96];

    if (accepts(readiness))
        snprintf(text, sizeof text, "it %s (process %ld)",
                 readiness->is_proof ? "accepts" : "has taken its sockets", readiness->process);
    else
        snprintf(text, sizeof text, "%s (process %ld)", why, child->id);
    return text;
}

static const char *give_up_waiting(const struct readiness *readiness, const struct child *child)
{
    char missing[512];

    if (wanted(readiness) || must_say_ready(child)) {
        describe_missing(readiness, child, missing, sizeof missing);
        report("%s was waited for, for %s: %s, but it lives", readiness->name,
               since(readiness->started), missing);
    }
    return describe(readiness, child, "it lives");
}

static int is_time_to_look(const struct readiness *readiness)
{
    return readiness->next_look && now_ms() >= readiness->next_look;
}

/* If a process is stopped, it only counts that the server accepts, not READY=1 or its age. */
static int may_be_ready(const struct readiness *readiness)
{
    return !readiness->is_stopping && (!readiness->stopped || accepts(readiness)) &&
           now_ms() - readiness->started >= options->settle_ms;
}

const char *readiness_reason(struct readiness *readiness, const struct child *child)
{
    long long began = now_ms();
    int looked = is_time_to_look(readiness), is_new = hear(readiness, child);
    struct sight sight;

    if (looked) {
        accepting_look(child, &sight);
        note(readiness, &sight);
        schedule(readiness, &sight, began, SELDOM_MS);
    }
    if (may_be_ready(readiness)) {
        if (is_ready(readiness, child))
            return describe(readiness, child, "it says READY=1");
        if (looked && now_ms() >= deadline(readiness, child))
            return give_up_waiting(readiness, child);
    }
    if (is_new)
        report("%s: %s", readiness->name, readiness->status);
    announce(readiness, child);
    return NULL;
}

/* ---- The server that runs ---- */

static socket_set all_sockets(void)
{
    return sockets->count < 64 ? (1ULL << sockets->count) - 1 : ~0ULL;
}

static int has_shown_all(const struct readiness *readiness)
{
    return (readiness->waits & all_sockets()) == all_sockets();
}

void readiness_reached(const struct readiness *readiness)
{
    shown = readiness->accepts;
    only_busy = !readiness->waits;
}

void readiness_learn(struct readiness *readiness, const struct child *child)
{
    int knew = readiness->accepts != 0;
    long long began = now_ms();
    struct sight sight;

    hear(readiness, child);
    if (has_shown_all(readiness) || began - readiness->since > LEARN_MS)
        readiness->next_look = 0;
    if (!is_time_to_look(readiness))
        return;
    accepting_look(child, &sight);
    note(readiness, &sight);
    shown |= readiness->accepts | sight.registered;
    only_busy &= !(sight.waits | sight.registered);
    schedule(readiness, &sight, began, SELDOM_RUNNING_MS);
    if (now_ms() - readiness->started >= ANNOUNCE_MS)
        readiness_explain(readiness);
    explain_waiting_client(readiness);
    if (!knew && readiness->accepts && readiness->is_proof)
        report("%s accepts after %s (process %ld)", readiness->name, since(readiness->started),
               readiness->process);
}

void readiness_learn_again(struct readiness *readiness)
{
    readiness->since = now_ms();
    readiness->next_look = has_shown_all(readiness) ? 0 : readiness->since;
}

/* ---- Time ---- */

int readiness_timeout(const struct readiness *readiness)
{
    return readiness->next_look ? until(readiness->next_look) : -1;
}
