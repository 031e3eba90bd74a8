/* SPDX-License-Identifier: MIT
 * Every call of listenfd.c and systemfd that can fail, and how: those errors of its manual
 * page (sections 2 and 3) that a correct call may meet. EFAULT and the like are left out.
 *
 *   CALL(NAME, type of the result, the result that says "failed", parameters, arguments, errors)
 *   OTHER(NAME, errors)    written out in injector.c
 *
 * No include guard: each includer defines both for its own purpose (injector.c). faults.mk
 * reads the names. connect's ECONNREFUSED is missing: it is an answer, "the server is dead". */

#define PATH_ERRORS EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR
#define OPEN_ERRORS EACCES, EINTR, EMFILE, ENFILE, ENOENT, ENOMEM
#define STREAM_ERRORS EAGAIN, EFBIG, EINTR, EIO, ENOSPC, EPIPE

/* ---- Memory ---- */

CALL(malloc, void *, NULL, (size_t size), (size), ENOMEM)
CALL(calloc, void *, NULL, (size_t count, size_t size), (count, size), ENOMEM)
CALL(realloc, void *, NULL, (void *old, size_t size), (old, size), ENOMEM)
CALL(strdup, char *, NULL, (const char *text), (text), ENOMEM)
CALL(strndup, char *, NULL, (const char *text, size_t length), (text, length), ENOMEM)
CALL(setenv, int, -1, (const char *name, const char *value, int overwrite),
     (name, value, overwrite), ENOMEM)

OTHER(asprintf, ENOMEM)

/* ---- Sockets ---- */

CALL(accept, int, -1, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
     EAGAIN, ECONNABORTED, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EPROTO)
CALL(bind, int, -1, (int fd, const struct sockaddr *address, socklen_t size), (fd, address, size),
     EADDRINUSE, EADDRNOTAVAIL, EINVAL, EROFS, PATH_ERRORS)
CALL(connect, int, -1, (int fd, const struct sockaddr *address, socklen_t size),
     (fd, address, size), EAGAIN, EINTR, EPERM, EPROTOTYPE, PATH_ERRORS)
CALL(getpgid, pid_t, -1, (pid_t pid), (pid), EPERM, ESRCH)
CALL(getpeername, int, -1, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
     EBADF, ENOBUFS, ENOTCONN, ENOTSOCK)
CALL(getsockname, int, -1, (int fd, struct sockaddr *address, socklen_t *size), (fd, address, size),
     EBADF, ENOBUFS, ENOTSOCK)
CALL(getsockopt, int, -1, (int fd, int level, int option, void *value, socklen_t *size),
     (fd, level, option, value, size), EACCES, EBADF, ENOMEM, ENOPROTOOPT, ENOTSOCK)
CALL(gethostname, int, -1, (char *name, size_t size), (name, size), ENAMETOOLONG)
CALL(if_indextoname, char *, NULL, (unsigned number, char *name), (number, name), ENXIO)
CALL(if_nametoindex, unsigned, 0, (const char *name), (name), ENODEV, EMFILE)
CALL(listen, int, -1, (int fd, int backlog), (fd, backlog), EACCES, EADDRINUSE, EOPNOTSUPP)
CALL(recv, ssize_t, -1, (int fd, void *bytes, size_t size, int flags), (fd, bytes, size, flags),
     EAGAIN, ECONNREFUSED, ECONNRESET, EINTR, ENOMEM)
CALL(recvmsg, ssize_t, -1, (int fd, struct msghdr *message, int flags), (fd, message, flags),
     EAGAIN, ECONNREFUSED, EINTR, ENOMEM)
CALL(send, ssize_t, -1, (int fd, const void *bytes, size_t size, int flags),
     (fd, bytes, size, flags), EAGAIN, ECONNRESET, EINTR, ENOBUFS, ENOMEM, EPIPE)
CALL(sendmsg, ssize_t, -1, (int fd, const struct msghdr *message, int flags), (fd, message, flags),
     EAGAIN, ECONNREFUSED, EINTR, EMSGSIZE, ENOBUFS, ENOMEM)
CALL(setsockopt, int, -1, (int fd, int level, int option, const void *value, socklen_t size),
     (fd, level, option, value, size), EINVAL, ENOMEM, ENOPROTOOPT, EPERM)
CALL(shutdown, int, -1, (int fd, int how), (fd, how), ENOTCONN)
CALL(socket, int, -1, (int family, int type, int protocol), (family, type, protocol), EACCES,
     EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM, EPROTONOSUPPORT)
