// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/unit_gauges.hpp"

#include "core/descriptors.hpp"

#include <algorithm>

namespace ktally {

UnitIndex::UnitIndex(const Units &units) : units_{units}
{
    for (const auto &[name, unit] : units.all())
        by_path_.emplace(unit.cgroup, &unit);
}

std::vector<const UnitAccount *> UnitIndex::around(std::uint64_t cgroup) const
{
    const auto owner = units_.all().find(units_.name_of_cgroup(cgroup));
    if (owner == units_.all().end())
        return {};
    std::vector<const UnitAccount *> around{&owner->second};
    for (std::string_view path = owner->second.cgroup; path.size() > 1;) {
        path = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); // "/a/b", "/a", "/"
        if (const auto above = by_path_.find(path); above != by_path_.end())
            around.push_back(above->second);
    }
    return around;
}

UnitGauge zombies_by_unit(const Units &units, const std::vector<Zombies::Zombie> &zombies)
{
    const UnitIndex index{units};
    UnitGauge gauge;
    for (const Zombies::Zombie &zombie : zombies)
        for (const UnitAccount *unit : index.around(zombie.process.cgroup))
            ++gauge[unit];
    return gauge;
}

UnitGauge descriptors_by_unit(const Units &units, const std::vector<Process> &processes)
{
    const UnitIndex index{units};
    std::unordered_map<const UnitAccount *, OpenDescriptors> open;
    for (const Process &process : processes)
        for (const UnitAccount *unit : index.around(process.cgroup))
            open[unit].add(process);
    UnitGauge gauge;
    for (const auto &[unit, descriptors] : open)
        gauge[unit] = descriptors.count();
    return gauge;
}

} // namespace ktally
