// SPDX-License-Identifier: LGPL-2.1-or-later
//
// AccountsOfKernel: the accounts and the processes of the running kernel, by the real programs, in this process.
#pragma once

#include "actor.hpp"
#include "core/accounts.hpp"
#include "kernel/adoption.hpp"
#include "kernel/kernel_source.hpp"
#include "memory_fd_store.hpp"

#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

namespace ktally::test {

class AccountsOfKernel : public testing::TestWithParam<Backend> {
protected:
    void SetUp() override
    {
        if (geteuid() != 0)
            GTEST_SKIP() << "not root: BPF programs cannot be loaded";
        if (!source_)
            start();
        unattributed_before_ = source_->unattributed();
        skipped_before_ = skipped_runs();
        for (const Probe &probe : source_->probes())
            if (probe.counter == Counter::Reads && probe.state == ProbeState::absent)
                GTEST_SKIP() << probe.reason;
        const auto mechanism = accounts().mechanism();
        if (mechanism.state == ProbeState::absent)
            GTEST_SKIP() << mechanism.reason;
    }

    void TearDown() override
    {
        if (IsSkipped())
            return;
        // With fentry, a program may be preempted while it has the storage of tasks to itself, which kernels before 7.0
        // let only one look into on each CPU.
        const std::uint64_t skipped = skipped_runs() - skipped_before_;
        if (GetParam() == Backend::fentry) {
            EXPECT_GE(unattributed(), skipped);
        } else {
            EXPECT_EQ(unattributed(), skipped);
        }
    }

    static void TearDownTestSuite()
    {
        source_.reset();
        store_.kept.clear();
    }

    // Or goes on with what the store has.
    void start()
    {
        Config config;
        config.backend = GetParam();
        source_.emplace(config, store_, MonotonicTime{});
    }

    // Since the test began.
    std::uint64_t unattributed() const { return source_->unattributed() - unattributed_before_; }

    // How many runs of the entry program the kernel skipped so far, because they came in the middle of another.
    std::uint64_t skipped_runs() const
    {
        std::uint64_t skipped = 0;
        for (const auto &[name, fd] : store_.kept) {
            bpf_prog_info info{};
            unsigned size = sizeof info;
            if (name.starts_with(program_name({})) && bpf_obj_get_info_by_fd(fd.get(), &info, &size) == 0)
                skipped += info.recursion_misses;
        }
        return skipped;
    }

    // Just so many calls, but for those that the daemon says may be missing.
    testing::Matcher<std::uint64_t> made(std::uint64_t calls) const
    {
        return testing::AllOf(testing::Ge(calls - std::min(calls, unattributed())), testing::Le(calls));
    }

    Accounts &accounts() { return source_->accounts(); }

    // What a cgroup has, without those below.
    Calls of_cgroup(std::uint64_t id)
    {
        Calls sum{};
        for (const CgroupAccount &cgroup : accounts().cgroups())
            if (cgroup.id == id)
                add(sum, cgroup.calls);
        for (const TaskAccount &task : accounts().tasks())
            if (task.cgroup == id)
                add(sum, task.calls);
        return sum;
    }

    Calls of_process(pid_t pid)
    {
        Calls sum{};
        for (const EndedThreads &ended : accounts().ended_threads())
            if (ended.pid == static_cast<std::uint32_t>(pid))
                add(sum, ended.calls);
        for (const TaskAccount &task : accounts().tasks())
            if (task.pid == static_cast<std::uint32_t>(pid))
                add(sum, task.calls);
        return sum;
    }

    std::optional<CgroupAccount> entry(std::uint64_t id)
    {
        for (const CgroupAccount &cgroup : accounts().cgroups())
            if (cgroup.id == id)
                return cgroup;
        return std::nullopt;
    }

    std::optional<Process> process(pid_t pid)
    {
        for (const Process &each : accounts().processes(all_processes))
            if (each.pid == static_cast<std::uint32_t>(pid))
                return each;
        return std::nullopt;
    }

    static void add(Calls &sum, const Calls &more) { std::ranges::transform(sum, more, sum.begin(), std::plus{}); }

    // For all tests of a backend: it takes long to begin.
    static inline MemoryFdStore store_;
    static inline std::optional<KernelSource> source_;
    std::uint64_t unattributed_before_ = 0;
    std::uint64_t skipped_before_ = 0;
};

inline std::string backend_name(const testing::TestParamInfo<Backend> &backend)
{
    return std::string{name(backend.param)};
}

template <typename Body> void in_a_vforked_child(Body body)
{
    const pid_t child = vfork();
    if (child == 0) {
        body();
        _exit(0);
    }
    waitpid(child, nullptr, 0);
}

} // namespace ktally::test
