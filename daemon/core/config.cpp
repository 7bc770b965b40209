// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <sstream>

namespace ktally {
namespace {

struct TimeUnit {
    std::string_view name;
    std::int64_t usec;
};

constexpr std::array<TimeUnit, 22> time_units{{
    {"us", 1},
    {"usec", 1},
    {"\u00b5s", 1},
    {"\u03bcs", 1},
    {"ms", 1'000},
    {"msec", 1'000},
    {"", 1'000'000},
    {"s", 1'000'000},
    {"sec", 1'000'000},
    {"second", 1'000'000},
    {"seconds", 1'000'000},
    {"m", 60'000'000},
    {"min", 60'000'000},
    {"minute", 60'000'000},
    {"minutes", 60'000'000},
    {"h", 3'600'000'000},
    {"hr", 3'600'000'000},
    {"hour", 3'600'000'000},
    {"hours", 3'600'000'000},
    {"d", 86'400'000'000},
    {"day", 86'400'000'000},
    {"days", 86'400'000'000},
}};

constexpr double longest_span_usec = 1e15; // some thirty years: far above any use, far below overflow

std::optional<bool> parse_boolean(std::string_view text)
{
    constexpr std::array<std::string_view, 6> yes{"1", "yes", "y", "true", "t", "on"};
    constexpr std::array<std::string_view, 6> no{"0", "no", "n", "false", "f", "off"};
    if (std::ranges::find(yes, text) != yes.end())
        return true;
    if (std::ranges::find(no, text) != no.end())
        return false;
    return std::nullopt;
}

std::string quoted(std::string_view text)
{
    return '"' + std::string{text} + '"';
}

std::string assignment(std::string_view key, std::string_view value)
{
    return std::string{key}.append("=").append(value);
}

std::optional<std::string> assign_yes_or_no(bool &to, std::string_view key, std::string_view value)
{
    const auto on = parse_boolean(value);
    if (!on)
        return assignment(key, value) + " is neither yes nor no";
    to = *on;
    return std::nullopt;
}

std::optional<std::string> assign_time_span(std::chrono::microseconds &to, std::string_view key, std::string_view value,
                                            std::chrono::microseconds least, std::chrono::microseconds most)
{
    const auto span = parse_time_span(value);
    if (!span)
        return assignment(key, value) + " is not a time span such as 1s or 500ms";
    if (*span < least || *span > most)
        return assignment(key, value) + " is out of range: " + format_time_span(least) + " to " +
               format_time_span(most);
    to = *span;
    return std::nullopt;
}

std::optional<std::string> assign_number(unsigned &to, std::string_view key, std::string_view value, unsigned least,
                                         unsigned most)
{
    unsigned number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error == std::errc::invalid_argument || end != value.data() + value.size())
        return assignment(key, value) + " is not a whole number";
    if (error != std::errc{} || number < least || number > most)
        return assignment(key, value) + " is out of range: " + std::to_string(least) + " to " + std::to_string(most);
    to = number;
    return std::nullopt;
}

std::optional<std::string> assign_accounting(Config &config, std::string_view value)
{
    return assign_yes_or_no(config.accounting, "Accounting", value);
}

std::optional<std::string> assign_interval(Config &config, std::string_view value)
{
    return assign_time_span(config.interval, "Interval", value, min_interval, max_interval);
}

std::optional<std::string> assign_leak_limit_percent(Config &config, std::string_view value)
{
    return assign_number(config.leak_limit_percent, "LeakLimitPercent", value, 0, 100);
}

std::optional<std::string> assign_leak_samples(Config &config, std::string_view value)
{
    return assign_number(config.leak_samples, "LeakSamples", value, min_leak_samples, max_leak_samples);
}

std::optional<std::string> assign_return_program(Config &config, std::string_view value)
{
    return assign_yes_or_no(config.return_program, "ReturnProgram", value);
}

std::optional<std::string> assign_zombie_grace(Config &config, std::string_view value)
{
    return assign_time_span(config.zombie_grace, "ZombieGraceSec", value, std::chrono::microseconds::zero(),
                            max_zombie_grace);
}

std::optional<std::string> assign_backend(Config &config, std::string_view value)
{
    if (value == "auto") {
        config.backend.reset();
        return std::nullopt;
    }
    for (Backend backend : backends) {
        if (value == name(backend)) {
            config.backend = backend;
            return std::nullopt;
        }
    }
    return "Backend=" + std::string{value} + " is none of auto, fentry, kprobe, tracepoint";
}

// A list, as in systemd: a further line adds to it, an empty one takes all back.
std::optional<std::string> assign_exclude(Config &config, std::string_view value)
{
    if (value.empty()) {
        config.exclude.clear();
        return std::nullopt;
    }
    std::istringstream words{std::string{value}};
    std::set<std::string> names{std::istream_iterator<std::string>{words}, {}};
    for (const std::string &name : names)
        if (!is_hooked(name))
            return "Exclude=" + name + " is no function or tracepoint that ktallyd hooks; Manager.Probes shows those";
    config.exclude.merge(names);
    return std::nullopt;
}

struct Key {
    std::string_view name;
    std::optional<std::string> (*assign)(Config &, std::string_view);
};

constexpr std::array<Key, 8> daemon_keys{{
    {"Accounting", assign_accounting},
    {"Backend", assign_backend},
    {"Exclude", assign_exclude},
    {"Interval", assign_interval},
    {"LeakLimitPercent", assign_leak_limit_percent},
    {"LeakSamples", assign_leak_samples},
    {"ReturnProgram", assign_return_program},
    {"ZombieGraceSec", assign_zombie_grace},
}};

} // namespace

std::optional<std::string> assign(Config &config, std::string_view section, std::string_view key,
                                  std::string_view value)
{
    if (section.empty())
        return "key " + quoted(key) + " stands before any section; it belongs under [Daemon]";
    if (section != "Daemon")
        return "unknown section [" + std::string{section} + "]; there is only [Daemon]";
    const auto known = std::ranges::find(daemon_keys, key, &Key::name);
    if (known == daemon_keys.end())
        return "unknown key " + quoted(key) + " in section [Daemon]";
    return known->assign(config, value);
}

std::optional<std::chrono::microseconds> parse_time_span(std::string_view text)
{
    const auto skip_spaces = [&text] { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); };
    double total = 0;
    bool any = false;
    for (skip_spaces(); !text.empty(); skip_spaces()) {
        double number = 0;
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
        if (error != std::errc{} || !std::isfinite(number) || std::signbit(number))
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        skip_spaces();
        const std::string_view unit_name = text.substr(0, text.find_first_of(" \t0123456789.-"));
        const auto unit = std::ranges::find(time_units, unit_name, &TimeUnit::name);
        if (unit == time_units.end())
            return std::nullopt;
        text.remove_prefix(unit_name.size());
        total += number * static_cast<double>(unit->usec);
        any = true;
    }
    if (!any || total > longest_span_usec)
        return std::nullopt;
    return std::chrono::microseconds{std::llround(total)};
}

std::string format_time_span(std::chrono::microseconds span)
{
    constexpr std::array<TimeUnit, 5> shown{
        {{"h", 3'600'000'000}, {"min", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};
    std::string text;
    std::int64_t left = span.count();
    for (const TimeUnit &unit : shown) {
        if (left < unit.usec)
            continue;
        text += (text.empty() ? "" : " ") + std::to_string(left / unit.usec) + std::string{unit.name};
        left %= unit.usec;
    }
    return text.empty() ? "0s" : text;
}

std::string format_config(const Config &config)
{
    std::string text = "[Daemon]\nInterval=" + format_time_span(config.interval) +
                       "\nReturnProgram=" + (config.return_program ? "yes" : "no") +
                       "\nBackend=" + std::string{config.backend ? name(*config.backend) : "auto"} +
                       "\nAccounting=" + (config.accounting ? "yes" : "no") +
                       "\nZombieGraceSec=" + format_time_span(config.zombie_grace) +
                       "\nLeakSamples=" + std::to_string(config.leak_samples) +
                       "\nLeakLimitPercent=" + std::to_string(config.leak_limit_percent) + '\n';
    if (config.exclude.empty())
        text += "Exclude=\n";
    for (const std::string &each : config.exclude) // all in one line can be more than the reader takes
        text += "Exclude=" + each + '\n';
    return text;
}

} // namespace ktally
