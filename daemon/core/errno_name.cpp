// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/errno_name.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace ktally {
namespace {

// include/linux/errno.h of the kernel, from 512 on
constexpr std::array<std::string_view, 19> kernel_names{
    "ERESTARTSYS",
    "ERESTARTNOINTR",
    "ERESTARTNOHAND",
    "ENOIOCTLCMD",
    "ERESTART_RESTARTBLOCK",
    "EPROBE_DEFER",
    "EOPENSTALE",
    "ENOPARAM",
    "520",
    "EBADHANDLE",
    "ENOTSYNC",
    "EBADCOOKIE",
    "ENOTSUPP",
    "ETOOSMALL",
    "ESERVERFAULT",
    "EBADTYPE",
    "EJUKEBOX",
    "EIOCBQUEUED",
    "ERECALLCONFLICT",
};
constexpr int first_kernel_name = 512;

} // namespace

std::string errno_name(int error)
{
    if (const char *name = strerrorname_np(error))
        return name;
    const int index = error - first_kernel_name;
    if (index >= 0 && index < static_cast<int>(kernel_names.size()))
        return std::string{kernel_names[static_cast<std::size_t>(index)]};
    return std::to_string(error);
}

} // namespace ktally
