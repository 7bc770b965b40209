// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Exactness, by equality: every counter moves by what the workload is worth, on the kernel and the backend that this
// guest was booted for, whatever happens meanwhile.
#include "hammer.hpp"
#include "preemption.hpp"
#include "quiet_fixture.hpp"
#include "shared.hpp"
#include "workload.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace ktally::test {
namespace {

// One daemon for all tests of a backend, with the return program off: what one test leaves behind, the next must stand.
class Exact : public QuietFixture, public testing::WithParamInterface<Backend> {
protected:
    void SetUp() override
    {
        QuietFixture::SetUp();
        if (IsSkipped())
            return;
        if (backend_ == GetParam()) {
            daemon_ = running_;
            daemon_->set_return_program(false);
            return;
        }
        running_.reset();
        backend_.reset();
        start(GetParam());
        if (IsSkipped())
            return;
        running_ = daemon_;
        backend_ = GetParam();
    }

    static void TearDownTestSuite() { running_.reset(); }

    std::function<Worth()> workload(Abi abi, void (*before_exec)() = nullptr)
    {
        return [=, this] {
            run_workload(abi, scratch_.path(), before_exec);
            return workload_worth_here();
        };
    }

    // The errors by errno. If the daemon owns up to events that it could not look at, none may be too many, and
    // expect_exactly() has compared how many are missing of each operation.
    void expect_errors(const Errors &before, const Errors &expected, bool all_looked_at)
    {
        Errors moved = daemon_->errors();
        for (const auto &[error, times] : before)
            if ((moved[error] -= times) == 0)
                moved.erase(error);
        if (all_looked_at) {
            EXPECT_EQ(moved, expected);
            return;
        }
        for (const auto &[error, times] : moved)
            EXPECT_LE(times, expected.contains(error) ? expected.at(error) : 0)
                << std::get<0>(error) << ' ' << std::get<1>(error);
    }

private:
    static inline std::shared_ptr<RunningDaemon> running_;
    static inline std::optional<Backend> backend_;
};

INSTANTIATE_TEST_SUITE_P(Vm, Exact, testing::ValuesIn(backends),
                         [](const auto &backend) { return std::string{ktally::name(backend.param)}; });

TEST_P(Exact, NothingMovesWhileNothingRuns)
{
    daemon_->set_return_program(true);
    const Totals cost = cost_of([] {});
    for (const CounterRow &counter : counters)
        EXPECT_EQ(cost[static_cast<std::size_t>(counter.counter)], 0u) << name(counter.counter);
}

TEST_P(Exact, CallsBytesAndErrorsByErrno)
{
    daemon_->set_return_program(true);
    const Errors before = daemon_->errors();
    const bool all = expect_exactly(workload(Abi::x86_64));
    expect_errors(before, workload_errors(GetParam()), all);
}

TEST_P(Exact, NoBytesAndErrorsWhileTheReturnProgramIsOff)
{
    daemon_->set_return_program(true);
    daemon_->set_return_program(false);
    const Errors before = daemon_->errors();
    expect_exactly([this] {
        run_workload(Abi::x86_64, scratch_.path());
        Worth worth = workload_worth(GetParam());
        for (auto &[counter, times] : worth)
            if (row(counter).unit != Unit::calls)
                times = 0;
        return worth;
    });
    expect_errors(before, {}, true);
}

TEST_P(Exact, SystemCallsOfI386)
{
    if (!std::filesystem::exists(workload_program(Abi::i386)))
        GTEST_SKIP() << "the compiler builds no i386 programs here (gcc-multilib)";
    daemon_->set_return_program(true);
    const Errors before = daemon_->errors();
    const bool all = expect_exactly(workload(Abi::i386));
    expect_errors(before, workload_errors(GetParam()), all);
}

// The same in namespaces of its own, as a process that waits for the workload: one more of everything.
void enter_namespaces()
{
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) != 0)
        _exit(126);
    const pid_t child = fork();
    if (child == 0)
        return;
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 126);
}

TEST_P(Exact, ProcessesInOtherNamespaces)
{
    daemon_->set_return_program(true);
    expect_exactly([this] {
        Worth worth = workload(Abi::x86_64, enter_namespaces)();
        for (Counter counter : {Counter::Forks, Counter::Exits, Counter::TasksExited, Counter::TasksReleased})
            worth[counter] += 1;
        return worth;
    });
}

Worth calls_of(Worth worth)
{
    std::erase_if(worth, [](const auto &entry) { return row(entry.first).unit != Unit::calls; });
    return worth;
}

