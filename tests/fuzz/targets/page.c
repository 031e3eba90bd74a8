/* SPDX-License-Identifier: MIT
 * What a client is answered while there is no server: the request's head is read by
 * systemfd/page/visit.c, a build's output becomes a page in systemfd/page/error_page.c. An input:
 *
 *     recv=9s91         how the request comes: 1 to 9 times 2 bytes at a time, s: not yet; w: not
 *                       at all; h: the page is to go
 *     user=other        another user asks
 *     title=the build failed
 *     output=           up to "request=": what the build printed, colours and all
 *     times=5000        so often the request is repeated
 *     request=          and all that follows */
#include "input.h"

#include "systemfd/page/allowed_hosts.h"
#include "systemfd/page/live_reload.h"
#include "systemfd/page/peer.h"
#include "systemfd/page/visit.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* For its texts. */
#include "systemfd/page/answers.c"

enum { CLIENT = 1000000, LONGEST_REQUEST = 40000 };

/* What one client sends and gets. */
static struct {
    const char *arriving;
    uint8_t *request;
    size_t request_size, given, given_before_answer;
    char *got;
    size_t got_size;
    int shut, closed, is_other_user, hurry;
} client;

/* ---- In the place of the system ---- */

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags);
ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags);
int __wrap_shutdown(int fd, int how);
int __wrap_close(int fd);
int __real_close(int fd);

/* Pages are not reloaded here. */
const char *live_reload_script(void)
{
    return NULL;
}

static size_t amount_now(size_t size)
{
    size_t left = client.request_size - client.given;
    char how = *client.arriving;

    if (how >= '1' && how <= '9') {
        client.arriving++;
        if (size > (size_t)(how - '0') * 2)
            size = (size_t)(how - '0') * 2;
    }
    return size < left ? size : left;
}

ssize_t __wrap_recv(int fd, void *buffer, size_t size, int flags)
{
    size_t amount = amount_now(size);

    assert(fd == CLIENT && !client.closed && flags == 0);
    errno = EAGAIN;
    if (*client.arriving == 's' || *client.arriving == 'h') {
        client.hurry |= *client.arriving++ == 'h';
        return -1;
    }
    if (*client.arriving == 'w' && !client.shut) {
        errno = ECONNRESET;
        return -1;
    }
    if (amount > 0)
        memcpy(buffer, client.request + client.given, amount);
    client.given += amount;
    return (ssize_t)amount;
}

ssize_t __wrap_send(int fd, const void *buffer, size_t size, int flags)
{
    size_t amount = size > 1000 ? 1000 : size;

    assert(fd == CLIENT && !client.shut && flags == 0);
    client.got = realloc(client.got, client.got_size + amount + 1);
    assert(client.got);
    memcpy(client.got + client.got_size, buffer, amount);
    client.got_size += amount;
    client.got[client.got_size] = '\0';
    return (ssize_t)amount;
}

int __wrap_shutdown(int fd, int how)
{
    assert(fd == CLIENT && how == SHUT_WR);
    client.given_before_answer = client.given;
    client.shut = 1;
    return 0;
}

int __wrap_close(int fd)
{
    if (fd != CLIENT)
        return __real_close(fd);
    client.closed = 1;
    return 0;
}

int peer_is_same_user(listenfd_socket connection)
{
    assert(connection == CLIENT);
    return !client.is_other_user;
}

/* ---- The text of a page ---- */

