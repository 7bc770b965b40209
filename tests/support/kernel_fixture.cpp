// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel_fixture.hpp"

#include "eventually.hpp"

#include <unistd.h>

#include <iostream>
#include <stdexcept>

namespace ktally::test {

std::string name(Counter counter)
{
    return std::string{row(counter).interface} + '.' + std::string{row(counter).property};
}

Totals difference(const Totals &after, const Totals &before)
{
    Totals moved;
    for (std::size_t index = 0; index < counter_count; ++index)
        moved[index] = after[index] - before[index];
    return moved;
}

void KernelFixture::SetUp()
{
    if (geteuid() != 0)
        GTEST_SKIP() << "loading BPF programs takes root";
}

void KernelFixture::TearDown()
{
    if (daemon_ && HasFailure())
        std::cerr << "the daemon's log:\n" << daemon_->log();
}

void KernelFixture::start(const std::string &config, void (*before_exec)())
{
    daemon_ = std::make_shared<RunningDaemon>(config, before_exec);
    if (!daemon_->ready())
        throw std::runtime_error{"ktallyd is not ready: " + daemon_->log()};
}

void KernelFixture::start(Backend backend)
{
    start(never_sampling + ("Backend=" + std::string{ktally::name(backend)}));
    for (const auto &probe : daemon_->probes())
        if (std::get<2>(probe) == "absent")
            GTEST_SKIP() << std::get<0>(probe) << " cannot be had here: " << std::get<3>(probe);
}

Totals KernelFixture::totals_after_release(std::uint64_t expected, std::chrono::milliseconds patience)
{
    Totals totals{};
    eventually(
        [&] {
            totals = daemon_->totals();
            return totals[released] + daemon_->missed()[name(Counter::TasksReleased)] >= expected;
        },
        patience);
    return totals;
}

} // namespace ktally::test
