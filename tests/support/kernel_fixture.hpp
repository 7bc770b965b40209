// SPDX-License-Identifier: LGPL-2.1-or-later
//
// KernelFixture: the real daemon with the real programs on the running kernel, for a test. Prints the daemon's log when
// the test fails.
#pragma once

#include "running_daemon.hpp"
#include "worth.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ktally::test {

// No sample falls into a test: a timer that fires is a read.
inline constexpr const char *never_sampling = "Interval=1h\n";

std::string name(Counter counter); // "Vfs.Reads"

Totals difference(const Totals &after, const Totals &before);

class KernelFixture : public testing::Test {
protected:
    void SetUp() override;
    void TearDown() override;

    // Throws std::runtime_error with the daemon's log if it does not get ready.
    void start(const std::string &config, void (*before_exec)() = nullptr);

    // The same, counting with one backend only; skips the test where the kernel refuses it.
    void start(Backend backend);

    // The totals, as soon as that many tasks were released or missed, or after some patience. The tracepoint
    // sched_process_free comes an RCU grace period after a task ended, which the kernel may put off for ten seconds
    // (CONFIG_RCU_LAZY).
    Totals totals_after_release(std::uint64_t expected, std::chrono::milliseconds patience);

    static constexpr auto released = static_cast<std::size_t>(Counter::TasksReleased);
    TemporaryDirectory scratch_;
    std::shared_ptr<RunningDaemon> daemon_;
};

} // namespace ktally::test
