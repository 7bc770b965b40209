// SPDX-License-Identifier: LGPL-2.1-or-later
#include "quiet_fixture.hpp"

#include <malloc.h>
#include <sys/utsname.h>

#include <algorithm>
#include <chrono>

namespace ktally::test {

using namespace std::chrono_literals;

// Far more than the kernel takes for a grace period.
constexpr auto patience = 30s;

void QuietFixture::SetUp()
{
    KernelFixture::SetUp();
    mallopt(M_ARENA_MAX, 1); // for more of them the C library opens a file, to see how many CPUs there are
}

Worth QuietFixture::workload_worth_here()
{
    const Worth by_function = workload_worth(Backend::fentry), by_syscall = workload_worth(Backend::tracepoint);
    Worth worth;
    for (const auto &probe : daemon_->probes()) {
        const bool by_syscalls = std::get<1>(probe).starts_with("tracepoint:sys_");
        for (const CounterRow &counter : counters)
            if (name(counter.counter) == std::get<0>(probe) && std::get<2>(probe) == "active")
                worth[counter.counter] = (by_syscalls ? by_syscall : by_function).at(counter.counter);
    }
    return worth;
}

Totals QuietFixture::cost_of(const std::function<void()> &act)
{
    const auto measured = [&] {
        const Totals before = daemon_->totals();
        act();
        return difference(daemon_->totals(), before);
    };
    const Totals first = measured(), second = measured();
    for (const CounterRow &counter : counters) {
        const auto index = static_cast<std::size_t>(counter.counter);
        EXPECT_EQ(first[index], second[index]) << name(counter.counter) << " is moved by something else";
    }
    return second;
}

bool QuietFixture::expect_exactly(const std::function<Worth()> &act, const Totals &cost)
{
    auto owed_before = daemon_->missed();
    const Totals before = daemon_->totals();
    const Worth worth = act();
    const auto tasks = worth.find(Counter::TasksReleased);
    const std::uint64_t ended = tasks == worth.end() ? 0 : tasks->second + cost[released];
    const std::uint64_t expected_releases = before[released] + owed_before[name(Counter::TasksReleased)] + ended;
    const Totals moved = difference(totals_after_release(expected_releases, patience), before);
    auto owed = daemon_->missed();
    for (const auto &[counter, times] : owed_before)
        owed[counter] -= times;
    utsname system{};
    uname(&system);
    RecordProperty("kernel", system.release);
    for (const auto &[counter, each] : worth) {
        const auto index = static_cast<std::size_t>(counter);
        const std::uint64_t expected = each + cost[index];
        if (owed[name(counter)] == 0) {
            EXPECT_EQ(moved[index], expected) << name(counter);
        } else {
            EXPECT_LE(moved[index], expected) << name(counter);
            // How many bytes an event had that was not looked at, nobody knows.
            EXPECT_TRUE(row(counter).unit == Unit::bytes || moved[index] + owed[name(counter)] >= expected)
                << name(counter) << " moved by " << moved[index] << " of " << expected;
        }
        RecordProperty(name(counter), std::to_string(expected) + ' ' + std::to_string(moved[index]));
    }
    return std::ranges::all_of(owed, [](const auto &entry) { return entry.second == 0; });
}

} // namespace ktally::test
