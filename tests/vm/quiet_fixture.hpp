// SPDX-License-Identifier: LGPL-2.1-or-later
//
// QuietFixture: counting where nothing else runs, so that every number can be compared for equality. What is compared
// is kept as a property of the test: tools/check prints it as a table.
#pragma once

#include "kernel_fixture.hpp"

#include <functional>

namespace ktally::test {

class QuietFixture : public KernelFixture {
protected:
    void SetUp() override;

    // The workload's worth, each counter as the kernel's hook for it sees things; nothing of what is absent or off.
    Worth workload_worth_here();

    // By how much `act` moves each counter beside what it is worth: what the harness and the daemon do meanwhile. Done
    // twice; fails the test unless it is the same both times.
    Totals cost_of(const std::function<void()> &act);

    // Runs `act`, which returns what it was worth, and compares each counter. `cost` is what else moves them. Where the
    // daemon says that there were events which it could not look at, no more than those may be missing; nothing is,
    // unless something preempts a program that counts more than one thing. Returns whether there were none.
    bool expect_exactly(const std::function<Worth()> &act, const Totals &cost = {});
};

} // namespace ktally::test
