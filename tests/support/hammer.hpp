// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Hammer: a process whose threads call what is counted, over and over, until they are told to stop; it knows how often
// they did. For what happens meanwhile: the return program switched, CPUs that come and go.
#pragma once

#include "shared.hpp"
#include "worth.hpp"

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>

namespace ktally::test {

class Hammer {
public:
    static constexpr std::uint64_t bytes_a_call = 100; // read or written

    // Starts that many threads, which keep their files in `directory` and rest for so long between two rounds of calls.
    Hammer(unsigned threads, const std::filesystem::path &directory,
           std::chrono::milliseconds rest = std::chrono::milliseconds{1});
    Hammer(const Hammer &) = delete;
    Hammer &operator=(const Hammer &) = delete;
    ~Hammer();

    // Ends it and returns what it was worth, start and end included. Throws std::runtime_error if a call did not do
    // what it was meant to.
    Worth stop();

private:
    struct Progress {
        std::atomic<bool> stop;
        std::atomic<std::uint64_t> rounds; // of all threads
        std::atomic<std::uint64_t> forks;
    };

    unsigned threads_;
    Shared<Progress> shared_;
    pid_t process_;
};

} // namespace ktally::test
