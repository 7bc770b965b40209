// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/possible_cpus.hpp"

#include <cerrno>
#include <charconv>
#include <fstream>
#include <string>
#include <system_error>

namespace ktally {

std::optional<std::size_t> cpu_list_end(std::string_view list)
{
    while (!list.empty() && list.back() == '\n')
        list.remove_suffix(1);
    const std::string_view last = list.substr(list.find_last_of(",-") + 1); // npos + 1 is 0: the whole
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(last.data(), last.data() + last.size(), number);
    if (error != std::errc{} || end != last.data() + last.size())
        return std::nullopt;
    return number + 1;
}

std::size_t possible_cpus()
{
    constexpr const char *path = "/sys/devices/system/cpu/possible";
    std::ifstream file{path};
    std::string list;
    std::getline(file, list);
    if (const auto end = cpu_list_end(list))
        return *end;
    throw std::system_error{file ? EINVAL : EIO, std::generic_category(), path};
}

} // namespace ktally
