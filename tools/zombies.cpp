// SPDX-License-Identifier: LGPL-2.1-or-later
#include "commands.hpp"

#include "client.hpp"
#include "format.hpp"
#include "report.hpp"
#include "terminal.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <map>
#include <tuple>

namespace ktally {
namespace {

// How many each parent does not reap, by PID.
std::map<std::uint32_t, std::size_t> count_by_parent(const std::vector<ZombieRow> &zombies)
{
    std::map<std::uint32_t, std::size_t> counts;
    for (const ZombieRow &zombie : zombies)
        ++counts[zombie.parent_pid];
    return counts;
}

// The parent with the most comes first, and of its zombies the oldest.
void sort_zombies(std::vector<ZombieRow> &zombies, const std::map<std::uint32_t, std::size_t> &by_parent)
{
    std::ranges::sort(zombies, [&by_parent](const ZombieRow &a, const ZombieRow &b) {
        return std::tuple{by_parent.at(b.parent_pid), a.parent_pid, a.since_monotonic_usec, a.pid} <
               std::tuple{by_parent.at(a.parent_pid), b.parent_pid, b.since_monotonic_usec, b.pid};
    });
}

Json json_of(const ZombieRow &zombie)
{
    const bool exited = WIFEXITED(zombie.wait_status);
    return {{"pid", zombie.pid},
            {"command", zombie.command},
            {"exit_code", exited ? Json(WEXITSTATUS(zombie.wait_status)) : Json(nullptr)},
            {"signal", exited ? Json(nullptr) : Json(signal_name(WTERMSIG(zombie.wait_status)))},
            {"since_monotonic_usec", zombie.since_monotonic_usec},
            {"parent_pid", zombie.parent_pid},
            {"parent_command", zombie.parent_command},
            {"unit", zombie.unit}};
}

Table table(const std::vector<ZombieRow> &zombies)
{
    using enum Table::Align;
    Table table{{{"PID", right}, {"COMMAND"}, {"STATUS"}, {"SINCE"}, {"PARENT PID", right}, {"PARENT"}, {"UNIT"}}};
    for (const ZombieRow &zombie : zombies)
        table.add({{std::to_string(zombie.pid)},
                   {name_text(zombie.command)},
                   {wait_status_text(zombie.wait_status)},
                   {age_since(zombie.since_monotonic_usec) + " ago"},
                   {std::to_string(zombie.parent_pid)},
                   {name_text(zombie.parent_command)},
                   {name_text(zombie.unit)}});
    return table;
}

// "5,000 zombies of 1 parent: factory (PID 42)"; `zombies` are sorted.
std::string total(const std::vector<ZombieRow> &zombies, const std::map<std::uint32_t, std::size_t> &by_parent)
{
    const ZombieRow &first = zombies.front();
    const std::string worst = fmt::format("{} (PID {})", name_text(first.parent_command), first.parent_pid);
    return fmt::format(
        "{} of {}{} {}", counted(zombies.size(), "zombie"), counted(by_parent.size(), "parent"),
        by_parent.size() == 1 ? ":" : fmt::format(", {} of them of", grouped(by_parent.at(first.parent_pid))), worst);
}

} // namespace

int show_zombies(const Output &output)
{
    Client client;
    std::vector<ZombieRow> zombies = client.zombies();
    if (zombies.empty() && value<std::uint64_t>(client.properties(current_zombies.interface),
                                                current_zombies.property.data()) == absent_total)
        throw Failure{Exit::failure, "zombies cannot be told on this kernel; see ktallyctl probes"};
    const auto by_parent = count_by_parent(zombies);
    sort_zombies(zombies, by_parent);

    const Pager pager{output.pager};
    if (output.json != JsonMode::off) {
        Json rows = Json::array();
        for (const ZombieRow &zombie : zombies)
            rows.push_back(json_of(zombie));
        print(rows, output.json);
        return static_cast<int>(Exit::ok);
    }
    std::string text = zombies.empty() ? "" : table(zombies).text(output.legend, use_colour());
    if (output.legend)
        text += zombies.empty() ? "No zombies: every process that ended was reaped.\n"
                                : '\n' + total(zombies, by_parent) + '\n';
    print(text);
    return static_cast<int>(Exit::ok);
}

} // namespace ktally
