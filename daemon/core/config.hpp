// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Configuration: what ktallyd.conf(5) can say, and what its values mean. Finding and reading files is
// config_files.hpp's.
#pragma once

#include "core/counters.hpp"
#include "core/leaks.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace ktally {

inline constexpr std::chrono::microseconds min_interval = std::chrono::milliseconds{100};
inline constexpr std::chrono::microseconds max_interval = std::chrono::hours{1};
inline constexpr std::chrono::microseconds max_zombie_grace = std::chrono::hours{1};
inline constexpr unsigned min_leak_samples = leak_spans; // one in a span
inline constexpr unsigned max_leak_samples = 100'000;

struct Config {
    std::chrono::microseconds interval = std::chrono::seconds{1};
    std::optional<Backend> backend; // nothing: the best for each function
    bool return_program = false;
    std::set<std::string> exclude = {}; // functions and tracepoints that are not hooked
    bool accounting = true;             // by unit and process
    std::chrono::microseconds zombie_grace = std::chrono::seconds{5};
    unsigned leak_samples = 60;
    unsigned leak_limit_percent = 80; // 0: never

    bool operator==(const Config &) const = default;
};

// Applies one "Key=value" of a section. Returns what is wrong with it, as one clause for a warning; the configuration
// is then unchanged.
std::optional<std::string> assign(Config &config, std::string_view section, std::string_view key,
                                  std::string_view value);

// A time span as in systemd.time(7): "500ms", "1min 30s", "2.5"; a number without a unit is seconds.
std::optional<std::chrono::microseconds> parse_time_span(std::string_view text);

// "1s", "1min 30s", "250ms": the same notation back.
std::string format_time_span(std::chrono::microseconds span);

// A file that says this, with every key.
std::string format_config(const Config &config);

} // namespace ktally
