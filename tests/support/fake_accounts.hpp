// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FakeAccounts: accounts that the test writes.
#pragma once

#include "core/accounts.hpp"

#include <algorithm>
#include <iterator>

namespace ktally::test {

class FakeAccounts final : public Accounts {
public:
    Mechanism mechanism() const override { return mechanism_; }
    std::uint64_t root_cgroup() const override { return root_; }
    std::vector<CgroupAccount> cgroups() const override { return cgroups_; }
    std::vector<EndedThreads> ended_threads() const override { return ended_threads_; }
    std::vector<TaskAccount> tasks() const override { return tasks_; }
    std::uint64_t cgroup_changes() const override { return changes_; }

    void forget_cgroup(std::uint64_t id) override
    {
        std::erase_if(cgroups_, [id](const CgroupAccount &cgroup) { return cgroup.id == id; });
    }

    std::vector<Process> processes(std::uint32_t min_descriptors) const override
    {
        wanted_.push_back(min_descriptors);
        std::vector<Process> found;
        std::ranges::copy_if(processes_, std::back_inserter(found), [&](const Process &process) {
            return process.zombie || process.descriptors >= min_descriptors;
        });
        return found;
    }

    Mechanism mechanism_{"task_storage", ProbeState::active, ""};
    std::uint64_t root_ = 1;
    std::vector<CgroupAccount> cgroups_{{1, 0, "", false, {}}};
    std::vector<EndedThreads> ended_threads_;
    std::vector<TaskAccount> tasks_;
    std::vector<Process> processes_;
    mutable std::vector<std::uint32_t> wanted_; // with how many descriptors processes were read so far
    std::uint64_t changes_ = 0;
};

} // namespace ktally::test
