// SPDX-License-Identifier: LGPL-2.1-or-later
//
// View: what clients see of the counters. Live, except while a sample is being published: then all values are that
// sample's, so that what its signals carry belongs to its measured interval.
#pragma once

#include "core/sampler.hpp"
#include "core/source.hpp"

namespace ktally {

class View {
public:
    explicit View(const Source &source) : source_{source} {}

    std::uint64_t total(Counter counter)
    {
        if (frozen_)
            return (*frozen_)[static_cast<std::size_t>(counter)];
        return ledger_.publish(counter, source_.total(counter));
    }

    Totals totals()
    {
        Totals totals;
        for (const CounterRow &counter : counters)
            totals[static_cast<std::size_t>(counter.counter)] = total(counter.counter);
        return totals;
    }

    // While it lives, the view shows `totals`.
    class Freeze {
    public:
        Freeze(View &view, const Totals &totals) : view_{view} { view_.frozen_ = &totals; }
        Freeze(const Freeze &) = delete;
        Freeze &operator=(const Freeze &) = delete;
        ~Freeze() { view_.frozen_ = nullptr; }

    private:
        View &view_;
    };

private:
    const Source &source_;
    Ledger ledger_;
    const Totals *frozen_ = nullptr;
};

} // namespace ktally
