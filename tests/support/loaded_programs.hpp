// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which BPF programs the kernel has, by their ids.
#pragma once

#include <bpf/bpf.h>

#include <set>

namespace ktally::test {

inline std::set<unsigned> loaded_programs()
{
    std::set<unsigned> ids;
    for (unsigned id = 0; bpf_prog_get_next_id(id, &id) == 0;)
        ids.insert(id);
    return ids;
}

} // namespace ktally::test
