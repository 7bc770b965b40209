// SPDX-License-Identifier: LGPL-2.1-or-later
#include "bus/timers.hpp"

#include <system_error>
#include <utility>

namespace ktally {
namespace {

constexpr std::uint64_t accuracy_usec = 1'000; // 0 would mean sd-event's default of 250 ms

} // namespace

void Timers::after(std::chrono::microseconds time, std::function<void()> act)
{
    timers_.push_back({*this, std::move(act), {}});
    Timer &timer = timers_.back();
    timer.self = std::prev(timers_.end());
    sd_event_source *source = nullptr;
    const auto on_time = [](sd_event_source *, std::uint64_t, void *data) {
        const auto due = static_cast<Timer *>(data)->self;
        const std::function<void()> now = std::move(due->act);
        due->owner.timers_.erase(due);
        now();
        return 0;
    };
    const int result = sd_event_add_time_relative(
        event_, &source, CLOCK_MONOTONIC, static_cast<std::uint64_t>(time.count()), accuracy_usec, on_time, &timer);
    if (result < 0) {
        timers_.pop_back();
        throw std::system_error{-result, std::generic_category(), "setting a timer"};
    }
    timer.source.reset(source);
}

} // namespace ktally
