// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Values of D-Bus properties as JSON, and JSON as `show` prints it.
#pragma once

#include "sdbus.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace ktally {

using Json = nlohmann::ordered_json;

// Null for a type that no property of ktally1 has.
Json json_of(const sdbus::Variant &value);

// Null if absent.
Json json_of_total(std::uint64_t total);

// The lines of one property: one, or for a list of structures one each, in the notation of systemctl show:
// "{ cookie=1 ; owner=:1.5 }".
std::vector<std::string> lines_of(const Json &value);

} // namespace ktally
