/* SPDX-License-Identifier: MIT */
#include "sock_diag.h"

#ifdef __linux__

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    LONGEST_REQUEST = 128,
    BATCH_SIZE = 32768 /* more than the kernel puts into one answer */
};

/* Connected, so that only the kernel can answer (netlink_getsockbyportid()). */
static int open_netlink(void)
{
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&kernel, sizeof kernel) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int send_request(int fd, const void *request, size_t size, enum sock_diag_scope scope)
{
    struct {
        struct nlmsghdr header;
        char request[LONGEST_REQUEST];
    } message;

    if (size > sizeof message.request)
        return 0;
    memset(&message, 0, sizeof message);
    message.header.nlmsg_len = (unsigned)NLMSG_LENGTH(size);
    message.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    message.header.nlmsg_flags =
        (unsigned short)(NLM_F_REQUEST | (scope == SOCK_DIAG_ALL ? NLM_F_DUMP : 0));
    memcpy(message.request, request, size);
    return send(fd, &message, message.header.nlmsg_len, 0) == (ssize_t)message.header.nlmsg_len;
}

enum outcome { GO_ON, NOT_FOUND, FOUND };

static enum outcome look_at(const struct nlmsghdr *header, sock_diag_look *look, void *context)
{
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY) /* the end of the list, or an error */
        return NOT_FOUND;
    return look(NLMSG_DATA(header), header->nlmsg_len - NLMSG_HDRLEN, context) ? FOUND : GO_ON;
}

static enum outcome look_at_batch(const char *batch, size_t size, sock_diag_look *look,
                                  void *context)
{
    enum outcome outcome = GO_ON;

    while (outcome == GO_ON && size >= NLMSG_HDRLEN) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)batch;
        size_t length = NLMSG_ALIGN((size_t)header->nlmsg_len);
        if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > size)
            return NOT_FOUND;
        outcome = look_at(header, look, context);
        length = length < size ? length : size;
        batch += length;
        size -= length;
    }
    return outcome;
}

/* MSG_DONTWAIT loses nothing: the kernel answers within send and continues a list within recv. */
int sock_diag_find(const void *request, size_t size, enum sock_diag_scope scope,
                   sock_diag_look *look, void *context)
{
    static union {
        char bytes[BATCH_SIZE];
        struct nlmsghdr alignment;
    } batch;
    enum outcome outcome = NOT_FOUND;
    int fd = open_netlink();

    if (fd < 0)
        return 0;
    if (send_request(fd, request, size, scope)) {
        do {
            ssize_t got = recv(fd, batch.bytes, sizeof batch.bytes, MSG_DONTWAIT);
            outcome = got > 0 ? look_at_batch(batch.bytes, (size_t)got, look, context) : NOT_FOUND;
        } while (outcome == GO_ON && scope == SOCK_DIAG_ALL);
    }
    close(fd);
    return outcome == FOUND;
}

#else

int sock_diag_find(const void *request, size_t size, enum sock_diag_scope scope,
                   sock_diag_look *look, void *context)
{
    (void)request;
    (void)size;
    (void)scope;
    (void)look;
    (void)context;
    return 0;
}

#endif
