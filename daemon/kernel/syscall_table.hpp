// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The syscalls behind each counted call, by number, in the three ABIs of x86-64. The numbers come from the kernel's
// own headers, which all define the same names, so each ABI has a source file of its own.
#pragma once

#include "abi.h"

#include <span>

namespace ktally {

struct Syscall {
    unsigned number; // x32: without its marker bit
    ktally_call call;
    bool unless_removedir;
};

std::span<const Syscall> native_syscalls();
std::span<const Syscall> ia32_syscalls();
std::span<const Syscall> x32_syscalls();

} // namespace ktally
