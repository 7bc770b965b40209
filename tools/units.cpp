// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "names.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ktally {
namespace {

constexpr std::array columns{
    Quantity{"Files", "Opened"},
    Quantity{"Files", "Closed"},
    Quantity{"Vfs", "Reads"},
    Quantity{"Vfs", "Writes"},
    Quantity{"Processes", "Forks"},
    Quantity{"Processes", "Execs"},
    Quantity{"Processes", "Exits"},
    current_zombies,
    open_descriptors,
};

// The columns, of descriptors only if the daemon tells them, and the one that is sorted by.
std::vector<Quantity> shown_columns(const std::vector<UnitRow> &units, const std::optional<Quantity> &sort)
{
    std::vector<Quantity> shown;
    for (const Quantity &column : columns)
        if (std::ranges::any_of(units, [&](const UnitRow &unit) { return unit.number(column).has_value(); }))
            shown.push_back(column);
    if (sort && std::ranges::find(shown, *sort) == shown.end())
        shown.push_back(*sort);
    return shown;
}

// By name, or the highest number first; what has none comes last.
void sort_units(std::vector<UnitRow> &units, const std::optional<Quantity> &by)
{
    std::ranges::sort(units, {}, &UnitRow::name);
    if (!by)
        return;
    const auto rank = [&by](const UnitRow &unit) {
        const std::uint64_t number = unit.number(*by).value_or(absent_total);
        return std::pair{number != absent_total, number};
    };
    std::ranges::stable_sort(units, std::greater{}, rank);
}

Table table(const std::vector<UnitRow> &units, const std::vector<Quantity> &shown)
{
    std::vector<Table::Column> heads{{"UNIT"}};
    for (const Quantity &column : shown)
        heads.push_back({title(column), Table::Align::right});
    Table table{heads};
    for (const UnitRow &unit : units) {
        std::vector<Table::Cell> cells{{printable(unit.name)}};
        for (const Quantity &column : shown) {
            const std::optional<std::uint64_t> number = unit.number(column);
            cells.push_back({number ? total_text(*number) : "-", number && *number > 0 ? Style::none : Style::grey});
        }
        table.add(std::move(cells));
    }
    return table;
}

} // namespace

int show_units(const UnitsRequest &request, const Output &output)
{
    std::optional<Quantity> sort;
    if (request.sort != "name")
        sort = named_quantity(request.sort, unit_quantities());
    Client client;
    std::vector<UnitRow> units = client.units();
    if (units.empty())
        if (const auto reason = accounting_absent(client.properties(manager_interface)))
            throw Failure{Exit::failure, "nothing is counted by unit: " + *reason};
    sort_units(units, sort);

    const Pager pager{output.pager};
    if (output.json != JsonMode::off) {
        Json rows = Json::array();
        for (const UnitRow &unit : units)
            rows.push_back(json_of(unit));
        print(rows, output.json);
        return static_cast<int>(Exit::ok);
    }
    std::string text = table(units, shown_columns(units, sort)).text(output.legend, use_colour());
    if (output.legend)
        text += fmt::format("\n{}. What is in a slice counts for the slice, too.\n", counted(units.size(), "unit"));
    print(text);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
