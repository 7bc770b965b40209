// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/syscall_table.hpp"

#include <asm/unistd_32.h>

namespace ktally {
namespace {
#include "kernel/syscall_rows.inc"
} // namespace

std::span<const Syscall> ia32_syscalls()
{
    return rows;
}

} // namespace ktally
