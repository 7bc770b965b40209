// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The interfaces and properties that can be asked for by name, known without a daemon so that arguments are checked
// before it is called.
#pragma once

#include "core/counters.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace ktally {

inline constexpr std::string_view manager_interface = "Manager";

// "Files", "Vfs", ...: those of the table of counters, in its order.
std::vector<std::string_view> counter_interfaces();

// All that `show` can show: Manager, then the counters.
std::vector<std::string_view> interfaces();

std::vector<std::string_view> property_names(std::string_view interface);

// The full name of the systemd unit that somebody typed, as systemctl takes it: "cron" is cron.service.
std::string unit_name(std::string_view typed);

// "Files.Opened"
std::string full_name(const CounterRow &counter);

} // namespace ktally
