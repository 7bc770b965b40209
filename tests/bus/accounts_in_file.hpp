// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AccountsInFile: the accounts of the server, which the test writes into the shared file.
#pragma once

#include "core/accounts.hpp"
#include "shared_numbers.hpp"

namespace ktally::test {

class AccountsInFile final : public Accounts {
public:
    explicit AccountsInFile(SharedAccounts &shared) : shared_{shared} {}

    Mechanism mechanism() const override;
    std::uint64_t root_cgroup() const override { return 1; }
    std::vector<CgroupAccount> cgroups() const override;
    std::vector<EndedThreads> ended_threads() const override;
    std::vector<TaskAccount> tasks() const override;
    std::uint64_t cgroup_changes() const override { return shared_.changes; }
    void forget_cgroup(std::uint64_t id) override;
    std::vector<Process> processes(std::uint32_t min_descriptors) const override;

private:
    SharedAccounts &shared_;
};

} // namespace ktally::test