static int starts(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* The length of a tag that a page may have in its text; *open counts what is not closed. */
static size_t tag_length(const char *text, int *bold, int *span)
{
    static const char style[] = "<span style=\"";
    size_t length;

    if (starts(text, "<b class=\"at\">")) {
        assert((*bold)++ == 0);
        return strlen("<b class=\"at\">");
    }
    if (starts(text, "</b>")) {
        assert((*bold)-- == 1);
        return strlen("</b>");
    }
    if (starts(text, "</span>")) {
        assert((*span)-- == 1 && *bold == 0);
        return strlen("</span>");
    }
    assert(starts(text, style));
    assert((*span)++ == 0 && *bold == 0);
    length =
        strlen(style) + strspn(text + strlen(style), "abcdefghijklmnopqrstuvwxyz0123456789:;#-");
    assert(starts(text + length, "\">"));
    return length + 2;
}

static char entity(const char *text, size_t *length)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};

    for (size_t i = 0; i < 4; i++)
        if (starts(text, entities[i].name)) {
            *length = strlen(entities[i].name);
            return entities[i].character;
        }
    abort(); /* a '&' that is none */
}

/* What a browser shows of it; nothing in it is a tag but ours. */
static char *shown(const char *html, const char *end)
{
    char *text = malloc((size_t)(end - html) + 1), *next = text;
    int bold = 0, span = 0;

    assert(text);
    while (html < end) {
        size_t length = 1;
        if (*html == '<') {
            html += tag_length(html, &bold, &span);
            continue;
        }
        assert(*html != '>' && *html != '"');
        *next++ = *html == '&' ? entity(html, &length) : *html;
        html += length;
    }
    *next = '\0';
    assert(html == end && bold == 0 && span == 0);
    return text;
}

/* Output without what is not shown: escape sequences (ECMA-48) and control characters. */
static char *cleaned(const char *output, size_t size)
{
    const char *end = output + size;
    char *text = malloc(size + 1), *next = text;

    assert(text);
    while (output < end) {
        char character = *output++;
        if (character != '\033') {
            if ((unsigned char)character >= ' ' || character == '\n' || character == '\t')
                *next++ = character;
            continue;
        }
        character = output < end ? *output++ : '\0';
        if (character == '[') {
            while (output < end && *output != '\n' && (*output < '@' || *output > '~'))
                output++;
            output += output < end && *output != '\n';
        } else if (character == ']') {
            while (output < end && !memchr("\n\a\033", *output, 3))
                output++;
            if (output < end && *output == '\a')
                output++;
            else if (end - output >= 2 && output[0] == '\033' && output[1] == '\\')
                output += 2;
        }
    }
    *next = '\0';
    return text;
}

static void check_shown(const char *begin, const char *end, const char *output, size_t size)
{
    char *is = shown(begin, end), *should_be = cleaned(output, size);

    assert(strcmp(is, should_be) == 0);
    free(is);
    free(should_be);
}

/* ---- The response ---- */

static const char *after(const char *text, const char *mark)
{
    const char *found = strstr(text, mark);

    assert(found);
    return found + strlen(mark);
}

/* What stands between the marks is that text. */
static const char *check_part(const char *html, const char *begin, const char *end,
                              const char *output, size_t size)
{
    const char *part = after(html, begin), *part_end = strstr(part, end);

    assert(part_end);
    check_shown(part, part_end, output, size);
    return part_end;
}

static void check_html(const char *body, const char *title, const char *output, size_t size)
{
    const char *next = check_part(body, "<title>", "</title>", title, strlen(title));

    next = check_part(next, "<h1>", "</h1>", title, strlen(title));
    next = check_part(next, "<pre>", "</pre>", output, size);
    assert(strcmp(client.got + client.got_size - strlen("</html>\n"), "</html>\n") == 0);
}

static void check_plain(const char *body, const char *title, const char *output, size_t size)
{
    size_t head = strlen(title) + 2, length = client.got_size - (size_t)(body - client.got);

    assert(starts(body, title) && starts(body + strlen(title), "\n\n"));
    assert(length == head + size + (size > 0 && output[size - 1] != '\n'));
    assert(size == 0 || memcmp(body + head, output, size) == 0);
}

/* What was read of it, as a text, which NUL ends. */
static char *request_read(void)
{
    char *text = strndup((const char *)client.request, client.given_before_answer);

    assert(text);
    return text;
}

static const char listed[] = "shop.test";
static const char *hosts_list[] = {listed};
static const struct arguments hosts = {hosts_list, 1};

