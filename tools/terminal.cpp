// SPDX-License-Identifier: LGPL-2.1-or-later
#include "terminal.hpp"

#include <fcntl.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace ktally {
namespace {

std::string_view environment(const char *name)
{
    const char *value = std::getenv(name);
    return value != nullptr ? value : "";
}

winsize terminal_size()
{
    winsize size{};
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return size;
}

std::optional<std::size_t> known(std::size_t size)
{
    return size > 0 ? std::optional{size} : std::nullopt;
}

// The command line of the pager; nothing if the user wants none.
const char *pager_command()
{
    for (const char *name : {"SYSTEMD_PAGER", "PAGER"}) {
        const char *command = std::getenv(name);
        if (command != nullptr)
            return *command == '\0' || std::strcmp(command, "cat") == 0 ? nullptr : command;
    }
    return "if command -v less >/dev/null; then exec less; else exec cat; fi";
}

[[noreturn]] void run_pager(const char *command, int input)
{
    dup2(input, STDIN_FILENO);
    // As systemctl: quit if it fits, pass colours, chop lines, verbose prompt, leave the screen, end with ^C.
    const char *options = std::getenv("SYSTEMD_LESS");
    setenv("LESS", options != nullptr ? options : "FRSXMK", 1);
    setenv("LESSSECURE", "1", 0); // less run by root through sudo must not start a shell
    execlp("sh", "sh", "-c", command, nullptr);
    _exit(127);
}

} // namespace

bool on_terminal()
{
    return isatty(STDOUT_FILENO) == 1;
}

std::optional<std::size_t> terminal_height()
{
    return known(terminal_size().ws_row);
}

std::optional<std::size_t> terminal_width()
{
    return known(terminal_size().ws_col);
}

bool use_colour()
{
    // Asked once: a pager that took the place of the terminal shows colours too.
    static const bool colour = on_terminal() && environment("NO_COLOR").empty() && environment("TERM") != "dumb" &&
                               !environment("TERM").empty();
    return colour;
}

bool use_unicode()
{
    return std::string_view{nl_langinfo(CODESET)} == "UTF-8";
}

Pager::Pager(bool wanted)
{
    const char *command = pager_command();
    if (!wanted || !on_terminal() || command == nullptr || environment("TERM") == "dumb")
        return;
    use_colour(); // before the terminal is out of sight
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) < 0)
        return;
    std::fflush(stdout);
    pid_ = fork();
    if (pid_ == 0)
        run_pager(command, ends[0]);
    if (pid_ > 0) {
        terminal_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
        dup2(ends[1], STDOUT_FILENO);
    }
    close(ends[0]);
    close(ends[1]);
}

Pager::~Pager()
{
    if (pid_ <= 0)
        return;
    std::fflush(stdout);
    dup2(terminal_, STDOUT_FILENO); // closes the pipe: the pager's end of input
    close(terminal_);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

} // namespace ktally
