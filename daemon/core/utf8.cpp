// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/utf8.hpp"

#include <algorithm>
#include <cstdint>

namespace ktally {
namespace {

std::uint8_t byte(std::string_view bytes, std::size_t index)
{
    return index < bytes.size() ? static_cast<std::uint8_t>(bytes[index]) : 0;
}

// Bytes of the character that these begin with, 0 if they begin with none: RFC 3629, section 4.
std::size_t character(std::string_view bytes)
{
    const std::uint8_t first = byte(bytes, 0), second = byte(bytes, 1);
    if (first < 0x80)
        return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    const std::uint8_t least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80; // no longer than need be
    const std::uint8_t most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;  // no surrogates, up to U+10FFFF
    if (first < 0xc2 || first > 0xf4 || second < least || second > most)
        return 0;
    for (std::size_t index = 2; index < length; ++index)
        if (byte(bytes, index) < 0x80 || byte(bytes, index) > 0xbf)
            return 0;
    return length;
}

} // namespace

std::string valid_utf8(std::string_view bytes)
{
    std::string text;
    while (!bytes.empty()) {
        const std::size_t length = character(bytes);
        if (length == 0)
            text.append("\xef\xbf\xbd");
        else
            text.append(bytes.substr(0, length));
        bytes.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return text;
}

} // namespace ktally
