/* SPDX-License-Identifier: MIT */
#include "browser.h"

#include "devserver.h"
#include "folder.h"
#include "sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct process driver;
static int driver_port;
static char session[128];

/* Sends a command and returns the body of the answer, for free(). The connection is kept open, so
 * Content-Length tells where the answer ends. */
static char *command(const char *method, const char *path, const char *json)
{
    int fd = connect_port(driver_port);
    char *request, *answer = calloc(1, 1 << 22), *body = NULL;
    size_t length = 0, wanted = 1;
    struct timeval limit = {.tv_sec = DEADLINE_MS / 1000};

    assert_non_null(answer);
    assert_true(asprintf(&request,
                         "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                         "Content-Length: %zu\r\n\r\n%s",
                         method, path, strlen(json), json) > 0);
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (int)strlen(request));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    while (!body || strlen(body) < wanted) {
        ssize_t got = recv(fd, answer + length, (1 << 22) - 1 - length, 0);
        assert_true(got > 0);
        length += (size_t)got;
        if ((body = strstr(answer, "\r\n\r\n")) != NULL) {
            const char *header = strcasestr(answer, "\r\nContent-Length:");
            assert_non_null(header);
            wanted = strtoul(header + strlen("\r\nContent-Length:"), NULL, 10);
            body += 4;
        }
    }
    close(fd);
    free(request);
    memmove(answer, body, strlen(body) + 1);
    return answer;
}

static char *in_session(const char *method, const char *path, const char *json)
{
    char whole[256];

    snprintf(whole, sizeof whole, "/session/%s%s", session, path);
    return command(method, whole, json);
}

int holds(const char *expression)
{
    char *json, *answer;
    int yes;

    assert_true(asprintf(&json, "{\"script\": \"return !!(%s)\", \"args\": []}", expression) > 0);
    answer = in_session("POST", "/execute/sync", json);
    yes = strstr(answer, "\"value\":true") != NULL;
    free(answer);
    free(json);
    return yes;
}

/* chromedriver takes a port that is free for IPv6, and exits if it is in use for IPv4. Returns 0
 * then. */
static int start_driver(void)
{
    static const char started[] = "ChromeDriver was started successfully";
    const char *const argv[] = {"chromedriver", "--port=0", NULL};
    const char *line;
    char *home;

    assert_true(asprintf(&home, "HOME=%s", project) > 0);
    process_start(&driver, &(struct launch){.argv = argv,
                                            .environ_ = (const char *const[]){home, NULL},
                                            .folder = project});
    free(home);
    while ((line = process_line(&driver)) && strncmp(line, started, strlen(started)) != 0) {
    }
    if (line)
        driver_port = atoi(strrchr(line, ' ') + 1);
    else
        process_discard(&driver);
    return line != NULL;
}

void skip_without_chromium(void)
{
    if (!have_program("chromedriver") || !have_program("chromium"))
        skip_because("chromium and chromium-driver are not installed");
}

/* As root, Chromium runs only without its sandbox. It keeps all its files in the project. (With
 * ".." in a path, it waits for ever.) */
void start_chromium(void)
{
    static const char capabilities[] =
        "{\"capabilities\": {\"alwaysMatch\": {\"pageLoadStrategy\": \"none\", "
        "\"goog:chromeOptions\": {\"args\": [\"--headless=new\", \"--no-sandbox\", "
        "\"--disable-gpu\", \"--disable-quic\", \"--disable-dev-shm-usage\", \"--no-first-run\", "
        "\"--disable-background-networking\", \"--disable-component-update\", \"--disable-sync\", "
        "\"--no-proxy-server\", \"--window-size=1000,600\", "
        "\"--host-resolver-rules=MAP *.test 127.0.0.1, MAP *.local 127.0.0.1, MAP mybox "
        "127.0.0.1\", "
        "\"--user-data-dir=%s/chromium\"]}}}}";
    char *json, *answer, *id;
    int attempts = 5;

    while (!start_driver())
        assert_true(--attempts > 0);
    assert_true(asprintf(&json, capabilities, project) > 0);
    answer = command("POST", "/session", json);
    id = strstr(answer, "\"sessionId\":\"");
    if (!id)
        print_message("%s\n", answer);
    assert_non_null(id);
    assert_int_equal(sscanf(id, "\"sessionId\":\"%127[^\"]", session), 1);
    free(answer);
    free(json);
}

void open_page(const char *host, const char *path)
{
    char json[256];

    snprintf(json, sizeof json, "{\"url\": \"http://%s:%d/%s\"}", host, ports[0], path);
    free(in_session("POST", "/url", json));
}

void take_screenshot(void)
{
    const char *file = getenv("SCREENSHOT");
    char *answer, *text, *path;

    if (!file)
        return;
    answer = in_session("GET", "/screenshot", "");
    text = strstr(answer, "\"value\":\"") + strlen("\"value\":\"");
    text[strcspn(text, "\"")] = '\0';
    path = path_in(project, "../screenshot");
    write_file(path, text);
    free(shell("base64 -d '%s' >'%s'", path, file));
    free(path);
    free(answer);
}

void stop_chromium(void)
{
    free(in_session("DELETE", "", ""));
    process_discard(&driver);
}

int end_chromium(void **state)
{
    if (driver.text)
        process_discard(&driver);
    return remove_project(state);
}
