// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Terminal: a program that asks a person, in a terminal that the test types into.
#pragma once

#include "eventually.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace ktally::test {

class Terminal {
public:
    // Throws std::system_error. "{fd}" in an argument becomes the number of a descriptor that the program closes when
    // it is ready.
    explicit Terminal(std::vector<std::string> command);
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;
    ~Terminal();

    void type(const std::string &text);
    bool until_ready(std::chrono::milliseconds patience);
    bool until(const std::string &text, std::chrono::milliseconds patience); // since it was last seen
    const std::string &said() const { return said_; }

private:
    void read();

    int terminal_ = -1;
    int ready_ = -1;
    pid_t process_ = -1;
    std::string said_;
    std::size_t seen_ = 0;
};

// Asks for the passwords that calls of this process need.
std::vector<std::string> polkit_agent();

} // namespace ktally::test
