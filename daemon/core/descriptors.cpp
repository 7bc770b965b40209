// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/descriptors.hpp"

#include <unordered_set>

namespace ktally {

std::uint64_t open_descriptors(const std::vector<Process> &processes)
{
    std::unordered_set<std::uint64_t> tables;
    std::uint64_t open = 0;
    for (const Process &process : processes) {
        if (process.descriptor_table == 0 || !tables.insert(process.descriptor_table).second)
            continue;
        if (process.descriptors == UINT32_MAX)
            return absent_total;
        open += process.descriptors;
    }
    return open;
}

} // namespace ktally
