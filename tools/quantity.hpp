// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Quantities of units and processes: counters, and what there is now. How people name them, as column or to sort by.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ktally {

struct Quantity {
    std::string_view interface; // "Vfs"
    std::string_view property;  // "Reads"

    bool operator==(const Quantity &) const = default;
};

// Not in the table of counters, as they go up and down.
inline constexpr Quantity open_descriptors{"Files", "DescriptorsCurrent"};
inline constexpr Quantity current_zombies{"Processes", "ZombiesCurrent"};

// "Vfs.Reads"
std::string full_name(const Quantity &quantity);

// "READS", "THREADS CREATED", "DESCRIPTORS"
std::string title(const Quantity &quantity);

// All that are counted by unit, and by process. Bytes and errors are by neither.
std::vector<Quantity> unit_quantities();
std::vector<Quantity> process_quantities();

// The one of them that somebody typed: its full name, its property or its title, in any case. Throws Failure, with what
// there is.
Quantity named_quantity(std::string_view typed, const std::vector<Quantity> &quantities);

} // namespace ktally
