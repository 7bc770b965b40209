// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Who is on the bus, and which bus that is. Asked once, at the start, when waiting for the answer keeps nobody waiting.
#pragma once

#include "sdbus.hpp"

#include <set>
#include <string>

namespace ktally {

// Both throw sdbus::Error.

// Of this run of the message bus: with a new id, unique names are given anew.
std::string bus_id(sdbus::IConnection &connection);

std::set<std::string> names_on_bus(sdbus::IConnection &connection);

} // namespace ktally