/* For those of whom it is certain. */
static void check_host(const char *request, enum asked_host asked)
{
    int whole = strstr(request, "\r\n\r\n") != NULL;

    assert(whole || asked == FOREIGN_HOST);
    if (starts(request, "GET / HTTP/1.1\r\nHost: www.evil.example:5000\r\n"))
        assert(asked == FOREIGN_HOST);
    if (starts(request, "GET / HTTP/1.1\r\nHost: localhost\r\n"))
        assert(asked == (whole ? LOCAL_HOST : FOREIGN_HOST));
    if (starts(request, "GET / HTTP/1.1\r\nHost: shop.test:80\r\n"))
        assert(asked == (whole ? LISTED_HOST : FOREIGN_HOST));
}

static void check_response(const char *title, const char *output, size_t size)
{
    char *request = request_read();
    enum asked_host asked = asked_host(request, &hosts);
    const char *body;
    size_t length = 0;

    assert(client.shut && client.closed);
    assert(starts(client.got, "HTTP/1.1 503 Service Unavailable\r\n"));
    body = after(client.got, "\r\n\r\n");
    assert(sscanf(strstr(client.got, "\r\nContent-Length: "), "\r\nContent-Length: %zu", &length) ==
           1);
    assert(length == client.got_size - (size_t)(body - client.got));
    check_host(request, asked);
    if (asked == FOREIGN_HOST)
        output = for_known_hosts;
    else if (asked == LOCAL_HOST && client.is_other_user)
        output = for_its_user;
    if (output == for_known_hosts || output == for_its_user)
        size = strlen(output);
    if (strstr(request, "text/html"))
        check_html(body, title, output, size);
    else
        check_plain(body, title, output, size);
    free(request);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

/* As the responders do it. Who has said nothing when the page goes gets none; nor who is gone. */
static void check(const char *title, const char *output, size_t size)
{
    static struct visit visit;
    struct answers answers;

    make(answers.printed, title, output, size);
    make(answers.for_its_user, title, for_its_user, strlen(for_its_user));
    make(answers.for_known_hosts, title, for_known_hosts, strlen(for_known_hosts));
    answers.hosts = &hosts;
    visit_begin(&visit, CLIENT);
    while (visit_go_on(&visit, &answers)) {
        assert(visit_events(&visit) != 0 && visit_timeout(&visit) <= 5000 && !client.closed);
        if (client.hurry)
            visit_hurry(&visit, &answers);
    }
    assert(client.closed);
    if (client.got)
        check_response(title, output, size);
    else
        assert(client.given == 0 || *client.arriving == 'w');
    answers_free(&answers);
    free(client.got);
}

static void repeat_request(const uint8_t *request, size_t size, int times)
{
    client.request = malloc(LONGEST_REQUEST);
    assert(client.request);
    do {
        if (size == 0 || client.request_size + size > LONGEST_REQUEST)
            break;
        memcpy(client.request + client.request_size, request, size);
        client.request_size += size;
    } while (--times > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input;
    const uint8_t *output, *request;
    size_t output_size, request_size;
    char *copy;

    input_open(&input, data, size);
    memset(&client, 0, sizeof client);
    client.arriving = input_text(&input, "recv=");
    client.is_other_user = strcmp(input_text(&input, "user="), "other") == 0;
    request = input_rest(data, size, "\nrequest=", &request_size);
    repeat_request(request, request_size, atoi(input_text(&input, "times=")));
    output = input_rest(data, size, "\noutput=", &output_size);
    if (request && output && request > output)
        output_size = (size_t)(request - output) - strlen("\nrequest=");
    copy = malloc(output_size); /* so that one byte past its end is found out */
    assert(copy || output_size == 0);
    if (output_size > 0)
        memcpy(copy, output, output_size);
    check(input_text(&input, "title="), copy, output_size);
    free(copy);
    free(client.request);
    input_close(&input);
    return 0;
}
