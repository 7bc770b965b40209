// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Attaching programs, each to a descriptor: closed, the program is detached, unless somebody else has a copy of it.
// libbpf's own links will not do: one that lets go of a kprobe stops it, although a store still keeps it.
#pragma once

#include "keep/fd.hpp"

#include <string>

namespace ktally {

// Both return no descriptor, but errno, if the kernel refuses.

// fentry, fexit and tp_btf programs: what they attach to was said when they were loaded.
Fd attach_tracing(int program);

Fd attach_kprobe(int program, const std::string &function);

} // namespace ktally
