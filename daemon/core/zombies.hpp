// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Zombies: which processes nobody reaps, since when, and what to say of it. Pure: time and processes are handed in.
// Little is kept of each, for there may be thousands; who they are is in the processes handed in.
#pragma once

#include "core/accounts.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ktally {

// How many are told of in one update, so that a factory of them floods nobody.
inline constexpr std::size_t max_zombies_told = 10;

class Zombies {
public:
    struct Zombie {
        Process process;
        MonotonicTime since; // when it was first seen
    };

    struct Change {
        std::vector<Process> appeared;     // zombies for the grace time, at most max_zombies_told
        std::size_t unmentioned = 0;       // that would be among them but for that limit; they are told of never
        std::vector<std::uint32_t> reaped; // pids of those that had appeared
    };

    // `processes`: the zombies there are now. A pid that is another process by its start is another zombie. Without a
    // grace time none appears: that is for a look between samples.
    Change update(MonotonicTime now, const std::vector<Process> &processes,
                  std::optional<std::chrono::microseconds> grace);

    std::size_t count() const { return zombies_.size(); }

    // When a zombie of the last update was first seen.
    MonotonicTime since(const Process &process) const;

private:
    enum class Told : std::uint8_t { not_yet, yes, never };

    struct Known {
        std::uint32_t pid;
        Told told;
        std::chrono::nanoseconds start;
        MonotonicTime since;
    };

    std::vector<Known> zombies_; // by pid and start
};

} // namespace ktally
