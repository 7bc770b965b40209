// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Child: a command that runs in our place. Signals that ask us to end are passed on to it, and we outlive it. Owns the
// signal mask meanwhile; its fd() becomes readable when there is something to handle().
#pragma once

#include <sys/types.h>

#include <csignal>
#include <optional>
#include <string>
#include <vector>

namespace ktally {

class Child {
public:
    // Throws std::system_error if there can be no process. What cannot be executed says so and ends with 127 if it
    // was not found, else with 126, as in a shell.
    explicit Child(const std::vector<std::string> &command);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    int fd() const { return fd_; }

    // The exit status once it has ended: its own, or 128 and the number of the signal that killed it.
    std::optional<int> handle();

private:
    sigset_t mask_before_;
    int fd_;
    pid_t pid_;
};

} // namespace ktally
