// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelAccounts: the accounts of the running kernel, and its processes, read by iterators over its tasks. Those are
// each instance's own: they count nothing.
#pragma once

#include "core/accounts.hpp"
#include "kernel/account_maps.hpp"

#include <memory>
#include <string>

struct inspect_bpf;

namespace ktally {

// The cgroup that is / where cgroup v2 is mounted; 0 if it is not.
std::uint64_t find_root_cgroup();

class KernelAccounts final : public Accounts {
public:
    // Without the iterators, if the kernel refuses them, there are neither accounts nor processes. `shared`, in the
    // memory of the entry program's slots, outlives this.
    KernelAccounts(AccountMaps maps, const ktally_accounting &shared, std::uint64_t root);
    ~KernelAccounts() override;

    const AccountMaps &maps() const { return maps_; }

    // Makes entries for the cgroups that there are, whether anybody counts in them or not.
    void enter_cgroups() const;

    Mechanism mechanism() const override;
    std::uint64_t root_cgroup() const override { return root_; }
    std::vector<CgroupAccount> cgroups() const override;
    std::vector<EndedThreads> ended_threads() const override;
    std::vector<TaskAccount> tasks() const override;
    std::uint64_t cgroup_changes() const override;
    void forget_cgroup(std::uint64_t id) override;
    std::vector<Process> processes(std::uint32_t min_descriptors) const override;

    // Calls that were counted and could be added to nobody.
    std::uint64_t unattributed() const;

private:
    struct Destroy {
        void operator()(inspect_bpf *skeleton) const;
    };

    using Inspect = std::unique_ptr<inspect_bpf, Destroy>;

    // Throws std::system_error.
    Inspect load(bool with_loop) const;
    void load();

    AccountMaps maps_;
    const ktally_accounting &shared_;
    std::uint64_t root_;
    std::string unreadable_; // why there are no iterators
    Inspect inspect_;
    Fd enter_all_, task_accounts_, process_accounts_, processes_; // links of iterators
    mutable std::uint64_t entered_ = 0;                           // cgroup_changes() when entries were made last
};

} // namespace ktally
