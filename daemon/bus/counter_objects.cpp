// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/counter_objects.hpp"

#include "core/errno_name.hpp"
#include "core/utf8.hpp"

namespace ktally {

std::vector<ErrorRow> error_rows(const Source &source, std::string_view interface)
{
    std::vector<ErrorRow> rows;
    for (const ErrorCount &error : source.errors()) {
        const OperationRow &operation = operations[error.operation];
        if (row(operation.counter).interface == interface)
            rows.emplace_back(std::string{operation.name}, error.error, errno_name(error.error), error.count);
    }
    return rows;
}

std::vector<ZombieRow> zombie_rows(const std::vector<Zombies::Zombie> &zombies, const Units &units)
{
    std::vector<ZombieRow> rows;
    rows.reserve(zombies.size());
    for (const auto &[process, since] : zombies)
        rows.emplace_back(process.pid, process.parent, valid_utf8(process.name), valid_utf8(process.parent_name),
                          valid_utf8(units.name_of_cgroup(process.cgroup)), process.wait_status, usec(since));
    return rows;
}

} // namespace ktally
