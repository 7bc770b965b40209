// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Descriptors: how many are open in some processes, by their descriptor tables.
#pragma once

#include "core/accounts.hpp"

#include <cstdint>
#include <unordered_set>
#include <vector>

namespace ktally {

class OpenDescriptors {
public:
    // A table that several processes share counts once.
    void add(const Process &process);

    // absent_total if one has too many to count.
    std::uint64_t count() const { return uncountable_ ? absent_total : count_; }

private:
    std::unordered_set<std::uint64_t> tables_;
    std::uint64_t count_ = 0;
    bool uncountable_ = false;
};

std::uint64_t open_descriptors(const std::vector<Process> &processes);

} // namespace ktally
