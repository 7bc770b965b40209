// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Sampling: totals that never go backwards, taken at measured times. Pure: time and totals are handed in.
#pragma once

#include "core/counters.hpp"
#include "core/time.hpp"

#include <bitset>
#include <chrono>
#include <optional>

namespace ktally {

// Published totals. Counters only grow; a smaller value means that the slots were replaced, so what was counted before
// stays and counting goes on from zero.
class Ledger {
public:
    // The total to publish for a counter whose slots add up to `raw`. `absent_total` passes through.
    std::uint64_t publish(Counter counter, std::uint64_t raw);

private:
    Totals base_{};
    Totals last_{};
};

struct Sample {
    MonotonicTime taken;
    std::chrono::microseconds interval; // since the sample before, measured
    Totals totals;
    std::bitset<counter_count> changed; // since the sample before
};

class Sampler {
public:
    // The sample before the first: when it was taken, and its totals; without them, all have changed in the first.
    Sampler(MonotonicTime taken, const std::optional<Totals> &totals) : taken_{taken}, totals_{totals} {}

    Sample sample(MonotonicTime now, const Totals &totals);

private:
    MonotonicTime taken_;
    std::optional<Totals> totals_;
};

} // namespace ktally
