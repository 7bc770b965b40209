// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Immediates: constants that the daemon puts into programs before they are loaded, where a variable in .rodata would
// cost each counted call two instructions more. The programs have a mark in their place, in inline assembly.
#pragma once

#include <bpf/libbpf.h>
#include <linux/types.h>

namespace ktally {

// In all instructions of that code. Throws std::system_error.
void put_immediate(bpf_object *object, __u8 code, __s32 mark, __s32 value);

} // namespace ktally
