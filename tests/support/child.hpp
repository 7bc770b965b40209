// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Child: a program that a test started. Killed and reaped when the test is done with it, or with the test process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ktally::test {

struct Output {
    std::filesystem::path out; // empty: the test's own
    std::filesystem::path err;
    bool closed = false; // starts with none of the three standard descriptors open
};

// Becomes the program, which is looked for in PATH; 127 if it cannot.
[[noreturn]] void execute(const std::vector<std::string> &command, const Output &output);

class Child {
public:
    // The program is looked for in PATH. Throws std::system_error.
    Child(const std::vector<std::string> &command, const Output &output);

    // Runs `body` in a fork of the test process; it must neither return nor use the test's connections.
    template <typename Body> explicit Child(Body body) : pid_{forked()}
    {
        if (pid_ == 0)
            body();
    }
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    void signal(int number) const;

    // Exit status, 128 + signal if one killed it. Nothing if it still runs after that time.
    std::optional<int> wait(std::chrono::milliseconds patience = std::chrono::seconds{5});

private:
    static pid_t forked();

    pid_t pid_;
    std::optional<int> status_;
};

std::string text_of(const std::filesystem::path &file);

// What a command printed and how it ended; stderr goes to the same text.
struct Finished {
    int status;
    std::string text;
};
Finished run(const std::vector<std::string> &command, std::chrono::milliseconds patience = std::chrono::seconds{5});

} // namespace ktally::test
