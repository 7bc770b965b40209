// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/top_processes.hpp"
#include "fake_accounts.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace ktally {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Calls calls(ktally_call call, std::uint64_t count)
{
    Calls calls{};
    calls[call] = count;
    return calls;
}

std::vector<std::pair<std::uint32_t, std::uint64_t>> pairs(const std::vector<ProcessCount> &counts)
{
    std::vector<std::pair<std::uint32_t, std::uint64_t>> pairs;
    for (const ProcessCount &each : counts)
        pairs.emplace_back(each.process.pid, each.count);
    return pairs;
}

ProcessCounter counter(std::string_view name)
{
    const std::vector<ProcessCounter> all = process_counters();
    return *std::ranges::find(all, name, &ProcessCounter::name);
}

class TopProcesses : public testing::Test {
protected:
    void add(std::uint32_t pid, std::uint64_t reads, std::uint32_t uid = 0)
    {
        Process process{};
        process.pid = pid;
        process.uid = uid;
        process.start = std::chrono::nanoseconds{pid};
        process.descriptors = pid;
        accounts_.processes_.push_back(process);
        accounts_.tasks_.push_back({pid, 1, calls(KTALLY_READ, reads)});
    }
    std::vector<ProcessCount> count(std::optional<std::uint32_t> uid = {}) const
    {
        return count_processes(accounts_, counter("Vfs.Reads"), uid);
    }

    test::FakeAccounts accounts_;
};

TEST_F(TopProcesses, HaveTheCountersThatTasksHave)
{
    std::vector<std::string> names;
    for (const ProcessCounter &each : process_counters())
        names.push_back(each.name);
    EXPECT_THAT(names, ElementsAre("Files.Opened", "Files.Closed", "Vfs.Reads", "Vfs.Writes", "Vfs.Unlinks",
                                   "Vfs.Fsyncs", "Vfs.Creates", "Processes.Forks", "Processes.ThreadsCreated",
                                   "Processes.Execs", "Files.DescriptorsCurrent"));
}

TEST_F(TopProcesses, AreSortedByCountThenPid)
{
    add(7, 5);
    add(6, 5);
    add(8, 9);
    add(9, 0);
    EXPECT_THAT(pairs(top(count(), 0)), ElementsAre(Pair(8, 9), Pair(6, 5), Pair(7, 5)));
    EXPECT_THAT(pairs(top(count(), 2)), ElementsAre(Pair(8, 9), Pair(6, 5)));
}

TEST_F(TopProcesses, HaveWhatAllTheirThreadsCounted)
{
    add(7, 5);
    accounts_.tasks_.push_back({7, 1, calls(KTALLY_READV, 2)});
    accounts_.tasks_.push_back({7, 1, calls(KTALLY_WRITE, 100)});
    accounts_.ended_threads_.push_back({7, calls(KTALLY_READ, 10)});
    EXPECT_THAT(pairs(count()), ElementsAre(Pair(7, 17)));
}

TEST_F(TopProcesses, CanBeOneUsers)
{
    add(7, 5, 1000);
    add(8, 6, 0);
    EXPECT_THAT(pairs(count(1000)), ElementsAre(Pair(7, 5)));
}

TEST_F(TopProcesses, LeaveOutWhatEndedMeanwhile)
{
    accounts_.tasks_.push_back({7, 1, calls(KTALLY_READ, 5)});
    EXPECT_THAT(count(), IsEmpty());
}

TEST_F(TopProcesses, CountDescriptorsThatAreOpen)
{
    add(7, 0);
    EXPECT_THAT(pairs(count_processes(accounts_, counter("Files.DescriptorsCurrent"), {})), ElementsAre(Pair(7, 7)));
}

TEST_F(TopProcesses, BetweenTwoReadingsHaveTheDifference)
{
    add(7, 5);
    add(8, 6);
    const EarlierCounts earlier = earlier_counts(count());
    accounts_.tasks_[0].calls[KTALLY_READ] = 15;
    add(9, 3);
    EXPECT_THAT(pairs(since(count(), earlier)), ElementsAre(Pair(7, 10), Pair(9, 3)));
}

TEST_F(TopProcesses, BetweenTwoReadingsNeverHaveLessThanNothing)
{
    add(7, 5);
    const EarlierCounts earlier = earlier_counts(count());
    accounts_.tasks_[0].calls[KTALLY_READ] = 2; // a thread ended while they were read
    EXPECT_THAT(since(count(), earlier), IsEmpty());
}

TEST_F(TopProcesses, WithAPidThatWasAnothersBeginAtNothing)
{
    add(7, 5);
    const EarlierCounts earlier = earlier_counts(count());
    accounts_.processes_[0].start += std::chrono::seconds{1};
    accounts_.tasks_[0].calls[KTALLY_READ] = 6;
    EXPECT_THAT(pairs(since(count(), earlier)), ElementsAre(Pair(7, 6)));
}

} // namespace
} // namespace ktally
