// SPDX-License-Identifier: LGPL-2.1-or-later
#include "preemption.hpp"

#include <sched.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace ktally::test {

std::uint64_t while_preempted(int times, const std::function<void()> &often, const std::function<void()> &at_once)
{
    cpu_set_t first;
    CPU_ZERO(&first);
    CPU_SET(0, &first);
    const int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (sched_setaffinity(0, sizeof first, &first) != 0 || timer < 0)
        _exit(1);
    std::atomic<bool> done{false};
    std::thread preempting{[&] {
        const sched_param priority{.sched_priority = 50};
        const itimerspec soon{{0, 0}, {0, 100'000}};
        std::uint64_t expirations = 0;
        if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0)
            _exit(1);
        for (int count = 0; count < times; ++count) {
            if (timerfd_settime(timer, 0, &soon, nullptr) != 0 ||
                read(timer, &expirations, sizeof expirations) != sizeof expirations)
                _exit(1);
            at_once();
        }
        done = true;
    }};
    std::uint64_t count = 0;
    for (; !done; ++count)
        often();
    preempting.join();
    return count;
}

} // namespace ktally::test
