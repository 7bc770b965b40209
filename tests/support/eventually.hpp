// SPDX-License-Identifier: LGPL-2.1-or-later
//
// eventually: waits for a condition, the only way in which these tests wait for another process.
#pragma once

#include <chrono>
#include <cstdlib>
#include <thread>

namespace ktally::test {

using namespace std::chrono_literals;

// For how long a test waits at most: longer where everything takes longer, as under valgrind.
inline std::chrono::milliseconds stretched(std::chrono::milliseconds patience)
{
    const char *factor = std::getenv("KTALLY_PATIENCE");
    return factor ? patience * std::atoi(factor) : patience;
}

template <typename Predicate> bool eventually(Predicate predicate, std::chrono::milliseconds patience = 5s)
{
    const auto until = std::chrono::steady_clock::now() + stretched(patience);
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

} // namespace ktally::test
