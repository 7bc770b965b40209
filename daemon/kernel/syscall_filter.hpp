// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The filter of the tracepoint backend: which of all system calls its programs count, by ABI and number.
#pragma once

#include "abi.h"
#include "kernel/choice.hpp"

#include <vector>

namespace ktally {

// Puts the syscalls of the calls that are counted by syscall into the table of the BPF programs.
void fill_syscall_table(__u8 (&table)[KTALLY_ABIS][KTALLY_SYSCALLS], const std::vector<Choice> &choices);

} // namespace ktally
