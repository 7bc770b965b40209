// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/syscall_table.hpp"

#define __X32_SYSCALL_BIT 0 // <asm/unistd.h> has it; numbers are wanted without
#include <asm/unistd_x32.h>

namespace ktally {
namespace {
#include "kernel/syscall_rows.inc"
} // namespace

std::span<const Syscall> x32_syscalls()
{
    return rows;
}

} // namespace ktally
