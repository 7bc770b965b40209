// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/descriptors.hpp"

namespace ktally {

void OpenDescriptors::add(const Process &process)
{
    if (process.descriptor_table == 0 || !tables_.insert(process.descriptor_table).second)
        return;
    count_ += process.descriptors;
    uncountable_ = uncountable_ || process.descriptors == UINT32_MAX;
}

std::uint64_t open_descriptors(const std::vector<Process> &processes)
{
    OpenDescriptors open;
    for (const Process &process : processes)
        open.add(process);
    return open.count();
}

} // namespace ktally
