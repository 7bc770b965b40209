// SPDX-License-Identifier: LGPL-2.1-or-later
#include "accounts_in_file.hpp"

#include <algorithm>
#include <system_error>

namespace ktally::test {
namespace {

Calls loaded(const SharedCalls &shared)
{
    Calls calls{};
    std::ranges::copy(shared, calls.begin());
    return calls;
}

} // namespace

Accounts::Mechanism AccountsInFile::mechanism() const
{
    const auto state = static_cast<ProbeState>(shared_.state.load());
    if (state == ProbeState::absent)
        return {"", state, "Accounting=no in the configuration"};
    return {"task_storage", state, ""};
}

std::vector<CgroupAccount> AccountsInFile::cgroups() const
{
    ++shared_.readings;
    if (const int error = shared_.error)
        throw std::system_error{error, std::generic_category(), "reading the accounts of cgroups"};
    std::vector<CgroupAccount> all{{root_cgroup(), 0, "", false, {}}};
    for (const SharedCgroup &each : shared_.cgroups)
        if (each.id != 0)
            all.push_back({each.id, each.parent, each.name.data(), each.gone, loaded(each.calls)});
    return all;
}

std::vector<EndedThreads> AccountsInFile::ended_threads() const
{
    std::vector<EndedThreads> all;
    for (const SharedTask &each : shared_.tasks)
        if (each.pid != 0)
            all.push_back({each.pid, loaded(each.ended)});
    return all;
}

std::vector<TaskAccount> AccountsInFile::tasks() const
{
    std::vector<TaskAccount> all;
    for (const SharedTask &each : shared_.tasks)
        if (each.pid != 0)
            all.push_back({each.pid, each.cgroup, loaded(each.calls)});
    return all;
}

void AccountsInFile::forget_cgroup(std::uint64_t id)
{
    for (SharedCgroup &each : shared_.cgroups)
        if (each.id == id)
            each.id = 0;
}

std::vector<Process> AccountsInFile::processes(std::uint32_t min_descriptors) const
{
    if (const int error = shared_.processes_error)
        throw std::system_error{error, std::generic_category(), "reading processes"};
    std::vector<Process> all;
    for (const SharedProcess &each : shared_.processes) {
        if (each.pid != 0 && (each.zombie || each.descriptors >= min_descriptors))
            all.push_back({each.pid, each.parent, each.uid, each.cgroup, std::chrono::nanoseconds{each.start},
                           each.zombie, each.wait_status, each.descriptors, each.descriptor_limit,
                           each.descriptor_table, each.name.data(), each.parent_name.data()});
    }
    return all;
}

} // namespace ktally::test
