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
    const std::uint64_t now = usec(Clock::now());
    const std::uint64_t held_usec = now - std::min(now, hold.since_monotonic_usec);
    return fmt::format("{}, {}, for {}: {}", hold.owner, user_name(hold.uid), age(std::chrono::microseconds{held_usec}),
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

} // namespace ktally
