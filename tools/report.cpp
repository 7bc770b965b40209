// SPDX-License-Identifier: LGPL-2.1-or-later
#include "report.hpp"

#include "format.hpp"
#include "measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ktally {

void print(std::string_view text)
{
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw Failure{Exit::failure, std::string{"writing to standard output: "} + std::strerror(errno)};
}

void print(const Json &json, JsonMode mode)
{
    constexpr int indent = 4;
    print(json.dump(mode == JsonMode::pretty ? indent : -1, ' ', false, Json::error_handler_t::replace) + '\n');
}

std::string label(std::string_view text)
{
    return text.empty() ? std::string(16, ' ') : fmt::format("{:>14}: ", text);
}

std::string summary(const ReturnProgramState &state)
{
    if (!state.active)
        return "off";
    const std::size_t holds = state.holds.size();
    const std::string held = fmt::format("held by {} client{}", holds, holds == 1 ? "" : "s");
    if (!state.enabled)
        return "on, " + held;
    return holds == 0 ? "on, switched on" : "on, switched on and " + held;
}

std::string description(const Hold &hold)
{
    return fmt::format("{}, {}, for {}: {}", hold.owner, user_name(hold.uid), age_since(hold.since_monotonic_usec),
                       hold.reason.empty() ? "no reason given" : printable(hold.reason));
}

Json json_of(const ReturnProgramState &state)
{
    Json holds = Json::array();
    for (const Hold &hold : state.holds)
        holds.push_back({{"cookie", hold.cookie},
                         {"owner", hold.owner},
                         {"uid", hold.uid},
                         {"reason", hold.reason},
                         {"since_monotonic_usec", hold.since_monotonic_usec}});
    return {{"enabled", state.enabled}, {"active", state.active}, {"holds", holds}};
}

Json json_of(const UnitRow &unit)
{
    Json counts = Json::object();
    for (const Quantity &quantity : unit_quantities())
        if (const auto number = unit.number(quantity))
            counts[full_name(quantity)] = json_of_total(*number);
    return {{"name", unit.name},
            {"control_group", unit.control_group},
            {"since_monotonic_usec", unit.since_monotonic_usec},
            {"counts", counts}};
}

Json json_of(const std::vector<ProcessRow> &processes)
{
    const auto or_null = [](const auto &number) { return number ? Json(*number) : Json(nullptr); };
    Json rows = Json::array();
    for (const ProcessRow &process : processes)
        rows.push_back({{"count", process.count},
                        {"pid", process.pid},
                        {"uid", or_null(process.uid)},
                        {"command", process.command},
                        {"unit", process.unit},
                        {"parent_pid", or_null(process.parent_pid)},
                        {"descriptors", or_null(process.descriptors)},
                        {"descriptor_limit", or_null(process.descriptor_limit)}});
    return rows;
}

std::string name_text(std::string_view name)
{
    return name.empty() ? "-" : printable(name);
}

std::string age_since(std::uint64_t monotonic_usec)
{
    const std::uint64_t now = usec(Clock::now());
    return age(std::chrono::microseconds{now - std::min(now, monotonic_usec)});
}

} // namespace ktally
