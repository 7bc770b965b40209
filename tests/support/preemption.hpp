// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Preemption: two threads on one CPU, for what happens when one comes in the middle of a program that counts for the
// other. Where programs run with preemption on, the kernel skips the second run.
#pragma once

#include <cstdint>
#include <functional>

namespace ktally::test {

// Does `often` over and over. Meanwhile a thread with real-time priority, on the same CPU, `times` times waits for 100
// us, with one read(2) of a timer, and does `at_once`. Returns how many times it did `often`. For a process of its own,
// which stays on that CPU and exits with 1 if it may not do this.
std::uint64_t while_preempted(int times, const std::function<void()> &often, const std::function<void()> &at_once);

} // namespace ktally::test
