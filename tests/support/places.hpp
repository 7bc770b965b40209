// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where the things under test are: in the build tree, unless the environment names another place, as it does in a guest
// where they are installed.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace ktally::test {

// Of the workload's system calls.
enum class Abi : bool { x86_64, i386 };
inline constexpr std::array abis{Abi::x86_64, Abi::i386};
constexpr std::string_view name(Abi abi)
{
    return abi == Abi::x86_64 ? "x86_64" : "i386";
}

// What the variable names, otherwise what was built.
std::string place(const char *variable, const char *built);

std::string ktallyd_program();         // KTALLYD
std::string bus_policy();              // KTALLY_BUS_POLICY
std::string workload_program(Abi abi); // KTALLY_WORKLOAD, KTALLY_WORKLOAD32; empty where it could not be built

} // namespace ktally::test
