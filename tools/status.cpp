// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "format.hpp"
#include "measure.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

namespace ktally {
namespace {

constexpr std::chrono::microseconds longest_look = std::chrono::seconds{1};

// The backend that hooked a source such as "fexit:vfs_read+vfs_readv".
std::string backend_of(std::string_view source)
{
    const std::string_view hook = source.substr(0, source.find(':'));
    if (hook == "fexit")
        return std::string{name(Backend::fentry)};
    return std::string{hook};
}

// "fentry+tracepoint": those of the counters of one interface, in the order of the table.
std::string backends_of(std::string_view interface, const std::vector<ProbeRow> &probes)
{
    std::vector<std::string> used;
    for (const ProbeRow &probe : probes) {
        if (!probe.counter.starts_with(std::string{interface} + '.') || probe.source.empty())
            continue;
        const std::string backend = backend_of(probe.source);
        if (std::ranges::find(used, backend) == used.end())
            used.push_back(backend);
    }
    return used.empty() ? "none" : fmt::format("{}", fmt::join(used, "+"));
}

struct Status {
    std::string version;
    std::uint64_t start_usec;
    ReturnProgramState return_program;
    std::vector<ProbeRow> probes;
    Measurement measurement;
    std::optional<std::uint64_t> descriptors;
    std::optional<std::uint64_t> zombies;
    std::uint64_t unattributed;
};

Status look()
{
    Client client;
    const Properties manager = client.properties(manager_interface);
    const std::chrono::microseconds interval{value<std::uint64_t>(manager, "SampleIntervalUSec").value_or(UINT64_MAX)};
    const Snapshot before = snapshot(client);
    std::this_thread::sleep_for(interval.count() < 0 ? longest_look : std::min(interval, longest_look));
    const Snapshot after = snapshot(client);
    return {value<std::string>(manager, "Version").value_or("?"),
            value<std::uint64_t>(manager, "StartTimestampMonotonicUSec").value_or(0),
            return_program(manager),
            probes(manager),
            measure(before, after),
            after.descriptors,
            after.zombies,
            value<std::uint64_t>(manager, "EventsUnattributed").value_or(0)};
}

Json json_of_gauge(const std::optional<std::uint64_t> &gauge)
{
    return json_of_total(gauge.value_or(absent_total));
}

Json json_of(const Status &status)
{
    Json backend = Json::object();
    for (std::string_view interface : counter_interfaces())
        backend[std::string{interface}] = backends_of(interface, status.probes);
    Json absent_counters = Json::object();
    for (const ProbeRow &probe : status.probes)
        if (probe.state == "absent")
            absent_counters[probe.counter] = probe.reason;
    Json shown = Json::object();
    for (const CounterRow &counter : counters) {
        const auto at = static_cast<std::size_t>(counter.counter);
        const auto rate = status.measurement.rates[at];
        shown[full_name(counter)] = {{"total", json_of_total(status.measurement.totals[at])},
                                     {"rate", rate ? Json(*rate) : Json(nullptr)}};
    }
    return {{"version", status.version},
            {"start_timestamp_monotonic_usec", status.start_usec},
            {"backend", backend},
            {"return_program", json_of(status.return_program)},
            {"absent", absent_counters},
            {"descriptors", json_of_gauge(status.descriptors)},
            {"zombies", json_of_gauge(status.zombies)},
            {"events_unattributed", status.unattributed},
            {"interval_usec", status.measurement.interval_usec},
            {"counters", shown}};
}

std::string heading(const Status &status)
{
    const bool colour = use_colour();
    const std::size_t width = terminal_width().value_or(SIZE_MAX);
    std::string text =
        fmt::format("{} ktallyd {}, counting for {}\n", styled(use_unicode() ? "\u25cf" : "*", Style::green, colour),
                    status.version, age_since(status.start_usec));

    std::vector<std::string> backends;
    for (std::string_view interface : counter_interfaces())
        backends.push_back(fmt::format("{} {}", interface, backends_of(interface, status.probes)));
    text += label("Backend") + fmt::format("{}\n", fmt::join(backends, ", "));

    text += label("Return program") +
            styled(summary(status.return_program), status.return_program.active ? Style::green : Style::none, colour) +
            '\n';
    std::string_view name = "Held by";
    for (const Hold &hold : status.return_program.holds)
        text += ellipsized(label(std::exchange(name, "")) + description(hold), width) + '\n';

    if (status.descriptors)
        text += label("Descriptors") + total_text(*status.descriptors) + " open\n";
    if (status.zombies)
        text += label("Zombies") + total_text(*status.zombies) + '\n';
    if (status.unattributed > 0)
        text += label("Unattributed") + "at most " + counted(status.unattributed, "call") + " of no unit\n";

    name = "Absent";
    for (const ProbeRow &probe : status.probes)
        if (probe.state == "absent")
            text += label(std::exchange(name, "")) +
                    styled(fmt::format("{}: {}", probe.counter, probe.reason), Style::yellow, colour) + '\n';
    return text + '\n';
}

Table table(const Measurement &measurement)
{
    Table table{{{"COUNTER"}, {"TOTAL", Table::Align::right}, {"RATE", Table::Align::right}}};
    for (const CounterRow &counter : counters) {
        const auto at = static_cast<std::size_t>(counter.counter);
        const std::uint64_t total = measurement.totals[at];
        Table::Cell rate{"-", Style::grey};
        if (const auto per_second = measurement.rates[at])
            rate = {rate_text(*per_second, counter.unit), *per_second > 0 ? Style::none : Style::grey};
        else if (!absent(total) && needs_return(counter) && !measurement.return_active)
            rate = {"off", Style::grey};
        table.add({{full_name(counter)}, {total_text(total), absent(total) ? Style::yellow : Style::none}, rate});
    }
    return table;
}

} // namespace

int show_status(const Output &output)
{
    const Status status = look();
    if (output.json != JsonMode::off)
        print(json_of(status), output.json);
    else
        print(heading(status) + table(status.measurement).text(output.legend, use_colour()));
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
