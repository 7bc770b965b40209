// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

namespace ktally {
namespace {

constexpr double many = 80; // percent: where ktallyd suspects a leak, if nothing else is configured

Table::Cell used(const ProcessRow &process)
{
    const std::uint64_t limit = process.descriptor_limit.value_or(0);
    if (limit == 0 || limit == UINT64_MAX)
        return {"-", Style::grey};
    const double percent = 100.0 * static_cast<double>(process.count) / static_cast<double>(limit);
    return {fmt::format("{:.1f}", percent), percent < many ? Style::none : Style::yellow};
}

std::string limit_text(const std::optional<std::uint64_t> &limit)
{
    if (!limit)
        return "-";
    return *limit == UINT64_MAX ? "infinity" : grouped(*limit);
}

Table table(const std::vector<ProcessRow> &processes)
{
    using enum Table::Align;
    Table table{
        {{"DESCRIPTORS", right}, {"LIMIT", right}, {"USED %", right}, {"PID", right}, {"USER"}, {"COMMAND"}, {"UNIT"}}};
    for (const ProcessRow &process : processes)
        table.add({{grouped(process.count)},
                   {limit_text(process.descriptor_limit)},
                   used(process),
                   {std::to_string(process.pid)},
                   {process.uid ? user_name(*process.uid) : "-"},
                   {name_text(process.command)},
                   {name_text(process.unit)}});
    return table;
}

} // namespace

int show_descriptors(const DescriptorsRequest &request, const Output &output)
{
    Client client;
    const std::vector<ProcessRow> processes =
        client.top_processes({open_descriptors, request.count, std::nullopt, request.own});
    const std::uint64_t open =
        value<std::uint64_t>(client.properties(open_descriptors.interface), open_descriptors.property.data())
            .value_or(absent_total);

    const Pager pager{output.pager};
    if (output.json != JsonMode::off) {
        print(Json{{"open", json_of_total(open)}, {"processes", json_of(processes)}}, output.json);
        return static_cast<int>(Exit::ok);
    }
    std::string text = processes.empty() ? "" : table(processes).text(output.legend, use_colour());
    if (output.legend && open != absent_total)
        text += fmt::format("{}{} open on this machine.\n", text.empty() ? "" : "\n", counted(open, "descriptor"));
    print(text);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
