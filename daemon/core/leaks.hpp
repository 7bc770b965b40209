// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Leaks: which processes leak file descriptors, by how many they have in each sample. Pure: samples are handed in.
//
// What opens and closes has as many again and again: its lowest number in a span of samples is not above that of the
// span before for long. What leaks one in a hundred has more in every span. Twelve spans in a row that each exceed the
// one before are by chance one in six thousand million (13!).
#pragma once

#include "core/accounts.hpp"

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace ktally {

inline constexpr unsigned leak_spans = 12;

// Processes with fewer descriptors need not be handed in: the kernel's smallest table has 64.
inline constexpr std::uint32_t min_leak_descriptors = 48;

class Leaks {
public:
    struct Rule {
        unsigned samples = 60;       // over which descriptors grow, leak_spans or more
        unsigned limit_percent = 80; // of RLIMIT_NOFILE; 0: never
    };

    // One sample: the processes with at least min_leak_descriptors. Returns those to be reported: suspected for the
    // first time, or with twice as many as when they were reported last.
    std::vector<Process> update(const std::vector<Process> &processes, const Rule &rule);

private:
    struct Watched {
        bool rises(std::uint32_t descriptors, unsigned samples_per_span);

        std::uint32_t lowest = UINT32_MAX;   // in this span
        std::uint32_t previous = UINT32_MAX; // in the span before
        unsigned samples = 0;                // of this span
        unsigned risen = 0;                  // spans in a row that exceed the one before
        std::uint32_t reported = 0;          // with how many; 0: not yet
        std::uint64_t seen = 0;              // in which update
    };

    // By pid and start. One that was reported is remembered for as many samples as descriptors have to grow over: it
    // may be back, and then it is no news.
    std::map<std::pair<std::uint32_t, std::int64_t>, Watched> watched_;
    std::uint64_t updates_ = 0;
};

} // namespace ktally
