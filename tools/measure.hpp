// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Rates: what the daemon's totals amount to per second, over time that was measured. A Snapshot is one look at the
// totals; two make a Measurement.
#pragma once

#include "client.hpp"
#include "core/counters.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace ktally {

struct Snapshot {
    Totals totals;
    std::array<Clock::time_point, counter_count> taken; // of each total: interfaces are asked one after another
    bool return_active;
    std::optional<std::uint64_t> descriptors; // open; nothing if an older daemon doesn't tell
    std::optional<std::uint64_t> zombies;
};

struct Measurement {
    std::uint64_t timestamp_usec; // CLOCK_MONOTONIC
    std::uint64_t interval_usec;
    Totals totals;
    std::array<std::optional<double>, counter_count> rates; // per second; nothing where there is no telling
    bool return_active;                                     // all the time
};

inline bool absent(std::uint64_t total)
{
    return total == absent_total;
}

// Whether only the return program counts it.
inline bool needs_return(const CounterRow &counter)
{
    return counter.unit != Unit::calls;
}

// Nothing if one of the totals is absent or the later one is smaller: the daemon started over.
std::optional<double> rate(std::uint64_t before, std::uint64_t after, std::chrono::nanoseconds interval);

Snapshot snapshot(Client &client);
Measurement measure(const Snapshot &before, const Snapshot &after);

// Takes the value of each counter of `interface` that `properties` has.
void update(Totals &totals, std::string_view interface, const Properties &properties);

std::uint64_t usec(Clock::time_point time);

} // namespace ktally
