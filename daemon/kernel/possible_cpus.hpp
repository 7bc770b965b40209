// SPDX-License-Identifier: LGPL-2.1-or-later
//
// CPUs that this kernel can ever bring online: each may run a BPF program, so each needs a slot block.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ktally {

// One more than the highest number in a CPU list as in cpuset(7), "0-3,8". Nothing if it is not such a list.
std::optional<std::size_t> cpu_list_end(std::string_view list);

// The same of /sys/devices/system/cpu/possible. Throws std::system_error if it cannot be read.
std::size_t possible_cpus();

} // namespace ktally
