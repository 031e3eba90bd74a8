// SPDX-License-Identifier: MIT
// C++17: the library behind two classes that close what they own, and throw the library's own
// sentence. Threads share the listener; on SIGTERM each finishes the request in hand.
//
//   c++ -std=c++17 -pthread -o raii raii.cpp $(pkg-config --cflags --libs listenfd)
//   systemfd -s http::5000 -- ./raii
#include "listenfd.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <new>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace
{

class Descriptor
{
  public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd)
    {
    }
    Descriptor(Descriptor &&other) noexcept : fd_(std::exchange(other.fd_, -1))
    {
    }
    Descriptor &operator=(Descriptor other) noexcept
    {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor()
    {
        if (fd_ >= 0)
            close(fd_);
    }

    [[nodiscard]] int get() const noexcept
    {
        return fd_;
    }
    explicit operator bool() const noexcept
    {
        return fd_ >= 0;
    }

  private:
    int fd_;
};

// What was passed to this process. Make it before the first thread.
class Passed
{
  public:
    explicit Passed(unsigned flags = 0) : sockets_(listenfd_from_env(flags), listenfd_free)
    {
        if (!sockets_)
            throw std::bad_alloc();
    }

    [[nodiscard]] std::size_t find(const char *name, std::size_t from = 0)
    {
        return listenfd_find_name(sockets_.get(), name, from);
    }

    [[nodiscard]] Descriptor tcp_listener(std::size_t index, const char *address)
    {
        listenfd_socket fd;

        if (listenfd_take_or_bind(sockets_.get(), index, address, &fd) < 0)
            throw std::runtime_error(listenfd_message(sockets_.get()));
        return Descriptor(fd);
    }

  private:
    std::unique_ptr<struct listenfd, decltype(&listenfd_free)> sockets_;
};

// To the blank line: closing with bytes unread would reset the connection.
bool read_request(const Descriptor &peer)
{
    const timeval limit{10, 0};
    std::array<char, 1024> bytes;
    std::string request;
    ssize_t got;

    setsockopt(peer.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    do {
        got = recv(peer.get(), bytes.data(), bytes.size(), 0);
        if (got > 0)
            request.append(bytes.data(), static_cast<std::size_t>(got));
    } while (got > 0 && request.size() < 65536 && request.find("\r\n\r\n") == std::string::npos);
    return got > 0;
}

void answer(const Descriptor &peer)
{
    if (!read_request(peer))
        return;
    const std::string body = "hello from process " + std::to_string(getpid()) + "\n";
    const std::string response =
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    send(peer.get(), response.data(), response.size(), MSG_NOSIGNAL);
}

// Until the writing end of the pipe is closed. Where another thread or process was faster,
// accept says EAGAIN: that is why the listener must not block.
void work(const Descriptor &listener, const Descriptor &stop)
{
    std::array<pollfd, 2> ready{{{listener.get(), POLLIN, 0}, {stop.get(), POLLIN, 0}}};

    while (poll(ready.data(), ready.size(), -1) < 0 || ready[1].revents == 0)
        if (const Descriptor peer{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)})
            answer(peer);
}

// Threads that serve, until it goes out of scope.
class Workers
{
  public:
    // Once Workers() is done, the destructor runs even if a thread cannot be started.
    Workers(const Descriptor &listener, int count) : Workers()
    {
        for (int i = 0; i < count; i++)
            threads_.emplace_back(work, std::cref(listener), std::cref(stop_));
    }
    Workers(const Workers &) = delete;
    Workers &operator=(const Workers &) = delete;
    ~Workers()
    {
        stopper_ = Descriptor();
        for (auto &thread : threads_)
            thread.join();
    }

  private:
    Workers()
    {
        std::array<int, 2> ends;

        if (pipe2(ends.data(), O_CLOEXEC) < 0)
            throw std::system_error(errno, std::generic_category(), "pipe");
        stop_ = Descriptor(ends[0]);
        stopper_ = Descriptor(ends[1]);
    }

    Descriptor stop_, stopper_; // the two ends of a pipe
    std::vector<std::thread> threads_;
};

sigset_t block_signals()
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

void serve(const char *address)
{
    const Descriptor listener = Passed(LISTENFD_NONBLOCK).tcp_listener(0, address);
    const sigset_t signals = block_signals(); // for the threads, too
    const Workers workers(listener, 4);
    int number;

    sigwait(&signals, &number);
}

} // namespace

int main(int argc, char **argv)
try {
    serve(argc > 1 ? argv[1] : "127.0.0.1:5000");
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "raii: %s\n", error.what());
    return 1;
}
