/* SPDX-License-Identifier: MIT */
#include "error_page.h"

#include "buffer.h"
#include "live_reload.h"
#include "terminal_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\n"
    "<style>\n"
    "body{margin:0;background:#1e2127;color:#ddd;font:15px/1.5 system-ui,sans-serif}\n"
    "h1{margin:0;padding:1rem 1.5rem;background:#a3262e;color:#fff;font-size:1.2rem}\n"
    "pre{margin:0;padding:1rem 1.5rem;font:14px/1.45 ui-monospace,monospace;"
    "white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "p{margin:0;padding:.7rem 1.5rem;color:#999}\n"
    ".at{color:#fff;text-decoration:underline}\n"
    "</style>\n";

/* The page reloads every second, until a server answers. While one is being built, the request
 * waits, and this page stays in view. With --live-reload, the page is told when to reload instead,
 * unless it cannot load the script: if the browser is on another machine, say. */
static void put_reloading(struct buffer *page)
{
    static const char each_second[] = "<meta http-equiv=\"refresh\" content=\"1\">";

    if (live_reload_script()) {
        buffer_put(page, "<script src=\"");
        buffer_put(page, live_reload_script());
        buffer_put(page, "\" onerror=\"setTimeout(function(){location.reload()},1000)\" async>"
                         "</script><noscript>");
    }
    buffer_put(page, each_second);
    if (live_reload_script())
        buffer_put(page, "</noscript>");
    buffer_put(page, "\n");
}

static void put_html(struct buffer *page, const char *title, const char *text, size_t length)
{
    buffer_put(page, head);
    put_reloading(page);
    buffer_put(page, "<title>");
    put_terminal_text(page, title, strlen(title));
    buffer_put(page, "</title></head><body>\n<h1>");
    put_terminal_text(page, title, strlen(title));
    buffer_put(page, "</h1>\n<pre>");
    put_terminal_text(page, text, length);
    buffer_put(page, "</pre>\n<p>systemfd shows this while there is no server. "
                     "The page comes back by itself when there is one.</p>\n</body></html>\n");
}

static void put_plain(struct buffer *page, const char *title, const char *text, size_t length)
{
    buffer_put(page, title);
    buffer_put(page, "\n\n");
    buffer_add(page, text, length);
    if (length > 0 && text[length - 1] != '\n')
        buffer_put(page, "\n");
}

struct response error_page(const char *title, const char *text, size_t length, int html)
{
    struct buffer page = {0}, response = {0};
    char head_lines[256];

    if (html)
        put_html(&page, title, text, length);
    else
        put_plain(&page, title, text, length);
    snprintf(head_lines, sizeof head_lines,
             "HTTP/1.1 503 Service Unavailable\r\n"
             "Content-Type: text/%s; charset=utf-8\r\n"
             "Content-Length: %lu\r\n"
             "Cache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n",
             html ? "html" : "plain", (unsigned long)page.length);
    buffer_put(&response, head_lines);
    buffer_add(&response, page.text, page.length);
    free(page.text);
    return (struct response){response.text, response.length};
}
