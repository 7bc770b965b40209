// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Trial: may a program of this kind be loaded for this target, here, by us? Answered by loading an empty one. Asked
// only when the kernel refused a whole object, to learn which of its programs it was: attaching as well would tell
// more, but letting go of a function takes the kernel up to 0.2 s (an RCU-tasks grace period), for each of some thirty.
#pragma once

#include "core/counters.hpp"
#include "kernel/btf.hpp"
#include "keep/fd.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ktally {

enum class At : bool { entry, exit };

// How a hook is called, in Probes and in the names of programs: fentry, fexit, kprobe, tracepoint.
std::string_view kind(Backend backend, At at);

// What can be told without asking the kernel: whether it has that function or tracepoint, and kprobes at all. Returns
// what is missing, or nothing.
std::optional<std::string> missing(const KernelBtf &btf, Backend backend, std::string_view target);

// Loads an empty program for a target that is not missing. If the kernel refuses it there is no descriptor, but errno.
Fd load_empty(const KernelBtf &btf, Backend backend, At at, std::string_view target);

// The same, but returns why the kernel refuses it, or nothing.
std::optional<std::string> load_refusal(const KernelBtf &btf, Backend backend, At at, std::string_view target);

} // namespace ktally
