// SPDX-License-Identifier: LGPL-2.1-or-later
#include "running_daemon.hpp"

#include "places.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace ktally::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 60s; // a guest that others keep from its CPU takes its time

[[noreturn]] void fail(const std::string &what)
{
    throw std::system_error{errno, std::generic_category(), what};
}

void write_file(const std::filesystem::path &path, const std::string &text)
{
    std::ofstream file{path};
    file << text;
    if (!file.flush())
        fail(path);
}

int notify_socket(const std::string &path)
{
    sockaddr_un address{AF_UNIX, {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_fd < 0 || bind(socket_fd, reinterpret_cast<sockaddr *>(&address), sizeof address) != 0)
        fail(path);
    return socket_fd;
}

} // namespace

RunningDaemon::RunningDaemon(const std::string &config, void (*before_exec)())
    : bus_{directory_.path(), Policy::project}
{
    const std::filesystem::path file = directory_.path() / "ktallyd.conf";
    const std::filesystem::path notify = directory_.path() / "notify";
    write_file(file, "[Daemon]\n" + config);
    const int socket = notify_socket(notify);
    started_at_ = Clock::now();
    process_ = std::make_unique<Child>([&] {
        setenv("NOTIFY_SOCKET", notify.c_str(), 1);
        if (before_exec)
            before_exec();
        execute({ktallyd_program(), "--config", file.string()}, {directory_.path() / "log", directory_.path() / "log"});
    });
    wait_until_ready(socket);
    close(socket);
    if (!ready_)
        return;
    connect();
}

RunningDaemon::~RunningDaemon()
{
    process_->signal(SIGTERM);
    process_->wait(patience);
}

void RunningDaemon::wait_until_ready(int socket)
{
    for (const auto until = Clock::now() + patience; !ready_ && !process_->wait(0ms) && Clock::now() < until;) {
        pollfd waiting{socket, POLLIN, 0};
        if (poll(&waiting, 1, 20) <= 0)
            continue;
        ready_at_ = Clock::now();
        std::string message(4096, '\0');
        const ssize_t size = recv(socket, message.data(), message.size(), 0);
        message.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        ready_ = message.find("READY=1\n") != std::string::npos;
        if (const auto status = message.find("STATUS="); status != std::string::npos)
            status_ = message.substr(status + 7);
    }
}

std::string RunningDaemon::log() const
{
    return text_of(directory_.path() / "log");
}

} // namespace ktally::test
