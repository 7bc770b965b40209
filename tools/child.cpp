// SPDX-License-Identifier: LGPL-2.1-or-later
#include "child.hpp"

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace ktally {
namespace {

constexpr int not_found = 127;
constexpr int not_executable = 126;
constexpr int killed = 128;

// A terminal sends ^C and its like to the command too, which must not get it twice.
bool came_from_terminal(const signalfd_siginfo &signal)
{
    return signal.ssi_code == SI_KERNEL;
}

[[noreturn]] void execute(const std::vector<std::string> &command)
{
    std::vector<char *> arguments;
    for (const std::string &argument : command)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    const int error = errno;
    fmt::print(stderr, "ktallyctl: {}: {}\n", command.front(), std::strerror(error));
    _exit(error == ENOENT ? not_found : not_executable);
}

sigset_t handled_signals()
{
    sigset_t handled;
    sigemptyset(&handled);
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD})
        sigaddset(&handled, signal);
    return handled;
}

int signal_fd()
{
    const sigset_t handled = handled_signals();
    const int fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        throw std::system_error{errno, std::generic_category(), "catching signals"};
    return fd;
}

} // namespace

Child::Child(const std::vector<std::string> &command) : fd_{signal_fd()}
{
    const sigset_t handled = handled_signals();
    sigprocmask(SIG_BLOCK, &handled, &mask_before_);
    pid_ = fork();
    if (pid_ == 0) {
        sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
        execute(command);
    }
    if (pid_ < 0) {
        const int error = errno;
        close(fd_);
        throw std::system_error{error, std::generic_category(), "starting a process"};
    }
}

Child::~Child()
{
    close(fd_);
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::optional<int> Child::handle()
{
    signalfd_siginfo signal{};
    while (read(fd_, &signal, sizeof signal) == sizeof signal) {
        if (signal.ssi_signo != SIGCHLD && !came_from_terminal(signal))
            kill(pid_, static_cast<int>(signal.ssi_signo));
    }
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_)
        return std::nullopt;
    return WIFSIGNALED(status) ? killed + WTERMSIG(status) : WEXITSTATUS(status);
}

} // namespace ktally
