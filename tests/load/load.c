/* SPDX-License-Identifier: MIT
 * Clients that open a connection per request, one request after the other, and count what
 * becomes of them. One that was not answered tries again after a moment.
 *
 *   load CLIENTS [PORT [PAUSE]]
 *     PORT of 127.0.0.1; without it, the port of the socket passed
 *     PAUSE in milliseconds after each answer; without it, the next request follows at once
 *
 * Each client prints "started" once its first request was answered; all end on SIGTERM, SIGINT
 * or SIGALRM with "N requests, N refused, N reset, N lost, longest N.N ms": the longest that a
 * client was without an answer. The line before says what was answered: "answers: N WORD, ...",
 * with the first word of the body. Exit status 1 when any was refused, reset or lost, or when
 * there was none. */
#include "listenfd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum outcome { ANSWERED, REFUSED, RESET, LOST, OUTCOMES };

enum { MAX_CLIENTS = 256, PATIENCE_S = 30, RETRY_US = 1000, MAX_WORDS = 16, WORD_SIZE = 32 };

struct client {
    pthread_t thread;
    unsigned long count[OUTCOMES];
    long longest_us;
};

static struct sockaddr_in server;
static volatile int stopping;
static useconds_t pause_us;

static struct {
    char text[WORD_SIZE];
    unsigned long count;
} words[MAX_WORDS]; /* those beyond are not told apart */
static pthread_mutex_t words_lock = PTHREAD_MUTEX_INITIALIZER;

static long now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void count_word(const char *body)
{
    size_t length = strcspn(body, " \n"), i = 0;

    length = length < WORD_SIZE ? length : WORD_SIZE - 1;
    pthread_mutex_lock(&words_lock);
    while (i < MAX_WORDS - 1 && words[i].count > 0 &&
           (strncmp(words[i].text, body, length) != 0 || words[i].text[length] != '\0'))
        i++;
    if (words[i].count++ == 0)
        memcpy(words[i].text, body, length);
    pthread_mutex_unlock(&words_lock);
}

/* Whole only if the body is as long as its Content-Length says. */
static int is_whole(const char *answer)
{
    const char *body = strstr(answer, "\r\n\r\n"), *length = strcasestr(answer, "Content-Length: ");

    return strncmp(answer, "HTTP/1.", 7) == 0 && body && length &&
           strlen(body + 4) == strtoul(length + 16, NULL, 10);
}

static enum outcome converse(int fd)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    struct timeval limit = {PATIENCE_S, 0};
    char answer[4096];
    size_t length = 0;
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) < 0)
        return errno == ECONNRESET ? RESET : REFUSED;
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        return errno == ECONNRESET || errno == EPIPE ? RESET : LOST;
    do {
        got = recv(fd, answer + length, sizeof answer - 1 - length, 0);
        length += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    answer[length] = '\0';
    if (got < 0)
        return errno == ECONNRESET ? RESET : LOST;
    if (!is_whole(answer))
        return LOST;
    count_word(strstr(answer, "\r\n\r\n") + 4);
    return ANSWERED;
}

static void *run_client(void *argument)
{
    struct client *client = argument;
    long start = now_us(), took;

    while (!stopping) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        enum outcome outcome = converse(fd);
        close(fd);
        took = now_us() - start;
        client->count[outcome]++;
        if (took > client->longest_us)
            client->longest_us = took;
        if (client->count[ANSWERED] == 1 && outcome == ANSWERED) {
            static const char started[] = "started\n";
            if (write(STDOUT_FILENO, started, strlen(started)) < 0)
                stopping = 1; /* nobody is there to hear of it */
        }
        if (outcome != ANSWERED)
            usleep(RETRY_US);
        else if (pause_us > 0)
            usleep(pause_us);
        if (outcome == ANSWERED)
            start = now_us();
    }
    return NULL;
}

static int port_of_passed_socket(void)
{
    struct listenfd *passed = listenfd_from_env(LISTENFD_KEEP);
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    listenfd_socket fd;

    if (listenfd_take_tcp_listener(passed, 0, &fd) != 1 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        fprintf(stderr, "load: no port given, and %s\n", listenfd_message(passed));
        exit(2);
    }
    listenfd_free(passed);
    return ntohs(address.sin_port);
}

static void print_words(void)
{
    for (size_t i = 0; i < MAX_WORDS && words[i].count > 0; i++)
        printf("%s%lu %s", i ? ", " : "answers: ", words[i].count, words[i].text);
    printf("\n");
}

static int print_totals(const struct client *clients, int count)
{
    struct client all = {0};

    for (int i = 0; i < count; i++) {
        for (int j = 0; j < OUTCOMES; j++)
            all.count[j] += clients[i].count[j];
        if (clients[i].longest_us > all.longest_us)
            all.longest_us = clients[i].longest_us;
    }
    print_words();
    printf("%lu requests, %lu refused, %lu reset, %lu lost, longest %ld.%ld ms\n",
           all.count[ANSWERED] + all.count[REFUSED] + all.count[RESET] + all.count[LOST],
           all.count[REFUSED], all.count[RESET], all.count[LOST], all.longest_us / 1000,
           all.longest_us / 100 % 10);
    return all.count[ANSWERED] > 0 && all.count[REFUSED] + all.count[RESET] + all.count[LOST] == 0;
}

int main(int argc, char **argv)
{
    static struct client clients[MAX_CLIENTS];
    int count = argc > 1 ? atoi(argv[1]) : 0, number;
    sigset_t endings;

    if (count < 1 || count > MAX_CLIENTS) {
        fprintf(stderr, "usage: load CLIENTS [PORT [PAUSE]], with 1 to %d clients\n", MAX_CLIENTS);
        return 2;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)(argc > 2 ? atoi(argv[2]) : port_of_passed_socket()));
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pause_us = argc > 3 ? (useconds_t)atoi(argv[3]) * 1000 : 0;

    sigemptyset(&endings);
    sigaddset(&endings, SIGTERM);
    sigaddset(&endings, SIGINT);
    sigaddset(&endings, SIGALRM);
    sigprocmask(SIG_BLOCK, &endings, NULL);
    for (int i = 0; i < count; i++)
        pthread_create(&clients[i].thread, NULL, run_client, &clients[i]);
    sigwait(&endings, &number);
    stopping = 1;
    for (int i = 0; i < count; i++)
        pthread_join(clients[i].thread, NULL);
    return !print_totals(clients, count);
}
