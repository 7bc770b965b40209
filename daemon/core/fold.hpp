// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Folding: from per-CPU slots, as the BPF programs write them, to one total. The slots are live memory that the kernel
// writes while it is read; each is an aligned 64-bit word with one writer, so every load is a value that was true.
#pragma once

#include "abi.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ktally {

// The sum of columns first..last over all CPUs. Block is ktally_calls or ktally_bytes.
template <typename Block> std::uint64_t fold(std::span<const Block> cpus, std::size_t first, std::size_t last)
{
    std::uint64_t total = 0;
    for (const Block &cpu : cpus)
        for (std::size_t slot = first; slot <= last; ++slot)
            total += *const_cast<const volatile __u64 *>(&cpu.slot[slot]);
    return total;
}

// The sum of one row of the error table: all errnos of one operation.
inline std::uint64_t fold(std::span<const __u64, KTALLY_ERRNOS> errors)
{
    std::uint64_t total = 0;
    for (const __u64 &count : errors)
        total += *const_cast<const volatile __u64 *>(&count);
    return total;
}

} // namespace ktally
