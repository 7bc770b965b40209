// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/source.hpp"

namespace ktally {

std::string backend_summary(const std::vector<Probe> &probes)
{
    std::string summary;
    for (Backend backend : backends) {
        bool used = false;
        for (const Probe &probe : probes) {
            const CounterRow &counter = row(probe.counter);
            if (counter.unit == Unit::calls && !hooks[counter.first].functions[0].empty())
                used = used || probe.source.starts_with(std::string{name(backend)} + ':');
        }
        if (used)
            summary.append(summary.empty() ? "" : "+").append(name(backend));
    }
    return summary;
}

} // namespace ktally
