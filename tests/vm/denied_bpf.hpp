// SPDX-License-Identifier: LGPL-2.1-or-later
//
// DeniedBpf: a process that may load BPF programs, but not of one type: bpf(2) answers EPERM to that, as a security
// module or a container's filter would. The filter stays in the kernel (seccomp, asking a second process that looks at
// the arguments), so the program under test is as it is.
#pragma once

#include <linux/bpf.h>

#include <set>

namespace ktally::test {

struct DeniedBpf {
    bpf_prog_type type;
    std::set<__u32> attach_types; // empty: of any
};

// From now on this process is denied that, whatever it executes. Ends it with 126 if that cannot be done.
void deny_bpf(const DeniedBpf &denied);

} // namespace ktally::test
