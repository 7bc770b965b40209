// SPDX-License-Identifier: LGPL-2.1-or-later
#include "terminal.hpp"

#include "child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace ktally::test {

Terminal::Terminal(std::vector<std::string> command)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        throw std::system_error{errno, std::generic_category(), "pipe"};
    for (std::string &argument : command)
        if (const auto place = argument.find("{fd}"); place != std::string::npos)
            argument.replace(place, 4, std::to_string(ends[1]));
    process_ = forkpty(&terminal_, nullptr, nullptr, nullptr);
    if (process_ < 0)
        throw std::system_error{errno, std::generic_category(), "forkpty"};
    if (process_ == 0) {
        fcntl(ends[1], F_SETFD, 0);
        execute(command, {});
    }
    close(ends[1]);
    ready_ = ends[0];
    fcntl(terminal_, F_SETFD, FD_CLOEXEC);
    fcntl(terminal_, F_SETFL, O_NONBLOCK);
}

Terminal::~Terminal()
{
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    close(terminal_);
    close(ready_);
}

void Terminal::type(const std::string &text)
{
    if (write(terminal_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error{errno, std::generic_category(), "typing"};
}

bool Terminal::until_ready(std::chrono::milliseconds patience)
{
    pollfd waiting{ready_, POLLIN, 0};
    const bool ready = poll(&waiting, 1, static_cast<int>(patience.count())) == 1;
    read();
    return ready && waitpid(process_, nullptr, WNOHANG) == 0;
}

bool Terminal::until(const std::string &text, std::chrono::milliseconds patience)
{
    return eventually(
        [&] {
            read();
            const auto place = said_.find(text, seen_);
            if (place != std::string::npos)
                seen_ = place + text.size();
            return place != std::string::npos;
        },
        patience);
}

void Terminal::read()
{
    char block[4096];
    for (ssize_t size; (size = ::read(terminal_, block, sizeof block)) > 0;)
        said_.append(block, static_cast<std::size_t>(size));
}

std::vector<std::string> polkit_agent()
{
    return {"pkttyagent", "--notify-fd={fd}", "--process=" + std::to_string(getpid())};
}

} // namespace ktally::test
