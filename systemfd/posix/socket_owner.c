/* SPDX-License-Identifier: MIT */
#include "socket_owner.h"

#ifdef __linux__

#include "sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/rtnetlink.h>
#include <linux/unix_diag.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

/* From the kernel's net/tcp_states.h. */
enum { ESTABLISHED = 1, CLOSED = 7, LISTENING = 10, ONLY_BOUND = 13 /* Linux 6.8 */ };

#define STATE(state) (1U << (state))

/* ---- Addresses, IPv4 ones in v4-mapped form ---- */

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct endpoint {
    unsigned char host[16];
    in_port_t port; /* in network order */
    unsigned scope;
};

static struct endpoint endpoint_of(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    struct endpoint endpoint = {{0}, in->sin_port, 0};

    if (address->ss_family == AF_INET6) {
        memcpy(endpoint.host, &in6->sin6_addr, 16);
        endpoint.scope = in6->sin6_scope_id;
    } else {
        memcpy(endpoint.host, mapped, 12);
        memcpy(endpoint.host + 12, &in->sin_addr, 4);
    }
    return endpoint;
}

static int is_ipv4(const struct endpoint *endpoint)
{
    return memcmp(endpoint->host, mapped, 12) == 0;
}

/* [::] takes the port on every address, 0.0.0.0 on every IPv4 address. */
static int covers(const unsigned char *wide, const unsigned char *host)
{
    static const unsigned char zero[16];

    if (memcmp(wide, zero, 16) == 0)
        return 1;
    return memcmp(wide, mapped, 12) == 0 && memcmp(wide + 12, zero, 4) == 0 &&
           memcmp(host, mapped, 12) == 0;
}

static int collide(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, 16) == 0 || covers(a, b) || covers(b, a);
}

/* ---- TCP and UDP ---- */

struct search {
    struct endpoint wanted;
    struct socket_owner *owner;
};

static int owner_of(const struct inet_diag_msg *message, struct socket_owner *owner)
{
    owner->inode = message->idiag_inode;
    owner->user = (uid_t)message->idiag_uid;
    return 1;
}

static int is_in_the_way(const void *bytes, size_t size, void *context)
{
    const struct inet_diag_msg *message = bytes;
    const struct search *search = context;
    unsigned char host[16];

    if (size < sizeof *message || message->id.idiag_sport != search->wanted.port)
        return 0;
    memcpy(host, message->id.idiag_src, 16);
    if (message->idiag_family == AF_INET) {
        memcpy(host, mapped, 12);
        memcpy(host + 12, message->id.idiag_src, 4);
    }
    return collide(host, search->wanted.host) && owner_of(message, search->owner);
}

static int find_in_family(int family, const struct spec *spec, struct search *search)
{
    struct inet_diag_req_v2 request;
    int is_tcp = spec->type->type == SOCK_STREAM;

    memset(&request, 0, sizeof request);
    request.sdiag_family = (uint8_t)family;
    request.sdiag_protocol = is_tcp ? IPPROTO_TCP : IPPROTO_UDP;
    request.idiag_states = is_tcp ? STATE(LISTENING) | STATE(ONLY_BOUND) : ~0U;
    request.id.idiag_sport = search->wanted.port;
    return sock_diag_find(&request, sizeof request, SOCK_DIAG_ALL, is_in_the_way, search);
}

/* Looks in the spec's own family first, and then in the other unless the spec is IPv6 only. */
static int find_internet(const struct spec *spec, struct socket_owner *owner)
{
    struct search search = {endpoint_of(&spec->address), owner};
    int family = spec->address.ss_family;

    if (find_in_family(family, spec, &search))
        return 1;
    return spec->type->family != AF_INET6 &&
           find_in_family(family == AF_INET ? AF_INET6 : AF_INET, spec, &search);
}

/* ---- Unix ---- */

struct unix_search {
    const char *name; /* the abstract name, or NULL for a path */
    size_t name_size;
    struct stat file; /* the file at the path */
    struct socket_owner *owner;
};

static const struct rtattr *find_attribute(const void *bytes, size_t size, unsigned short type)
{
    const struct rtattr *attribute;
    size_t offset = NLMSG_ALIGN(sizeof(struct unix_diag_msg));

    while (offset + sizeof *attribute <= size) {
        attribute = (const struct rtattr *)(const void *)((const char *)bytes + offset);
        if (attribute->rta_len < sizeof *attribute || attribute->rta_len > size - offset)
            return NULL;
        if (attribute->rta_type == type)
            return attribute;
        offset += RTA_ALIGN((size_t)attribute->rta_len);
    }
    return NULL;
}

/* Compares files, because the path that was bound may be relative, or the file renamed since then.
 * The kernel's device numbers have 20 bits for the minor. */
static int has_file(const struct rtattr *attribute, const struct stat *file)
{
    struct unix_diag_vfs vfs;

    if (RTA_PAYLOAD(attribute) < sizeof vfs)
        return 0;
    memcpy(&vfs, RTA_DATA(attribute), sizeof vfs);
    return vfs.udiag_vfs_ino == (uint32_t)file->st_ino &&
           vfs.udiag_vfs_dev >> 20 == major(file->st_dev) &&
           (vfs.udiag_vfs_dev & 0xfffff) == minor(file->st_dev);
}

