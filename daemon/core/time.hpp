// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one clock of the daemon. The core is handed its time and never asks.
#pragma once

#include <chrono>
#include <cstdint>

namespace ktally {

// CLOCK_MONOTONIC
using MonotonicTime = std::chrono::sys_time<std::chrono::microseconds>;

// As D-Bus has it.
constexpr std::uint64_t usec(MonotonicTime time)
{
    return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

} // namespace ktally
