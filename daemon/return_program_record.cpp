// SPDX-License-Identifier: LGPL-2.1-or-later
#include "return_program_record.hpp"

#include <nlohmann/json.hpp>

#include <stdexcept>

namespace ktally {

using nlohmann::json;

std::string ReturnProgramRecord::text() const
{
    json holds = json::array();
    for (const auto &[cookie, hold] : state.holds)
        holds.push_back({{"cookie", cookie},
                         {"owner", hold.owner},
                         {"uid", hold.uid},
                         {"reason", hold.reason},
                         {"since_monotonic_usec", hold.since.time_since_epoch().count()}});
    return json{{"bus", bus},
                {"configured", configured},
                {"enabled", state.enabled},
                {"last_cookie", state.last_cookie},
                {"holds", holds}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

ReturnProgramRecord ReturnProgramRecord::from(std::string_view text)
{
    try {
        const json from = json::parse(text);
        ReturnProgramRecord record{from.at("bus"), from.at("configured"), {from.at("enabled"), from.at("last_cookie")}};
        for (const json &hold : from.at("holds"))
            record.state.holds.emplace(
                hold.at("cookie"),
                Hold{hold.at("owner"), hold.at("uid"), hold.at("reason"),
                     MonotonicTime{std::chrono::microseconds{hold.at("since_monotonic_usec").get<std::int64_t>()}}});
        return record;
    } catch (const json::exception &error) {
        throw std::runtime_error{std::string{"it makes no sense ("} + error.what() + ')'};
    }
}

} // namespace ktally
