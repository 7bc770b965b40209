// SPDX-License-Identifier: LGPL-2.1-or-later
//
// eventually: waits for a condition, the only way in which these tests wait for another process.
#pragma once

#include <chrono>
#include <thread>

namespace ktally::test {

using namespace std::chrono_literals;

template <typename Predicate> bool eventually(Predicate predicate, std::chrono::milliseconds patience = 5s)
{
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!predicate()) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

} // namespace ktally::test
