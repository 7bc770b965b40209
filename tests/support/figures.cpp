// SPDX-License-Identifier: LGPL-2.1-or-later
#include "figures.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ktally::test {

bool has_memory_of_its_own(pid_t pid)
{
    std::ifstream maps{"/proc/" + std::to_string(pid) + "/maps"};
    for (std::string line; std::getline(maps, line);)
        if (line.find("/libasan") != std::string::npos || line.find("/valgrind/") != std::string::npos)
            return false;
    return true;
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

std::chrono::nanoseconds cpu_time(pid_t pid)
{
    std::int64_t nanoseconds = 0;
    std::ifstream{"/proc/" + std::to_string(pid) + "/schedstat"} >> nanoseconds;
    return std::chrono::nanoseconds{nanoseconds};
}

std::size_t open_fds(pid_t pid)
{
    const std::filesystem::directory_iterator fds{"/proc/" + std::to_string(pid) + "/fd"};
    return static_cast<std::size_t>(std::distance(begin(fds), end(fds)));
}

} // namespace ktally::test
