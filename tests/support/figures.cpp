// SPDX-License-Identifier: LGPL-2.1-or-later
#include "figures.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ktally::test {

bool figures_count()
{
#if defined(__SANITIZE_ADDRESS__)
    return false;
#else
    return !std::getenv("KTALLY_RUNNER");
#endif
}

long resident_kib(pid_t pid)
{
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string word; status >> word;)
        if (word == "VmRSS:") {
            long kib = 0;
            status >> kib;
            return kib;
        }
    return -1;
}

std::size_t open_fds(pid_t pid)
{
    const std::filesystem::directory_iterator fds{"/proc/" + std::to_string(pid) + "/fd"};
    return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
}

} // namespace ktally::test
