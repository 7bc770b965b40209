// SPDX-License-Identifier: LGPL-2.1-or-later
#include "places.hpp"

#include <cstdlib>

namespace ktally::test {

std::string place(const char *variable, const char *built)
{
    const char *named = std::getenv(variable);
    return named ? named : built;
}

std::string ktallyd_program()
{
    return place("KTALLYD", KTALLYD);
}

std::string bus_policy()
{
    return place("KTALLY_BUS_POLICY", KTALLY_BUS_POLICY);
}

std::string workload_program(Abi abi)
{
    return abi == Abi::x86_64 ? place("KTALLY_WORKLOAD", KTALLY_WORKLOAD)
                              : place("KTALLY_WORKLOAD32", KTALLY_WORKLOAD32);
}

} // namespace ktally::test
