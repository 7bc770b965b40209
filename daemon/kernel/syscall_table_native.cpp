// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/syscall_table.hpp"

#include <asm/unistd_64.h>

namespace ktally {
namespace {
#include "kernel/syscall_rows.inc"
} // namespace

std::span<const Syscall> native_syscalls()
{
    return rows;
}

} // namespace ktally
