// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ktally is called on the bus.
#pragma once

namespace ktally {

inline constexpr const char *bus_name = "org.ktally1";
inline constexpr const char *object_path = "/org/ktally1";
inline constexpr const char *unit_path = "/org/ktally1/unit"; // the units are below it

} // namespace ktally