CALL(socketpair, int, -1, (int family, int type, int protocol, int ends[2]),
     (family, type, protocol, ends), EAFNOSUPPORT, EMFILE, ENFILE, ENOMEM)

/* ---- Descriptors ---- */

OTHER(close, EINTR, EIO, EDQUOT, ENOSPC)
CALL(dup, int, -1, (int fd), (fd), EMFILE)
CALL(dup2, int, -1, (int fd, int to), (fd, to), EBADF, EBUSY, EINTR, EMFILE)
CALL(fcntl, int, -1, (int fd, int command, long argument), (fd, command, argument), EBADF, EINVAL,
     EMFILE, EPERM)
CALL(ioctl, int, -1, (int fd, unsigned long request, void *argument), (fd, request, argument),
     EBADF, EINVAL, EIO, ENOTTY)
CALL(open, int, -1, (const char *path, int flags, mode_t mode), (path, flags, mode), OPEN_ERRORS)
CALL(pipe, int, -1, (int ends[2]), (ends), EMFILE, ENFILE)
CALL(poll, int, -1, (struct pollfd * entries, nfds_t count, int timeout), (entries, count, timeout),
     EINTR, EINVAL, ENOMEM)
CALL(read, ssize_t, -1, (int fd, void *bytes, size_t size), (fd, bytes, size), EAGAIN, EINTR, EIO)
CALL(write, ssize_t, -1, (int fd, const void *bytes, size_t size), (fd, bytes, size), EDQUOT,
     STREAM_ERRORS)

/* ---- Files ---- */

CALL(access, int, -1, (const char *path, int mode), (path, mode), EIO, PATH_ERRORS)
CALL(chdir, int, -1, (const char *path), (path), EIO, PATH_ERRORS)
OTHER(closedir, EBADF)
CALL(flock, int, -1, (int fd, int how), (fd, how), EINTR, ENOLCK)
CALL(fstat, int, -1, (int fd, struct stat *status), (fd, status), EBADF, ENOMEM, EOVERFLOW)
CALL(fstatat, int, -1, (int folder, const char *path, struct stat *status, int flags),
     (folder, path, status, flags), PATH_ERRORS)
CALL(fstatfs, int, -1, (int fd, struct statfs *system), (fd, system), EBADF, EINTR, EIO, ENOMEM,
     ENOSYS)
CALL(link, int, -1, (const char *path, const char *other), (path, other), EEXIST, EIO, EMLINK,
     ENOSPC, EPERM, EROFS, PATH_ERRORS)
CALL(lstat, int, -1, (const char *path, struct stat *status), (path, status), PATH_ERRORS)
CALL(opendir, DIR *, NULL, (const char *path), (path), OPEN_ERRORS, ENOTDIR)
CALL(readdir, struct dirent *, NULL, (DIR * folder), (folder), EOVERFLOW, EIO)
CALL(readlinkat, ssize_t, -1, (int fd, const char *path, char *text, size_t size),
     (fd, path, text, size), EINVAL, EIO, PATH_ERRORS)
CALL(realpath, char *, NULL, (const char *path, char *resolved), (path, resolved), EIO, PATH_ERRORS)
CALL(stat, int, -1, (const char *path, struct stat *status), (path, status), PATH_ERRORS)
CALL(statfs, int, -1, (const char *path, struct statfs *system), (path, system), EINTR, EIO, ENOSYS,
     PATH_ERRORS)
CALL(unlink, int, -1, (const char *path), (path), EBUSY, EIO, EPERM, EROFS, PATH_ERRORS)
CALL(inotify_init1, int, -1, (int flags), (flags), EMFILE, ENFILE, ENOMEM, ENOSYS)
CALL(inotify_add_watch, int, -1, (int fd, const char *path, uint32_t mask), (fd, path, mask),
     ENOSPC, PATH_ERRORS)
CALL(inotify_rm_watch, int, -1, (int fd, int watch), (fd, watch), EINVAL)

/* ---- Streams ---- */

