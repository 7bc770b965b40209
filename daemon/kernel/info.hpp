// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the kernel says of a BPF object behind a descriptor.
#pragma once

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace ktally {

// Info is bpf_map_info, bpf_prog_info or bpf_link_info. The kernel fills it as what the object is, so of an object of
// another kind the members make no sense. Throws std::runtime_error if it is no BPF object.
template <typename Info> Info info_of(int fd)
{
    Info info{};
    unsigned size = sizeof info;
    if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
        throw std::runtime_error{std::string{"it is no BPF object ("} + std::strerror(errno) + ')'};
    return info;
}

} // namespace ktally
