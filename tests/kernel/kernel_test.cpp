// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The real daemon with the real programs on the running kernel. Other processes count too, so each run must find at
// least what the workload is worth, every time; and among several runs, those that nothing disturbed must find just
// that.
#include "eventually.hpp"
#include "figures.hpp"
#include "kernel_fixture.hpp"
#include "loaded_programs.hpp"
#include "workload.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <set>
#include <thread>

namespace ktally::test {
namespace {

using namespace std::chrono_literals;

constexpr int attempts = 200;

class Kernel : public KernelFixture {
protected:
    // By how much `act` moves each counter when nothing disturbs it: the smallest of some runs.
    template <typename Act> Totals least_moved(Act act)
    {
        Totals least;
        least.fill(absent_total);
        for (int attempt = 0; attempt < 5; ++attempt) {
            const Totals before = daemon_->totals();
            act();
            const Totals after = daemon_->totals();
            const Totals moved = difference(after, before);
            for (std::size_t index = 0; index < counter_count; ++index)
                least[index] = std::min(least[index], moved[index]);
        }
        return least;
    }

    // How much the rest of the machine moves each counter in such a time.
    Totals moved_by_others(std::chrono::steady_clock::duration time)
    {
        const Totals before = daemon_->totals();
        std::this_thread::sleep_for(time);
        return difference(daemon_->totals(), before);
    }

    // Runs `act` and compares by how much each counter moves: never by less than it is worth, unless the daemon owns up
    // to it; and in some run by just that and `own`, what the act moves beside it, give or take what others moved in a
    // time as long. On a machine that does nothing else that is nothing.
    template <typename Act> void expect_worth(const Worth &worth, Act act, const Totals &own = {})
    {
        std::set<Counter> exact;
        std::map<Counter, std::int64_t> excess;
        Totals others{};
        for (int attempt = 0; attempt < attempts && exact.size() < worth.size(); ++attempt) {
            const Totals before = daemon_->totals();
            auto missed_before = daemon_->missed();
            const auto begin = std::chrono::steady_clock::now();
            act();
            const auto tasks = worth.find(Counter::TasksReleased);
            const Totals after = totals_after_release(before[released] + missed_before[name(Counter::TasksReleased)] +
                                                          (tasks == worth.end() ? 0 : tasks->second),
                                                      released_in_softirq_ ? 500ms : 20s);
            const auto time = std::chrono::steady_clock::now() - begin;
            auto missed_after = daemon_->missed();
            const Totals idle = moved_by_others(time);
            for (const auto &[counter, expected] : worth) {
                const auto index = static_cast<std::size_t>(counter);
                const std::uint64_t moved = after[index] - before[index];
                others[index] = std::max(others[index], idle[index]);
                excess[counter] = static_cast<std::int64_t>(moved) - static_cast<std::int64_t>(expected + own[index]);
                if (static_cast<std::uint64_t>(std::abs(excess[counter])) <= others[index])
                    exact.insert(counter);
                if (counter == Counter::TasksReleased && released_in_softirq_)
                    continue;
                ASSERT_GE(moved + missed_after[name(counter)] - missed_before[name(counter)], expected)
                    << name(counter) << " lost something";
            }
        }
        for (const auto &[counter, expected] : worth)
            EXPECT_TRUE(exact.contains(counter))
                << name(counter) << " moved by " << excess[counter] << " beside the expected " << expected
                << ", others by at most " << others[static_cast<std::size_t>(counter)];
    }

