// SPDX-License-Identifier: LGPL-2.1-or-later
#include "rows.hpp"

#include <utility>

namespace ktally {
namespace {

constexpr std::string_view interface_prefix = "org.ktally1.";

template <typename T>
std::optional<T> detail(const std::map<std::string, sdbus::Variant> &details, const std::string &name)
{
    const auto found = details.find(name);
    if (found == details.end() || !found->second.containsValueOfType<T>())
        return std::nullopt;
    return found->second.get<T>();
}

} // namespace

std::optional<std::uint64_t> UnitRow::number(const Quantity &quantity) const
{
    const auto found = numbers.find(full_name(quantity));
    return found == numbers.end() ? std::nullopt : std::optional{found->second};
}

std::vector<ProbeRow> probes(const Properties &manager)
{
    using Row = sdbus::Struct<std::string, std::string, std::string, std::string>;
    std::vector<ProbeRow> probes;
    for (const Row &row : value<std::vector<Row>>(manager, "Probes").value_or(std::vector<Row>{}))
        probes.push_back({std::get<0>(row), std::get<1>(row), std::get<2>(row), std::get<3>(row)});
    return probes;
}

ReturnProgramState return_program(const Properties &manager)
{
    using Row = std::map<std::string, sdbus::Variant>;
    ReturnProgramState state{value<bool>(manager, "ReturnProgramEnabled").value_or(false),
                             value<bool>(manager, "ReturnProgramActive").value_or(false),
                             {}};
    for (const Row &row : value<std::vector<Row>>(manager, "ReturnProgramHolds").value_or(std::vector<Row>{}))
        state.holds.push_back({row.at("cookie").get<std::uint32_t>(), row.at("owner").get<std::string>(),
                               row.at("uid").get<std::uint32_t>(), row.at("reason").get<std::string>(),
                               row.at("since_monotonic_usec").get<std::uint64_t>()});
    return state;
}

std::optional<std::string> accounting_absent(const Properties &manager)
{
    for (const ProbeRow &probe : probes(manager))
        if (probe.counter == "Accounting")
            return probe.state == "absent" ? std::optional{probe.reason} : std::nullopt;
    return "ktallyd is older than ktallyctl, see ktallyctl version";
}

void take(UnitRow &unit, std::string_view interface, const Properties &properties)
{
    if (!interface.starts_with(interface_prefix))
        return;
    interface.remove_prefix(interface_prefix.size());
    if (interface == "Unit") {
        unit.name = value<std::string>(properties, "Name").value_or("");
        unit.control_group = value<std::string>(properties, "ControlGroup").value_or("");
        unit.since_monotonic_usec = value<std::uint64_t>(properties, "SinceTimestampMonotonicUSec").value_or(0);
        return;
    }
    for (const auto &[property, number] : properties)
        if (number.containsValueOfType<std::uint64_t>())
            unit.numbers[full_name({interface, property})] = number.get<std::uint64_t>();
}

ProcessRow process_row(const TopRow &row)
{
    const auto &details = std::get<4>(row);
    return {std::get<0>(row),
            std::get<1>(row),
            std::get<2>(row),
            std::get<3>(row),
            detail<std::uint32_t>(details, "uid"),
            detail<std::uint32_t>(details, "parent_pid"),
            detail<std::uint32_t>(details, "descriptors"),
            detail<std::uint64_t>(details, "descriptor_limit")};
}

} // namespace ktally
