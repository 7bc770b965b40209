// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/leaks.hpp"

#include <algorithm>

namespace ktally {
namespace {

// A process that lowered its limit below what it has, as sandboxes do, did not come near it by opening.
bool passes_limit(const Process &process, unsigned percent)
{
    const std::uint64_t limit = std::min<std::uint64_t>(process.descriptor_limit, UINT32_MAX); // no product overflows
    return percent > 0 && process.descriptors <= limit && std::uint64_t{process.descriptors} * 100 >= limit * percent;
}

} // namespace

// Takes over one sample; whether the process has had more in each of the last spans.
bool Leaks::Watched::rises(std::uint32_t descriptors, unsigned samples_per_span)
{
    lowest = std::min(lowest, descriptors);
    if (++samples >= samples_per_span) {
        risen = lowest > previous ? risen + 1 : 0;
        previous = lowest;
        lowest = UINT32_MAX;
        samples = 0;
    }
    return risen >= leak_spans;
}

std::vector<Process> Leaks::update(const std::vector<Process> &processes, const Rule &rule)
{
    ++updates_;
    std::vector<Process> suspects;
    for (const Process &process : processes) {
        Watched &watched = watched_[{process.pid, process.start.count()}];
        if (watched.seen == updates_)
            continue; // read twice, while others came and went
        if (watched.seen + 1 != updates_)
            watched = {.reported = watched.reported};
        watched.seen = updates_;
        const bool suspected =
            watched.rises(process.descriptors, rule.samples / leak_spans) || passes_limit(process, rule.limit_percent);
        const bool report =
            watched.reported == 0 ? suspected : process.descriptors >= std::uint64_t{watched.reported} * 2;
        if (!report)
            continue;
        watched.reported = process.descriptors;
        suspects.push_back(process);
    }
    std::erase_if(watched_, [&](const auto &entry) {
        const Watched &watched = entry.second;
        return updates_ - watched.seen > (watched.reported == 0 ? 0 : rule.samples);
    });
    return suspects;
}

} // namespace ktally
