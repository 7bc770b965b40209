// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Zombies: which processes nobody reaps, since when, and what to say of it. Pure: time and processes are handed in.
#pragma once

#include "core/accounts.hpp"
#include "core/time.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace ktally {

// How many are told of in one update, so that a factory of them floods nobody.
inline constexpr std::size_t max_zombies_told = 10;

class Zombies {
public:
    struct Zombie {
        Process process;
        MonotonicTime since; // when it was first seen
        bool told = false;
    };

    struct Change {
        std::vector<Process> appeared;     // longer than the grace time, at most max_zombies_told
        std::size_t unmentioned = 0;       // that would be among them but for that limit; they are told of never
        std::vector<std::uint32_t> reaped; // pids of those that had appeared
    };

    // `processes`: the zombies there are now. A pid that is another process by its start is another zombie.
    Change update(MonotonicTime now, std::vector<Process> processes, std::chrono::microseconds grace);

    std::size_t count() const { return zombies_.size(); }

    // By pid and start.
    using Map = std::map<std::pair<std::uint32_t, std::int64_t>, Zombie>;
    const Map &all() const { return zombies_; }

private:
    Map zombies_;
};

} // namespace ktally
