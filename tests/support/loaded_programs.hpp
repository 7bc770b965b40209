// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which BPF programs of the types that ktallyd loads the kernel has, by their ids. systemd has programs of other types,
// at the cgroups of its units.
#pragma once

#include "keep/fd.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <set>

namespace ktally::test {

inline bool is_of_ktallyds_types(unsigned id)
{
    const Fd program{bpf_prog_get_fd_by_id(id)};
    bpf_prog_info info{};
    unsigned size = sizeof info;
    return bpf_obj_get_info_by_fd(program.get(), &info, &size) == 0 &&
           (info.type == BPF_PROG_TYPE_TRACING || info.type == BPF_PROG_TYPE_KPROBE);
}

inline std::set<unsigned> loaded_programs()
{
    std::set<unsigned> ids;
    for (unsigned id = 0; bpf_prog_get_next_id(id, &id) == 0;)
        if (is_of_ktallyds_types(id))
            ids.insert(id);
    return ids;
}

} // namespace ktally::test
