// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Descriptors: how many are open in some processes, by their descriptor tables.
#pragma once

#include "core/accounts.hpp"

#include <cstdint>
#include <vector>

namespace ktally {

// A table that several of them share counts once. absent_total if one has too many to count.
std::uint64_t open_descriptors(const std::vector<Process> &processes);

} // namespace ktally
