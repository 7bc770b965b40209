// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Top processes: which have the highest count, since each began or between two readings. Pure but for the reading.
#pragma once

#include "core/accounts.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ktally {

// What processes can be compared by: the calls they made, or how many descriptors they have open.
struct ProcessCounter {
    std::string name;                  // "Vfs.Reads", "Files.DescriptorsCurrent"
    const CounterRow *calls = nullptr; // of descriptors: none
};

// All there are, in the order of the table; descriptors come last.
std::vector<ProcessCounter> process_counters();

struct ProcessCount {
    Process process;
    std::uint64_t count;
};

// Of all processes, or those of one user, that have any.
std::vector<ProcessCount> count_processes(const Accounts &accounts, const ProcessCounter &counter,
                                          std::optional<std::uint32_t> uid);

// By pid and start.
using EarlierCounts = std::map<std::pair<std::uint32_t, std::int64_t>, std::uint64_t>;
EarlierCounts earlier_counts(const std::vector<ProcessCount> &counts);

// What each has more than earlier, those left out that do not.
std::vector<ProcessCount> since(std::vector<ProcessCount> counts, const EarlierCounts &earlier);

// The highest first, at most `limit` if that is not 0.
std::vector<ProcessCount> top(std::vector<ProcessCount> counts, std::size_t limit);

} // namespace ktally
