// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

namespace ktally {
namespace {

Style style_of(std::string_view state)
{
    if (state == "active")
        return Style::green;
    return state == "absent" ? Style::yellow : Style::none;
}

Json json_of(const std::vector<ProbeRow> &probes)
{
    Json rows = Json::array();
    for (const ProbeRow &probe : probes)
        rows.push_back(
            {{"counter", probe.counter}, {"source", probe.source}, {"state", probe.state}, {"reason", probe.reason}});
    return rows;
}

Table table(const std::vector<ProbeRow> &probes)
{
    Table table{{{"COUNTER"}, {"STATE"}, {"SOURCE"}, {"REASON"}}};
    for (const ProbeRow &probe : probes)
        table.add({{probe.counter},
                   {probe.state, style_of(probe.state)},
                   {probe.source.empty() ? "-" : probe.source},
                   {probe.reason}});
    return table;
}

} // namespace

int show_probes(const Output &output)
{
    Client client;
    const std::vector<ProbeRow> rows = probes(client.properties(manager_interface));
    const Pager pager{output.pager};
    if (output.json != JsonMode::off)
        print(json_of(rows), output.json);
    else
        print(table(rows).text(output.legend, use_colour()));
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
