// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A kernel that does not give everything: the daemon says what is absent and why, and the rest is exact.
#include "denied_bpf.hpp"
#include "quiet_fixture.hpp"

#include <algorithm>
#include <fstream>

namespace ktally::test {
namespace {

class Faults : public QuietFixture {
protected:
    // Neither accounts nor processes can be read, and that is said.
    void expect_nobody_to_be_seen()
    {
        const auto accounting = daemon_->accounting();
        EXPECT_EQ(std::get<2>(accounting), "absent");
        EXPECT_FALSE(std::get<3>(accounting).empty());
        EXPECT_NE(daemon_->log().find("nothing is counted by unit and process: " + std::get<3>(accounting)),
                  std::string::npos);
        EXPECT_EQ(daemon_->properties("Processes").at("ZombiesCurrent").get<std::uint64_t>(), absent_total);
        EXPECT_EQ(daemon_->properties("Files").at("DescriptorsCurrent").get<std::uint64_t>(), absent_total);
    }

    // The counters that are absent, each with the reason that Probes gives. Each must have one, be said in the log, and
    // show no number.
    std::map<std::string, std::string> absent()
    {
        std::map<std::string, std::string> reasons;
        const Totals totals = daemon_->totals();
        for (const auto &probe : daemon_->probes()) {
            const std::string counter = std::get<0>(probe), reason = std::get<3>(probe);
            if (std::get<2>(probe) != "absent")
                continue;
            reasons[counter] = reason;
            EXPECT_FALSE(reason.empty()) << counter;
            EXPECT_NE(daemon_->log().find(counter + " is absent: " + reason), std::string::npos) << counter;
            const auto row =
                std::ranges::find_if(counters, [&](const CounterRow &any) { return name(any.counter) == counter; });
            EXPECT_EQ(totals[static_cast<std::size_t>(row->counter)], absent_total) << counter;
        }
        return reasons;
    }

    // Where a counter comes from: "fentry:vfs_unlink".
    std::string source(Counter counter)
    {
        for (const auto &probe : daemon_->probes())
            if (std::get<0>(probe) == name(counter))
                return std::get<1>(probe);
        return {};
    }

    void expect_the_rest_to_be_exact()
    {
        expect_exactly([this] {
            run_workload(Abi::x86_64, scratch_.path());
            return workload_worth_here();
        });
    }
};

TEST_F(Faults, WithoutFentryKprobesCountCallsAndTheTracepointTheirEnds)
{
    start(never_sampling, [] { deny_bpf({BPF_PROG_TYPE_TRACING, {BPF_TRACE_FENTRY, BPF_TRACE_FEXIT}}); });
    daemon_->set_return_program(true);
    EXPECT_EQ(daemon_->backend(), "kprobe");
    EXPECT_EQ(source(Counter::Reads), "kprobe:vfs_read+vfs_readv");
    EXPECT_EQ(source(Counter::ReadErrors), "tracepoint:sys_exit");
    EXPECT_TRUE(absent().empty());
    expect_the_rest_to_be_exact();
}

TEST_F(Faults, WithoutTracingProgramsWhatNeedsThemIsAbsent)
{
    start(never_sampling, [] { deny_bpf({BPF_PROG_TYPE_TRACING, {}}); });
    const auto reasons = absent();
    for (const CounterRow &counter : counters) {
        const bool by_kprobe = counter.unit == Unit::calls && !hooks[counter.first].functions[0].empty();
        EXPECT_EQ(reasons.contains(name(counter.counter)), !by_kprobe) << name(counter.counter);
    }
    for (const auto &[counter, reason] : reasons)
        EXPECT_NE(reason.find("Operation not permitted"), std::string::npos) << counter << ": " << reason;
    EXPECT_THROW(daemon_->set_return_program(true), sdbus::Error);
    expect_nobody_to_be_seen();
    expect_the_rest_to_be_exact();
}

TEST_F(Faults, WithoutTheKprobeProgramsThatAreForcedOnlyTheLifeOfTasksIsCounted)
{
    start(std::string{never_sampling} + "Backend=kprobe", [] { deny_bpf({BPF_PROG_TYPE_KPROBE, {}}); });
    daemon_->set_return_program(true);
    const auto reasons = absent();
    for (const CounterRow &counter : counters) {
        const bool by_function = counter.unit == Unit::calls && !hooks[counter.first].functions[0].empty();
        EXPECT_EQ(reasons.contains(name(counter.counter)), by_function) << name(counter.counter);
    }
    for (const auto &[counter, reason] : reasons)
        EXPECT_NE(reason.find("Operation not permitted"), std::string::npos) << counter << ": " << reason;
    expect_the_rest_to_be_exact();
}

TEST_F(Faults, AnExcludedFunctionIsCountedInAnotherWay)
{
    start(std::string{never_sampling} + "Exclude=vfs_unlink");
    daemon_->set_return_program(true);
    EXPECT_EQ(source(Counter::Unlinks), "tracepoint:sys_enter");
    EXPECT_EQ(source(Counter::UnlinkErrors), "tracepoint:sys_exit");
    EXPECT_EQ(source(Counter::Reads), "fentry:vfs_read+vfs_readv");
    EXPECT_TRUE(absent().empty());
    expect_the_rest_to_be_exact();
}

TEST_F(Faults, AMissingFunctionOfAForcedBackendIsAbsent)
{
    start(std::string{never_sampling} + "Backend=fentry\nExclude=vfs_unlink task_newtask");
    daemon_->set_return_program(true);
    const std::map<std::string, std::string> expected{
        {"Vfs.Unlinks", "Exclude=vfs_unlink; Backend=fentry"},
        {"Vfs.UnlinkErrors", "Exclude=vfs_unlink; Backend=fentry"},
        {"Processes.Forks", "Exclude=task_newtask"},
        {"Processes.ThreadsCreated", "Exclude=task_newtask"},
    };
    EXPECT_EQ(absent(), expected);
    expect_the_rest_to_be_exact();
}

// Only in a guest that was booted so.
bool locked_down()
{
    std::ifstream file{"/sys/kernel/security/lockdown"};
    std::string lockdown;
    std::getline(file, lockdown);
    return lockdown.find("[confidentiality]") != lockdown.npos;
}

TEST_F(Faults, UnderLockdownFentryCountsEverything)
{
    if (!locked_down())
        GTEST_SKIP() << "this guest was not booted with lockdown=confidentiality";
    start(never_sampling);
    daemon_->set_return_program(true);
    EXPECT_EQ(daemon_->backend(), "fentry");
    EXPECT_TRUE(absent().empty());
    if (std::get<2>(daemon_->accounting()) == "absent") // they read kernel memory
        expect_nobody_to_be_seen();
    expect_the_rest_to_be_exact();
}

// Which is that of the programs that do so: to see what was created, and before 5.11 the ABI of a system call.
TEST_F(Faults, UnderLockdownWhatReadsKernelMemoryIsAbsent)
{
    if (!locked_down())
        GTEST_SKIP() << "this guest was not booted with lockdown=confidentiality";
    start(std::string{never_sampling} + "Backend=tracepoint");
    const auto reasons = absent();
    EXPECT_TRUE(reasons.contains("Vfs.Creates"));
    for (const auto &[counter, reason] : reasons) {
        EXPECT_NE(reason.find("loading the program for tracepoint:sys_"), std::string::npos)
            << counter << ": " << reason;
        EXPECT_FALSE(counter.starts_with("Processes.") && !counter.ends_with("Errors")) << counter;
    }
    expect_the_rest_to_be_exact();
}

} // namespace
} // namespace ktally::test
