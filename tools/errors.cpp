// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace ktally {
namespace {

constexpr std::int32_t last_errno = 133; // those above never leave the kernel, and strerror(3) doesn't know them

Json json_of(const std::vector<ErrorRow> &errors)
{
    Json rows = Json::array();
    for (const ErrorRow &error : errors)
        rows.push_back({{"interface", error.interface},
                        {"operation", error.operation},
                        {"errno", error.error},
                        {"name", error.name},
                        {"count", error.count}});
    return rows;
}

Table table(const std::vector<ErrorRow> &errors)
{
    Table table{{{"COUNT", Table::Align::right}, {"OPERATION"}, {"ERRNO", Table::Align::right}, {"NAME"}, {"MEANING"}}};
    for (const ErrorRow &error : errors)
        table.add({{grouped(error.count)},
                   {error.operation},
                   {std::to_string(error.error)},
                   {error.name},
                   {error.error <= last_errno ? std::strerror(error.error) : "(inside the kernel only)", Style::grey}});
    return table;
}

} // namespace

int show_errors(const Output &output)
{
    Client client;
    std::vector<ErrorRow> errors = client.errors();
    const bool active = return_program(client.properties(manager_interface)).active;
    // The most frequent first.
    std::ranges::sort(errors, [](const ErrorRow &a, const ErrorRow &b) {
        return std::tie(b.count, a.operation, a.error) < std::tie(a.count, b.operation, b.error);
    });

    const Pager pager{output.pager};
    if (output.json != JsonMode::off) {
        print(json_of(errors), output.json);
        return static_cast<int>(Exit::ok);
    }
    std::string text = errors.empty() ? "" : table(errors).text(output.legend, use_colour());
    if (output.legend && errors.empty())
        text += "No errors were counted.\n";
    if (output.legend && !active)
        text += std::string{errors.empty() ? "" : "\n"} +
                "The return program is off: errors are not being counted. See ktallyctl return on.\n";
    print(text);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
