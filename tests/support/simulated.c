/* SPDX-License-Identifier: MIT */
#include "simulated.h"

#include "clock.h"
#include "devserver/after.h"
#include "devserver/files.h"
#include "devserver/output.h"
#include "page/live_reload.h"
#include "page/page.h"
#include "test.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Pseudorandom numbers (xorshift) ---- */

static uint64_t chance = 1;

unsigned dice(unsigned sides)
{
    chance ^= chance << 13;
    chance ^= chance >> 7;
    chance ^= chance << 17;
    return (unsigned)(chance >> 11) % sides;
}

/* ---- Time ---- */

long long now = 1000;

long long now_ms(void)
{
    return now;
}

/* ---- Reports ---- */

char story[1 << 16];
static size_t told;

void tell(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    if (told < sizeof story - 256) {
        told += (size_t)snprintf(story + told, 64, "%8lld ", now);
        told += (size_t)vsnprintf(story + told, 160, format, arguments);
        story[told++] = '\n';
        story[told] = '\0';
    }
    va_end(arguments);
}

void report(const char *format, ...)
{
    char text[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tell("~> %.100s", text);
}

int report_on_terminal(void)
{
    return 0;
}

void die(int status, const char *format, ...)
{
    (void)status;
    print_message("%s\n", format);
    abort();
}

void *allocated(void *memory)
{
    assert_non_null(memory);
    return memory;
}

void story_begins(void)
{
    told = 0;
}

/* ---- Pages and output: not simulated ---- */

void page_show(const char *title, const struct tail *text)
{
    (void)title;
    (void)text;
}

void page_hide(void)
{
}

void page_end(void)
{
}

void page_look_after(const struct sockets *sockets, const struct arguments *hosts)
{
    (void)sockets;
    (void)hosts;
}

int page_timeout(void)
{
    return -1;
}

int page_is_there(void)
{
    return 0;
}

void outputs_drain(void)
{
}

void report_clear(void)
{
}

void live_reload_tell(void)
{
}

/* ---- --after: not simulated ---- */

void after_setup(const struct options *given, const struct sockets *given_sockets)
{
    (void)given;
    (void)given_sockets;
}

void after_ready(unsigned generation)
{
    (void)generation;
}

long after_id(void)
{
    return 0;
}

void after_has_ended(const struct exit_status *how)
{
    (void)how;
}

void after_stop(void)
{
}

void after_kill(void)
{
}

void after_look(void)
{
}

int after_timeout(void)
{
    return -1;
}

/* ---- Files ---- */

int file_is_link(const char *path)
{
    (void)path;
    return 0;
}

int file_is_own_output(const char *path)
{
    (void)path;
    return 0;
}
