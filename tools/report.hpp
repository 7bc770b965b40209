// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What several commands print alike.
#pragma once

#include "client.hpp"
#include "commands.hpp"
#include "value.hpp"

#include <string>
#include <string_view>

namespace ktally {

// To standard output, at once.
void print(std::string_view text);
void print(const Json &json, JsonMode mode);

// "on, held by 2 clients"
std::string summary(const ReturnProgramState &state);

// ":1.5, root, for 2min 3s: make"
std::string description(const Hold &hold);

Json json_of(const ReturnProgramState &state);

} // namespace ktally
