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

// "Return program: ", to be followed by what it is; without a text, as wide.
std::string label(std::string_view text);

// "on, held by 2 clients"
std::string summary(const ReturnProgramState &state);

// ":1.5, root, for 2min 3s: make"
std::string description(const Hold &hold);

Json json_of(const ReturnProgramState &state);
Json json_of(const UnitRow &unit);
Json json_of(const std::vector<ProcessRow> &processes);

// A name that others gave, "-" if there is none.
std::string name_text(std::string_view name);

// "2min 3s" since then, CLOCK_MONOTONIC.
std::string age_since(std::uint64_t monotonic_usec);

} // namespace ktally