    // sched_process_free comes in a softirq, on top of whatever task runs just then. Kernels that keep BPF programs
    // away from tasks of their own (those of sandboxes do) lose it there, so that a run may show less.
    bool released_in_softirq_ = false;
};

bool counts_ends(const std::pair<const Counter, std::uint64_t> &worth)
{
    return row(worth.first).unit != Unit::calls;
}

class EachBackend : public Kernel, public testing::WithParamInterface<Backend> {
protected:
    void SetUp() override
    {
        Kernel::SetUp();
        if (!IsSkipped())
            start(GetParam());
        released_in_softirq_ = GetParam() == Backend::tracepoint;
    }
};

INSTANTIATE_TEST_SUITE_P(Kernel, EachBackend, testing::ValuesIn(backends),
                         [](const auto &backend) { return std::string{ktally::name(backend.param)}; });

TEST_P(EachBackend, CountsTheCallsOfAWorkloadAndNothingOfHowTheyEndedWhileTheReturnProgramIsOff)
{
    auto worth = workload_worth(GetParam());
    for (auto &[counter, expected] : worth)
        if (row(counter).unit != Unit::calls)
            expected = 0;
    expect_worth(worth, [&] { run_workload(Abi::x86_64, scratch_.path()); });
    EXPECT_TRUE(daemon_->errors().empty());
}

TEST_P(EachBackend, CountsErrorsAndBytesWhileTheReturnProgramIsOn)
{
    daemon_->set_return_program(true);
    auto worth = workload_worth(GetParam());
    std::erase_if(worth, [](const auto &entry) { return !counts_ends(entry); });
    expect_worth(worth, [&] { run_workload(Abi::x86_64, scratch_.path()); });
}

TEST_P(EachBackend, CountsErrorsByErrno)
{
    daemon_->set_return_program(true);
    const Errors expected = workload_errors(GetParam());
    Errors least;
    for (int attempt = 0; attempt < attempts && least != expected; ++attempt) {
        auto before = daemon_->errors();
        run_workload(Abi::x86_64, scratch_.path());
        auto after = daemon_->errors();
        for (const auto &[error, count] : expected) {
            const std::uint64_t moved = after[error] - before[error];
            ASSERT_GE(moved, count) << std::get<0>(error) << ' ' << std::get<1>(error);
            const auto seen = least.try_emplace(error, moved).first;
            seen->second = std::min(seen->second, moved);
        }
    }
    EXPECT_EQ(least, expected);
}

TEST_P(EachBackend, TogglingTheReturnProgramFiftyTimesLosesNoCall)
{
    auto worth = workload_worth(GetParam());
    std::erase_if(worth, counts_ends);
    const auto toggle = [&] {
        for (int turn = 0; turn < 50; ++turn)
            daemon_->set_return_program(turn % 2 == 0);
    };
    for (auto &[counter, expected] : worth)
        expected *= 4;
    worth[Counter::ThreadsCreated] += 1; // the worker
    worth[Counter::TasksExited] += 1;
    worth[Counter::TasksReleased] += 1;
    expect_worth(
        worth,
        [&] {
            std::thread worker{[&] {
                for (int round = 0; round < 4; ++round)
                    run_workload(Abi::x86_64, scratch_.path());
            }};
            toggle();
            worker.join();
        },
        least_moved(toggle)); // the daemon closes links and writes its log
}

TEST_P(EachBackend, ErrorsAndBytesStandStillWhileTheReturnProgramIsOff)
{
    daemon_->set_return_program(true);
    run_workload(Abi::x86_64, scratch_.path());
    daemon_->set_return_program(false);
    const Totals before = daemon_->totals();
    run_workload(Abi::x86_64, scratch_.path());
    const Totals after = daemon_->totals();
    for (const CounterRow &counter : counters) {
        const auto index = static_cast<std::size_t>(counter.counter);
        if (counter.unit != Unit::calls) {
            EXPECT_EQ(after[index], before[index]) << name(counter.counter);
        }
    }
    EXPECT_GE(before[static_cast<std::size_t>(Counter::WriteBytes)], std::uint64_t{WRITES} * BLOCK);
}

TEST_F(Kernel, EveryCounterHasASourceHere)
{
    start(never_sampling);
    EXPECT_FALSE(daemon_->backend().empty());
    const auto probes = daemon_->probes();
    ASSERT_EQ(probes.size(), counters.size());
    for (const auto &probe : probes)
        EXPECT_NE(std::get<2>(probe), "absent") << std::get<0>(probe) << ": " << std::get<3>(probe);
    daemon_->set_return_program(true);
    for (const auto &probe : daemon_->probes())
        EXPECT_EQ(std::get<2>(probe), "active") << std::get<0>(probe);
    EXPECT_EQ(daemon_->status(), "Counting with " + daemon_->backend() + ", return program off");
}

// The original use of it all. While they last they cost the daemon less than 1 MB.
TEST_F(Kernel, AFactoryOfFiveThousandZombiesIsSeenAndGoesAway)
{
    constexpr std::uint64_t factory = 5000;
    start("Interval=100ms\n");
    const auto zombies = [this] { return daemon_->properties("Processes").at("ZombiesCurrent").get<std::uint64_t>(); };
    const std::uint64_t before = zombies();
    const long resident = resident_kib(daemon_->process().pid());
    std::vector<pid_t> children;
    while (children.size() < factory) {
        const pid_t child = vfork();
        if (child == 0)
            _exit(0);
        if (child < 0)
            break; // reaps the others before it ends
        children.push_back(child);
    }
    EXPECT_EQ(children.size(), factory) << std::strerror(errno);
    EXPECT_TRUE(eventually([&] { return zombies() == before + factory; }));
    EXPECT_LT(resident_kib(daemon_->process().pid()) - resident, 1024);
    for (const pid_t child : children)
        waitpid(child, nullptr, 0);
    EXPECT_TRUE(eventually([&] { return zombies() == before; }));
}

TEST_F(Kernel, AForcedBackendIsTheOnlyOneTried)
{
    for (Backend backend : backends) {
        start(never_sampling + ("Backend=" + std::string{ktally::name(backend)}));
        for (const auto &probe : daemon_->probes()) {
            const CounterRow &counter = *std::ranges::find_if(
                counters, [&](const CounterRow &any) { return name(any.counter) == std::get<0>(probe); });
            const bool by_function = counter.unit != Unit::calls || !hooks[counter.first].functions[0].empty();
            if (!by_function) {
                EXPECT_TRUE(std::get<1>(probe).starts_with("tracepoint:")) << std::get<0>(probe);
            } else if (std::get<2>(probe) == "absent") {
                EXPECT_EQ(daemon_->totals()[static_cast<std::size_t>(counter.counter)], absent_total);
                EXPECT_NE(daemon_->log().find(std::get<0>(probe) + " is absent: "), std::string::npos);
            } else {
                const std::string source = std::get<1>(probe);
                const std::string prefix{ktally::name(backend)};
                EXPECT_TRUE(source.starts_with(prefix) || source.starts_with("fexit") ||
                            source == "tracepoint:sys_exit")
                    << source;
            }
        }
    }
}

TEST_F(Kernel, LeavesNothingInTheKernelHoweverItEnds)
{
    for (int signal : {SIGTERM, SIGINT, SIGKILL}) {
        const auto before = loaded_programs();
        start(never_sampling);
        daemon_->set_return_program(true);
        std::set<unsigned> ours = loaded_programs();
        std::erase_if(ours, [&](unsigned id) { return before.contains(id); });
        EXPECT_FALSE(ours.empty());
        daemon_->process().signal(signal);
        EXPECT_EQ(daemon_->process().wait(10s), signal == SIGKILL ? 128 + SIGKILL : 0) << daemon_->log();
        // The kernel frees programs some time after the last descriptor is closed.
        for (int attempt = 0; attempt < attempts && !ours.empty(); ++attempt) {
            const auto left = loaded_programs();
            std::erase_if(ours, [&](unsigned id) { return !left.contains(id); });
            std::this_thread::sleep_for(10ms);
        }
        EXPECT_TRUE(ours.empty()) << ours.size() << " programs left";
    }
}

// Root as before, but for the right to load programs.
void drop_capabilities()
{
    for (int capability : {CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN})
        if (prctl(PR_CAPBSET_DROP, capability) != 0)
            _exit(126);
}

TEST_F(Kernel, WithoutCapabilitiesItEndsWithOneSentence)
{
    RunningDaemon daemon{"", drop_capabilities};
    EXPECT_FALSE(daemon.ready());
    EXPECT_EQ(daemon.process().wait(10s), 1);
    EXPECT_NE(daemon.log().find("ktallyd must run as root or with CAP_BPF and CAP_PERFMON\n"), std::string::npos)
        << daemon.log();
}

void hide_btf()
{
    if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", "/sys/kernel/btf", "tmpfs", 0, nullptr) != 0)
        _exit(126);
}

TEST_F(Kernel, WithoutBtfItEndsWithOneSentence)
{
    RunningDaemon daemon{"", hide_btf};
    EXPECT_FALSE(daemon.ready());
    EXPECT_EQ(daemon.process().wait(10s), 1);
    EXPECT_NE(daemon.log().find("CONFIG_DEBUG_INFO_BTF=y\n"), std::string::npos) << daemon.log();
}

} // namespace
} // namespace ktally::test
