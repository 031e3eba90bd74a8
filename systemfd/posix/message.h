/* SPDX-License-Identifier: MIT
 * A datagram from a unix socket: its text, the descriptors that came with it (SCM_RIGHTS), and on
 * Linux its sender. */
#ifndef SYSTEMFD_MESSAGE_H
#define SYSTEMFD_MESSAGE_H

#include <stddef.h>
#include <sys/types.h>

enum { MOST_WITH_MESSAGE = 253 }; /* Linux: SCM_MAX_FD */

struct message {
    char text[4096]; /* ended by NUL */
    size_t length;
    int text_is_cut;
    int descriptors[MOST_WITH_MESSAGE]; /* close-on-exec */
    size_t count;
    int descriptors_are_missing; /* systemfd had no number left for some (MSG_CTRUNC) */
    uid_t user;                  /* the sender's, if SO_PASSCRED is set */
    pid_t process;               /* the sender's, or 0 if it is not known */
};

/* Receives the next datagram without waiting. Returns 1, and the descriptors are for message_close;
 * or 0 if there is none. */
int message_receive(int socket, struct message *message);

/* Closes the descriptors that are left in the message. */
void message_close(struct message *message);

#endif