static int is_named(const void *bytes, size_t size, const struct unix_search *search)
{
    const struct rtattr *attribute =
        find_attribute(bytes, size, search->name ? UNIX_DIAG_NAME : UNIX_DIAG_VFS);

    if (!attribute)
        return 0;
    if (!search->name)
        return has_file(attribute, &search->file);
    return RTA_PAYLOAD(attribute) == search->name_size &&
           memcmp(RTA_DATA(attribute), search->name, search->name_size) == 0;
}

/* An accepted connection has its listener's name, too, but does not occupy the address. */
static int is_bound_there(const void *bytes, size_t size, void *context)
{
    enum { SHOWN_USER = 7 }; /* UNIX_DIAG_UID, Linux 5.3 */
    const struct unix_diag_msg *message = bytes;
    const struct unix_search *search = context;
    const struct rtattr *user;

    if (size < sizeof *message ||
        (message->udiag_type != SOCK_DGRAM && message->udiag_state == ESTABLISHED) ||
        !is_named(bytes, size, search))
        return 0;
    user = find_attribute(bytes, size, SHOWN_USER);
    search->owner->inode = message->udiag_ino;
    search->owner->user = NO_USER;
    if (user && RTA_PAYLOAD(user) >= sizeof search->owner->user)
        memcpy(&search->owner->user, RTA_DATA(user), sizeof search->owner->user);
    return 1;
}

static int find_unix(const struct spec *spec, struct socket_owner *owner)
{
    enum { SHOW_USER = 0x40 }; /* UDIAG_SHOW_UID, Linux 5.3 */
    const struct sockaddr_un *address = (const struct sockaddr_un *)&spec->address;
    struct unix_search search = {.owner = owner};
    struct unix_diag_req request;

    if (address->sun_path[0] == '\0') {
        search.name = address->sun_path;
        search.name_size = spec->address_size - offsetof(struct sockaddr_un, sun_path);
    } else if (lstat(address->sun_path, &search.file) < 0) {
        return 0;
    }
    memset(&request, 0, sizeof request);
    request.sdiag_family = AF_UNIX;
    request.udiag_states = STATE(LISTENING) | STATE(CLOSED) | STATE(ESTABLISHED);
    request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | SHOW_USER;
    return sock_diag_find(&request, sizeof request, SOCK_DIAG_ALL, is_bound_there, &search);
}

int find_bound_socket(const struct spec *spec, struct socket_owner *owner)
{
    return spec->address.ss_family == AF_UNIX ? find_unix(spec, owner) : find_internet(spec, owner);
}

/* ---- The other end of a connection ---- */

static void put_host(uint32_t words[4], const struct endpoint *endpoint, int ipv4)
{
    memcpy(words, endpoint->host + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
}

/* Refuses two answers: the listener at the address, which the kernel gives when there is no such
 * connection, and a closed connection, for which it no longer knows the user and gives 0. */
static int is_open_end(const void *bytes, size_t size, void *context)
{
    const struct inet_diag_msg *message = bytes;

    return size >= sizeof *message && message->idiag_state != LISTENING &&
           message->idiag_inode != 0 && owner_of(message, context);
}

int find_peer_socket(int connection, struct socket_owner *owner)
{
    struct sockaddr_storage own, peer;
    socklen_t own_size = sizeof own, peer_size = sizeof peer;
    struct inet_diag_req_v2 request;
    struct endpoint here, there;
    int ipv4;

    memset(&own, 0, sizeof own);
    memset(&peer, 0, sizeof peer);
    if (getsockname(connection, (struct sockaddr *)&own, &own_size) < 0 ||
        getpeername(connection, (struct sockaddr *)&peer, &peer_size) < 0 ||
        (own.ss_family != AF_INET && own.ss_family != AF_INET6))
        return 0;
    here = endpoint_of(&own);
    there = endpoint_of(&peer);
    ipv4 = is_ipv4(&here);
    memset(&request, 0, sizeof request);
    request.sdiag_family = ipv4 ? AF_INET : AF_INET6;
    request.sdiag_protocol = IPPROTO_TCP;
    request.idiag_states = ~0U;
    request.id.idiag_sport = there.port; /* as seen from the other end */
    request.id.idiag_dport = here.port;
    put_host(request.id.idiag_src, &there, ipv4);
    put_host(request.id.idiag_dst, &here, ipv4);
    request.id.idiag_if = there.scope;
    request.id.idiag_cookie[0] = request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return sock_diag_find(&request, sizeof request, SOCK_DIAG_ONE, is_open_end, owner);
}

#else

int find_bound_socket(const struct spec *spec, struct socket_owner *owner)
{
    (void)spec;
    (void)owner;
    return 0;
}

int find_peer_socket(int connection, struct socket_owner *owner)
{
    (void)connection;
    (void)owner;
    return 0;
}

#endif
