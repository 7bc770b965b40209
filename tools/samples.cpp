// SPDX-License-Identifier: LGPL-2.1-or-later
#include "samples.hpp"

#include "failure.hpp"
#include "names.hpp"

#include <poll.h>
#include <unistd.h>

namespace ktally {

SampleStream::SampleStream(Client &client, std::optional<std::chrono::microseconds> interval)
    : client_{client}, interval_{interval}
{
    Signals signals;
    signals.owner_changed = [this](bool running) { gone_ = gone_ || !running; }; // another's totals are others
    if (!interval_) {
        signals.changed = [this](std::string_view name, const Properties &changed) { take_changes(name, changed); };
        signals.sample_taken = [this](std::uint64_t timestamp_usec, std::uint64_t interval_usec) {
            take_sample(timestamp_usec, interval_usec);
        };
    }
    client_.watch(std::move(signals));
    last_ = snapshot(client_);
    totals_ = last_.totals;
    return_active_ = last_.return_active;
    due_ = Clock::now();
    if (interval_)
        due_ += *interval_;
}

std::optional<Measurement> SampleStream::next()
{
    while (ready_.empty()) {
        if (gone_)
            throw Failure{Exit::not_running, "ktallyd went away; start it with: systemctl start ktallyd"};
        pollfd reader{STDOUT_FILENO, 0, 0}; // of a pipe that lost its reader: POLLERR
        client_.wait(reader, interval_ ? std::optional{due_} : std::nullopt);
        if ((reader.revents & POLLERR) != 0)
            return std::nullopt;
        if (interval_ && !gone_ && Clock::now() >= due_)
            look();
    }
    const Measurement first = ready_.front();
    ready_.pop_front();
    return first;
}

void SampleStream::look()
{
    const Snapshot now = snapshot(client_);
    ready_.push_back(measure(last_, now));
    last_ = now;
    due_ += *interval_;
    if (due_ <= Clock::now()) // stopped for a while: no flood of samples to catch up
        due_ = Clock::now() + *interval_;
}

void SampleStream::take_changes(std::string_view interface, const Properties &changed)
{
    update(totals_, interface, changed);
    if (interface != manager_interface)
        return;
    if (const auto active = value<bool>(changed, "ReturnProgramActive")) {
        return_active_ = *active;
        return_throughout_ = false;
    }
}

// The first sample after the look at all totals makes them exact: what did change since the look comes with it, what
// did not is what was seen. A sample before the look, whose signals were still queued, makes nothing exact.
void SampleStream::take_sample(std::uint64_t timestamp_usec, std::uint64_t interval_usec)
{
    if (timestamp_usec < usec(last_.taken.back()))
        return;
    if (base_) {
        Measurement sample{timestamp_usec, interval_usec, totals_, {}, return_throughout_};
        for (const CounterRow &counter : counters) {
            const auto at = static_cast<std::size_t>(counter.counter);
            if (return_throughout_ || !needs_return(counter))
                sample.rates[at] = rate((*base_)[at], totals_[at], std::chrono::microseconds{interval_usec});
        }
        ready_.push_back(sample);
    }
    base_ = totals_;
    return_throughout_ = return_active_;
}

} // namespace ktally
