// SPDX-License-Identifier: LGPL-2.1-or-later
#include "child.hpp"

#include "eventually.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace ktally::test {
namespace {

constexpr int exec_failed = 127;

void redirect(const std::filesystem::path &file, int fd)
{
    if (file.empty())
        return;
    const int opened = open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(opened, fd);
    close(opened);
}

} // namespace

void execute(const std::vector<std::string> &command, const Output &output)
{
    redirect(output.out, STDOUT_FILENO);
    redirect(output.err, STDERR_FILENO);
    if (output.closed)
        for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            close(fd);
    std::vector<char *> arguments;
    for (const std::string &argument : command)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    execvp(arguments[0], arguments.data());
    _exit(exec_failed);
}

Child::Child(const std::vector<std::string> &command, const Output &output) : Child{[&] { execute(command, output); }}
{
}

Child::~Child()
{
    if (!status_) {
        signal(SIGKILL);
        wait();
    }
}

void Child::signal(int number) const
{
    if (!status_)
        kill(pid_, number);
}

std::optional<int> Child::wait(std::chrono::milliseconds patience)
{
    if (status_)
        return status_;
    // Without its wrapper: <sys/pidfd.h> of glibc 2.36 has no C linkage for C++.
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd ended{fd, POLLIN, 0};
    const bool in_time = poll(&ended, 1, static_cast<int>(stretched(patience).count())) > 0;
    close(fd);
    int status = 0;
    if (in_time && waitpid(pid_, &status, 0) == pid_)
        status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return status_;
}

pid_t Child::forked()
{
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0)
        throw std::system_error{errno, std::generic_category(), "fork"};
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that crashes leaves nothing behind
        if (getppid() != parent)
            _exit(exec_failed);
    }
    return pid;
}

std::string text_of(const std::filesystem::path &file)
{
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

Finished run(const std::vector<std::string> &command, std::chrono::milliseconds patience)
{
    std::string name = "/tmp/ktally-output-XXXXXX";
    close(mkstemp(name.data()));
    Child child{command, {name, name}};
    const int status = child.wait(patience).value_or(-1);
    Finished finished{status, text_of(name)};
    std::filesystem::remove(name);
    return finished;
}

} // namespace ktally::test