TEST_P(Exact, TwoHundredTogglesOfTheReturnProgramUnderFourThreads)
{
    constexpr int measured = 4, times = 200;
    const auto toggle = [this](int switches) {
        for (int turn = 0; turn < switches; ++turn)
            daemon_->set_return_program(turn % 2 == 0);
    };
    toggle(2);
    Totals cost = cost_of([&] { toggle(measured); });
    for (std::uint64_t &each : cost)
        each *= times / measured;
    expect_exactly(
        [&] {
            Hammer hammer{4, scratch_.path(), std::chrono::milliseconds{10}};
            toggle(times);
            return calls_of(hammer.stop());
        },
        cost);
}

void write_to(const std::string &path, const char *text) // an open, a write, a close
{
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_GE(fd, 0) << path;
    EXPECT_EQ(write(fd, text, 1), 1) << path;
    close(fd);
}

TEST_P(Exact, CpusThatComeAndGo)
{
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (cpus < 2)
        GTEST_SKIP() << "this guest has one CPU";
    constexpr std::uint64_t rounds = 5;
    const std::string last = "/sys/devices/system/cpu/cpu" + std::to_string(cpus - 1) + "/online";
    daemon_->set_return_program(true);
    expect_exactly([&] {
        Hammer hammer{static_cast<unsigned>(2 * cpus), scratch_.path()};
        for (std::uint64_t round = 0; round < rounds; ++round) {
            write_to(last, "0");
            std::this_thread::sleep_for(std::chrono::milliseconds{50}); // let the others work without it
            write_to(last, "1");
            std::this_thread::sleep_for(std::chrono::milliseconds{50});
        }
        Worth worth = hammer.stop();
        for (Counter counter : {Counter::Opened, Counter::Writes, Counter::Closed, Counter::WriteBytes})
            worth[counter] += 2 * rounds;
        return worth;
    });
}

// The last thread of a process is not always the last to reach the tracepoint where ends are counted.
TEST_P(Exact, ProcessesWhoseThreadsEndTogether)
{
    constexpr std::uint64_t processes = 1000, threads = 3;
    expect_exactly([=] {
        for (std::uint64_t process = 0; process < processes; ++process) {
            const pid_t child = fork();
            if (child == 0) {
                std::vector<std::thread> running;
                for (std::uint64_t thread = 0; thread < threads; ++thread)
                    running.emplace_back([] {});
                for (std::thread &thread : running)
                    thread.join();
                _exit(0);
            }
            int status = -1;
            EXPECT_EQ(waitpid(child, &status, 0), child);
            EXPECT_EQ(status, 0);
        }
        return Worth{{Counter::Forks, processes},
                     {Counter::ThreadsCreated, processes * threads},
                     {Counter::Exits, processes},
                     {Counter::TasksExited, processes * (1 + threads)},
                     {Counter::TasksReleased, processes * (1 + threads)}};
    });
}

// The read that wakes the thread that preempts is counted too.
TEST_P(Exact, AReaderPreemptedTenThousandTimes)
{
    constexpr std::uint64_t preemptions = 10'000;
    const Shared<std::uint64_t> reads;
    expect_exactly([&] {
        const pid_t child = fork();
        if (child == 0) {
            const int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
            char byte = 0;
            const auto read_one = [&] {
                if (read(zero, &byte, 1) != 1)
                    _exit(1);
            };
            *reads = while_preempted(preemptions, read_one, [] {}) + preemptions;
            _exit(0);
        }
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        return Worth{{Counter::Reads, *reads}, {Counter::Opened, 1}, {Counter::ThreadsCreated, 1}, {Counter::Exits, 1}};
    });
}

// More calls in flight than a kretprobe has room for by default (ten, or two for each CPU).
TEST_P(Exact, BytesOfAHundredBlockedReaders)
{
    constexpr std::uint64_t readers = 100;
    daemon_->set_return_program(true);
    expect_exactly([=] {
        std::array<int, 2> ends{};
        EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
        const pid_t child = fork();
        if (child == 0) {
            std::vector<std::thread> threads;
            for (std::uint64_t reader = 0; reader < readers; ++reader)
                threads.emplace_back([fd = ends[0]] {
                    char byte = 0;
                    if (read(fd, &byte, 1) != 1)
                        _exit(1);
                });
            for (std::thread &thread : threads)
                thread.join();
            _exit(0);
        }
        std::this_thread::sleep_for(std::chrono::seconds{1}); // most of them wait by now
        const std::array<char, readers> bytes{};
        EXPECT_EQ(write(ends[1], bytes.data(), bytes.size()), static_cast<ssize_t>(readers));
        int status = -1;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
        close(ends[0]);
        close(ends[1]);
        return Worth{{Counter::Reads, readers}, {Counter::ReadBytes, readers},  {Counter::ReadErrors, 0},
                     {Counter::Writes, 1},      {Counter::WriteBytes, readers}, {Counter::Closed, 2}};
    });
}

} // namespace
} // namespace ktally::test