OTHER(fclose, EDQUOT, EINTR, EIO, ENOSPC)
CALL(fflush, int, EOF, (FILE * stream), (stream), STREAM_ERRORS)
CALL(fgets, char *, NULL, (char *text, int size, FILE *stream), (text, size, stream), EINTR, EIO)
CALL(fopen, FILE *, NULL, (const char *path, const char *mode), (path, mode), OPEN_ERRORS)
OTHER(fprintf, STREAM_ERRORS)
CALL(fputc, int, EOF, (int byte, FILE *stream), (byte, stream), STREAM_ERRORS)
CALL(fputs, int, EOF, (const char *text, FILE *stream), (text, stream), STREAM_ERRORS)
CALL(fread, size_t, 0, (void *bytes, size_t size, size_t count, FILE *stream),
     (bytes, size, count, stream), EINTR, EIO)
CALL(getdelim, ssize_t, -1, (char **line, size_t *size, int end, FILE *stream),
     (line, size, end, stream), EINTR, EIO, ENOMEM)
OTHER(fscanf, EINTR, EIO)
CALL(fwrite, size_t, 0, (const void *bytes, size_t size, size_t count, FILE *stream),
     (bytes, size, count, stream), STREAM_ERRORS)
OTHER(printf, STREAM_ERRORS)
CALL(vfprintf, int, -1, (FILE * stream, const char *format, va_list arguments),
     (stream, format, arguments), STREAM_ERRORS)

/* ---- Terminals ---- */

CALL(grantpt, int, -1, (int fd), (fd), EACCES, EINVAL)
CALL(posix_openpt, int, -1, (int flags), (flags), EAGAIN, EMFILE, ENFILE, ENOSPC)
CALL(ptsname, char *, NULL, (int fd), (fd), ENOTTY)
CALL(tcgetattr, int, -1, (int fd, struct termios *modes), (fd, modes), EIO, ENOTTY)
CALL(tcsetattr, int, -1, (int fd, int when, const struct termios *modes), (fd, when, modes), EINTR,
     EIO, ENOTTY)
CALL(tcgetpgrp, pid_t, -1, (int fd), (fd), ENOTTY)
CALL(tcsetpgrp, int, -1, (int fd, pid_t group), (fd, group), EINTR, EINVAL, EIO, ENOTTY, EPERM)
CALL(unlockpt, int, -1, (int fd), (fd), EINVAL)

/* ---- Processes ---- */

CALL(execvp, int, -1, (const char *file, char *const *argv), (file, argv), E2BIG, EINVAL, EIO,
     EISDIR, ELIBBAD, EMFILE, ENFILE, ENOEXEC, EPERM, ETXTBSY, PATH_ERRORS)
CALL(fork, pid_t, -1, (void), (), EAGAIN, ENOMEM)
CALL(kill, int, -1, (pid_t pid, int number), (pid, number), EPERM, ESRCH)
CALL(mmap, void *, MAP_FAILED,
     (void *where, size_t size, int protection, int flags, int fd, off_t offset),
     (where, size, protection, flags, fd, offset), EAGAIN, ENFILE, ENOMEM)
CALL(prctl, int, -1, (int option, unsigned long value), (option, value), EINVAL)
CALL(setrlimit, int, -1, (int resource, const struct rlimit *limit), (resource, limit), EINVAL,
     EPERM)
CALL(setsid, pid_t, -1, (void), (), EPERM)
CALL(setpgid, int, -1, (pid_t pid, pid_t group), (pid, group), EACCES, EPERM, ESRCH)
CALL(sysconf, long, -1, (int name), (name), EINVAL)
CALL(process_vm_readv, ssize_t, -1,
     (pid_t pid, const struct iovec *local, unsigned long locals, const struct iovec *remote,
      unsigned long remotes, unsigned long flags),
     (pid, local, locals, remote, remotes, flags), ENOMEM, ENOSYS, EPERM, ESRCH)
CALL(wait, pid_t, -1, (int *status), (status), ECHILD, EINTR)
CALL(waitid, int, -1, (idtype_t type, id_t id, siginfo_t *information, int options),
     (type, id, information, options), ECHILD, EINTR)
CALL(waitpid, pid_t, -1, (pid_t pid, int *status, int options), (pid, status, options), ECHILD,
     EINTR)

/* pidfd_open, pidfd_send_signal, close_range; ENOSYS in older kernels, EPERM by a seccomp filter.
 */
CALL(syscall, long, -1, (long number, long a, long b, long c, long d), (number, a, b, c, d), EINVAL,
     EMFILE, ENFILE, ENODEV, ENOMEM, ENOSYS, EPERM, ESRCH)

#undef PATH_ERRORS
#undef OPEN_ERRORS
#undef STREAM_ERRORS
