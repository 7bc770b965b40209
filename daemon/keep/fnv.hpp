// SPDX-License-Identifier: LGPL-2.1-or-later
//
// FNV-1a, 64 bits: tells whether bytes are the ones that they were. Against accidents, not against anybody.
#pragma once

#include <cstdint>
#include <string_view>

namespace ktally {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;

constexpr std::uint64_t fnv(std::string_view bytes, std::uint64_t hash = fnv_start)
{
    for (char byte : bytes)
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    return hash;
}

} // namespace ktally
