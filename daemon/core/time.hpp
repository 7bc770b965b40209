// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The one clock of the daemon. The core is handed its time and never asks.
#pragma once

#include <chrono>

namespace ktally {

// CLOCK_MONOTONIC
using MonotonicTime = std::chrono::sys_time<std::chrono::microseconds>;

} // namespace ktally
