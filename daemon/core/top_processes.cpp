// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/top_processes.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_map>

namespace ktally {
namespace {

std::pair<std::uint32_t, std::int64_t> key(const Process &process)
{
    return {process.pid, process.start.count()};
}

std::uint64_t sum(const Calls &calls, const CounterRow &counter)
{
    return std::accumulate(calls.begin() + counter.first, calls.begin() + counter.last + 1, std::uint64_t{0});
}

std::unordered_map<std::uint32_t, std::uint64_t> calls_by_pid(const Accounts &accounts, const CounterRow &counter)
{
    std::unordered_map<std::uint32_t, std::uint64_t> counts;
    const auto add = [&](const auto &each) { counts[each.pid] += sum(each.calls, counter); };
    std::ranges::for_each(accounts.ended_threads(), add); // first: a thread that ends meanwhile is not seen twice
    std::ranges::for_each(accounts.tasks(), add);
    return counts;
}

} // namespace

std::vector<ProcessCounter> process_counters()
{
    std::vector<ProcessCounter> all;
    for (const CounterRow &counter : counters) {
        const bool by_cgroup_only =
            counter.first == KTALLY_EXIT || counter.first == KTALLY_TASK_EXIT || counter.first == KTALLY_RELEASE;
        if (counter.unit == Unit::calls && !by_cgroup_only)
            all.push_back({std::string{counter.interface} + '.' + std::string{counter.property}, &counter});
    }
    all.push_back({"Files.DescriptorsCurrent"});
    return all;
}

std::vector<ProcessCount> count_processes(const Accounts &accounts, const ProcessCounter &counter,
                                          std::optional<std::uint32_t> uid)
{
    std::unordered_map<std::uint32_t, std::uint64_t> calls;
    if (counter.calls)
        calls = calls_by_pid(accounts, *counter.calls);
    std::vector<ProcessCount> counts;
    for (Process &process : accounts.processes(all_processes)) {
        if (uid && process.uid != *uid)
            continue;
        const auto found = calls.find(process.pid);
        const std::uint64_t count = counter.calls ? (found == calls.end() ? 0 : found->second) : process.descriptors;
        if (count > 0)
            counts.push_back({std::move(process), count});
    }
    return counts;
}

EarlierCounts earlier_counts(const std::vector<ProcessCount> &counts)
{
    EarlierCounts earlier;
    for (const ProcessCount &each : counts)
        earlier.emplace(key(each.process), each.count);
    return earlier;
}

std::vector<ProcessCount> since(std::vector<ProcessCount> counts, const EarlierCounts &earlier)
{
    for (ProcessCount &each : counts)
        if (const auto before = earlier.find(key(each.process)); before != earlier.end())
            each.count -= std::min(each.count, before->second);
    std::erase_if(counts, [](const ProcessCount &each) { return each.count == 0; });
    return counts;
}

std::vector<ProcessCount> top(std::vector<ProcessCount> counts, std::size_t limit)
{
    const auto before = [](const ProcessCount &one, const ProcessCount &other) {
        return one.count != other.count ? one.count > other.count : one.process.pid < other.process.pid;
    };
    std::ranges::sort(counts, before);
    if (limit > 0 && counts.size() > limit)
        counts.resize(limit);
    return counts;
}

} // namespace ktally
