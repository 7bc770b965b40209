// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What time it is.
#pragma once

#include "core/time.hpp"

#include <ctime>

namespace ktally {

inline MonotonicTime monotonic_now()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return MonotonicTime{std::chrono::seconds{now.tv_sec} +
                         std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds{now.tv_nsec})};
}

} // namespace ktally
