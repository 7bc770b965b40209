// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/sampler.hpp"

namespace ktally {

std::uint64_t Ledger::publish(Counter counter, std::uint64_t raw)
{
    if (raw == absent_total)
        return absent_total;
    const auto index = static_cast<std::size_t>(counter);
    if (raw < last_[index])
        base_[index] += last_[index];
    last_[index] = raw;
    return base_[index] + raw;
}

Sample Sampler::sample(MonotonicTime now, const Totals &totals)
{
    Sample sample{now, now - taken_, totals, {}};
    for (std::size_t index = 0; index < counter_count; ++index)
        sample.changed[index] = !totals_ || totals[index] != (*totals_)[index];
    taken_ = now;
    totals_ = totals;
    return sample;
}

} // namespace ktally
