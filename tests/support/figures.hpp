// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a process takes of the machine, from /proc.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>

namespace ktally::test {

// Whether its memory is its own: not that of a sanitizer or of valgrind.
bool has_memory_of_its_own(pid_t pid);

long resident_kib(pid_t pid); // VmRSS of proc_pid_status(5); -1 if there is no such process
std::size_t open_fds(pid_t pid);
std::chrono::nanoseconds cpu_time(pid_t pid); // so far: schedstat of proc_pid_schedstat(5)

} // namespace ktally::test
