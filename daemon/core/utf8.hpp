// SPDX-License-Identifier: LGPL-2.1-or-later
//
// UTF-8, which D-Bus asks of every string. Names of processes are any bytes; those of units are not.
#pragma once

#include <string>
#include <string_view>

namespace ktally {

// The same text, with U+FFFD for each byte that is not part of a character.
std::string valid_utf8(std::string_view bytes);

} // namespace ktally
