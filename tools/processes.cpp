// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

namespace ktally {
namespace {

Table table(const std::vector<ProcessRow> &processes, const std::string &count)
{
    using enum Table::Align;
    Table table{{{count, right}, {"PID", right}, {"USER"}, {"COMMAND"}, {"UNIT"}, {"PARENT", right}}};
    for (const ProcessRow &process : processes)
        table.add({{grouped(process.count)},
                   {std::to_string(process.pid)},
                   {process.uid ? user_name(*process.uid) : "-"},
                   {name_text(process.command)},
                   {name_text(process.unit)},
                   {process.parent_pid ? std::to_string(*process.parent_pid) : "-"}});
    return table;
}

} // namespace

int show_processes(const ProcessesRequest &request, const Output &output)
{
    const Quantity counter = named_quantity(request.sort, process_quantities());
    Client client;
    const std::vector<ProcessRow> processes =
        client.top_processes({counter, request.count, request.interval, request.own});
    const Pager pager{output.pager};
    if (output.json != JsonMode::off)
        print(json_of(processes), output.json);
    else if (!processes.empty())
        print(table(processes, title(counter)).text(output.legend, use_colour()));
    else if (output.legend)
        print(fmt::format("No process has any {}.\n", full_name(counter)));
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
