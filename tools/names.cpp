// SPDX-License-Identifier: LGPL-2.1-or-later
#include "names.hpp"

#include "quantity.hpp"

#include <algorithm>
#include <array>

namespace ktally {
namespace {

constexpr std::array<std::string_view, 10> manager_properties{
    "Version",
    "Backend",
    "Features",
    "StartTimestampMonotonicUSec",
    "SampleIntervalUSec",
    "ReturnProgramEnabled",
    "ReturnProgramActive",
    "ReturnProgramHolds",
    "Probes",
    "EventsUnattributed",
};

// systemd.unit(5)
constexpr std::array<std::string_view, 11> unit_suffixes{".automount", ".device",  ".mount", ".path",
                                                         ".scope",     ".service", ".slice", ".socket",
                                                         ".swap",      ".target",  ".timer"};

} // namespace

std::vector<std::string_view> counter_interfaces()
{
    std::vector<std::string_view> names;
    for (const CounterRow &counter : counters)
        if (std::ranges::find(names, counter.interface) == names.end())
            names.push_back(counter.interface);
    return names;
}

std::vector<std::string_view> interfaces()
{
    std::vector<std::string_view> names = counter_interfaces();
    names.insert(names.begin(), manager_interface);
    return names;
}

std::vector<std::string_view> property_names(std::string_view interface)
{
    if (interface == manager_interface)
        return {manager_properties.begin(), manager_properties.end()};
    std::vector<std::string_view> names;
    for (const CounterRow &counter : counters)
        if (counter.interface == interface)
            names.push_back(counter.property);
    for (const Quantity &quantity : {open_descriptors, current_zombies})
        if (quantity.interface == interface)
            names.push_back(quantity.property);
    return names;
}

std::string unit_name(std::string_view typed)
{
    const bool complete = std::ranges::any_of(unit_suffixes, [typed](auto suffix) { return typed.ends_with(suffix); });
    return std::string{typed}.append(complete ? "" : ".service");
}

std::string full_name(const CounterRow &counter)
{
    return std::string{counter.interface}.append(".").append(counter.property);
}

} // namespace ktally
