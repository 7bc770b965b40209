// SPDX-License-Identifier: LGPL-2.1-or-later
#include "names.hpp"

#include <algorithm>
#include <array>

namespace ktally {
namespace {

constexpr std::array<std::string_view, 9> manager_properties{
    "Version",
    "Backend",
    "Features",
    "StartTimestampMonotonicUSec",
    "SampleIntervalUSec",
    "ReturnProgramEnabled",
    "ReturnProgramActive",
    "ReturnProgramHolds",
    "Probes",
};

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
    return names;
}

std::string full_name(const CounterRow &counter)
{
    return std::string{counter.interface}.append(".").append(counter.property);
}

} // namespace ktally
