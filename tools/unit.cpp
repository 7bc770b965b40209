// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <charconv>

namespace ktally {
namespace {

// As systemctl status: a number is a process, whose unit is wanted.
std::optional<std::uint32_t> process(const std::string &argument)
{
    if (argument.empty() || argument.find_first_not_of("0123456789") != argument.npos)
        return std::nullopt;
    std::uint32_t pid = 0;
    if (std::from_chars(argument.data(), argument.data() + argument.size(), pid).ec != std::errc{})
        throw Failure{Exit::usage, argument + " is no PID"};
    return pid;
}

std::optional<UnitRow> find(Client &client, const std::string &argument)
{
    if (const auto pid = process(argument))
        return client.unit_of_process(*pid);
    return client.unit(unit_name(argument));
}

// Why there is none.
Failure not_found(Client &client, const std::string &argument)
{
    if (const auto reason = accounting_absent(client.properties(manager_interface)))
        return {Exit::failure, "nothing is counted by unit: " + *reason};
    if (process(argument))
        return {Exit::failure, "there is no process " + argument + " in a unit"};
    return {Exit::failure, fmt::format("no unit {} is running, or was in the last 30 seconds; see ktallyctl units",
                                       printable(unit_name(argument)))};
}

bool has_units(const std::string &name)
{
    const bool user_manager = name.starts_with("user@") && name.find('/') == name.npos;
    return user_manager || name.ends_with(".slice");
}

std::string heading(const UnitRow &unit)
{
    std::string lines =
        fmt::format("{} {}, counted for {}\n", styled(use_unicode() ? "\u25cf" : "*", Style::green, use_colour()),
                    printable(unit.name), age_since(unit.since_monotonic_usec));
    lines += label("Control group") + printable(unit.control_group) +
             (has_units(unit.name) ? ", with all units in it\n" : "\n");
    if (const auto descriptors = unit.number(open_descriptors))
        lines += label("Descriptors") + total_text(*descriptors) + " open\n";
    if (const auto zombies = unit.number(current_zombies))
        lines += label("Zombies") + total_text(*zombies) + '\n';
    return lines + '\n';
}

Table table(const UnitRow &unit)
{
    Table table{{{"COUNTER"}, {"TOTAL", Table::Align::right}}};
    for (const CounterRow &counter : counters) {
        const std::optional<std::uint64_t> total = unit.number({counter.interface, counter.property});
        if (!total || (counter.unit != Unit::calls && *total == absent_total))
            continue; // bytes and errors are of no unit
        table.add({{full_name(counter)}, {total_text(*total), *total == absent_total ? Style::yellow : Style::none}});
    }
    return table;
}

} // namespace

int show_unit(const std::vector<std::string> &names, const Output &output)
{
    for (const std::string &name : names)
        process(name);
    Client client;
    std::vector<UnitRow> units;
    for (const std::string &name : names) {
        if (auto unit = find(client, name))
            units.push_back(std::move(*unit));
        else
            fmt::print(stderr, "ktallyctl: {}\n", not_found(client, name).what());
    }

    const Pager pager{output.pager};
    if (output.json != JsonMode::off) {
        Json rows = Json::array();
        for (const UnitRow &unit : units)
            rows.push_back(json_of(unit));
        print(rows, output.json);
    } else {
        std::string text;
        for (const UnitRow &unit : units)
            text.append(text.empty() ? "" : "\n")
                .append(heading(unit))
                .append(table(unit).text(output.legend, use_colour()));
        print(text);
    }
    return static_cast<int>(units.size() == names.size() ? Exit::ok : Exit::failure);
}

} // namespace ktally
