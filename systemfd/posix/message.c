/* SPDX-License-Identifier: MIT */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* struct ucred */
#endif
#include "message.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef MSG_CMSG_CLOEXEC
enum { FLAGS = MSG_DONTWAIT | MSG_CMSG_CLOEXEC };
#else
enum { FLAGS = MSG_DONTWAIT };
#endif

#ifdef SCM_CREDENTIALS
enum { ROOM_FOR_SENDER = CMSG_SPACE(sizeof(struct ucred)) };

static void note_sender(struct message *message, const struct cmsghdr *header)
{
    struct ucred sender;

    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS)
        return;
    memcpy(&sender, CMSG_DATA(header), sizeof sender);
    message->user = sender.uid;
    message->process = sender.pid;
}
#else
enum { ROOM_FOR_SENDER = 0 };

static void note_sender(struct message *message, const struct cmsghdr *header)
{
    (void)message;
    (void)header;
}
#endif

static void note_descriptors(struct message *message, const struct cmsghdr *header)
{
    const unsigned char *bytes = CMSG_DATA(header), *end = (const unsigned char *)header;
    int fd;

    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return;
    for (end += header->cmsg_len; bytes + sizeof fd <= end; bytes += sizeof fd) {
        memcpy(&fd, bytes, sizeof fd);
        if (message->count < MOST_WITH_MESSAGE)
            message->descriptors[message->count++] = fd;
        else
            close(fd);
    }
}

static void set_close_on_exec(const struct message *message)
{
#ifdef MSG_CMSG_CLOEXEC
    (void)message;
#else
    for (size_t i = 0; i < message->count; i++)
        fcntl(message->descriptors[i], F_SETFD, FD_CLOEXEC);
#endif
}

int message_receive(int socket, struct message *message)
{
    union {
        struct cmsghdr header; /* for its alignment */
        char bytes[ROOM_FOR_SENDER + CMSG_SPACE(MOST_WITH_MESSAGE * sizeof(int))];
    } control;
    struct iovec part = {message->text, sizeof message->text - 1};
    struct msghdr received = {.msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes};
    ssize_t length = recvmsg(socket, &received, FLAGS);

    if (length < 0)
        return 0;
    message->length = (size_t)length;
    message->text[length] = '\0';
    message->text_is_cut = (received.msg_flags & MSG_TRUNC) != 0;
    message->descriptors_are_missing = (received.msg_flags & MSG_CTRUNC) != 0;
    message->count = 0;
    message->process = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&received); header;
         header = CMSG_NXTHDR(&received, header)) {
        note_sender(message, header);
        note_descriptors(message, header);
    }
    set_close_on_exec(message);
    return 1;
}

void message_close(struct message *message)
{
    while (message->count > 0)
        close(message->descriptors[--message->count]);
}
