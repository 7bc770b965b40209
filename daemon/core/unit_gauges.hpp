// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Gauges of units, from their processes. A process is in the unit that its cgroup belongs to and in all above that.
// Pure; what is returned is by units of `units` and good until those change.
#pragma once

#include "core/units.hpp"
#include "core/zombies.hpp"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ktally {

// Which units a cgroup is in.
class UnitIndex {
public:
    explicit UnitIndex(const Units &units);

    // The one that it belongs to first.
    std::vector<const UnitAccount *> around(std::uint64_t cgroup) const;

private:
    const Units &units_;
    std::unordered_map<std::string_view, const UnitAccount *> by_path_; // of their cgroups
};

// Units without any are left out.
using UnitGauge = std::unordered_map<const UnitAccount *, std::uint64_t>;

UnitGauge zombies_by_unit(const Units &units, const std::vector<Zombies::Zombie> &zombies);

// As open_descriptors() of the processes of each.
UnitGauge descriptors_by_unit(const Units &units, const std::vector<Process> &processes);

} // namespace ktally
