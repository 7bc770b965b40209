// SPDX-License-Identifier: LGPL-2.1-or-later
//
// SampleStream: one Measurement after the other, either the samples that the daemon takes and announces, or looks of
// our own at an interval of our own.
#pragma once

#include "client.hpp"
#include "measure.hpp"

#include <chrono>
#include <deque>
#include <optional>

namespace ktally {

class SampleStream {
public:
    // Without an interval, the daemon's samples.
    SampleStream(Client &client, std::optional<std::chrono::microseconds> interval);
    SampleStream(const SampleStream &) = delete;
    SampleStream &operator=(const SampleStream &) = delete;

    // Waits for the next. Nothing if nobody reads standard output any more. Throws Failure when the daemon leaves.
    std::optional<Measurement> next();

private:
    void take_changes(std::string_view interface, const Properties &changed);
    void take_sample(std::uint64_t timestamp_usec, std::uint64_t interval_usec);
    void look();

    Client &client_;
    const std::optional<std::chrono::microseconds> interval_;
    bool gone_ = false;
    std::deque<Measurement> ready_;

    Snapshot last_;         // the look before; when following, the first and only one
    Clock::time_point due_; // when polling: the next look

    // When following: the totals as announced so far, and those of the sample before.
    Totals totals_;
    std::optional<Totals> base_;
    bool return_active_;             // now
    bool return_throughout_ = false; // since the sample before
};

} // namespace ktally
