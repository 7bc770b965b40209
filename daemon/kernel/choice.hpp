// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Choice: which hooks count what, on this kernel. Decided per counter, so that all functions that add up to one number
// are hooked in the same way and nothing is counted by two.
#pragma once

#include "core/counters.hpp"
#include "kernel/btf.hpp"
#include "kernel/trial.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ktally {

// A function to be hooked and the name of the program for it; for tracepoints, their name alone.
struct Target {
    std::string program; // without its prefix: close
    std::string name;    // file_close_fd
};

struct Choice {
    At at; // calls are counted at entry, how they end at exit
    ktally_call first;
    ktally_call last;
    std::optional<Backend> backend; // nothing: absent
    std::vector<Target> targets;    // the functions of all calls first..last, or one tracepoint
    std::string reason;             // why no better backend, or none

    // "fentry:vfs_read+vfs_readv"; empty if absent.
    std::string source() const;
};

// What may not be used, and why. Grows as the kernel refuses things.
struct Refusals {
    std::optional<Backend> forced;           // Backend= of the configuration: no other
    std::map<Backend, std::string> backends; // as a whole
    std::map<std::pair<Backend, std::string>, std::string> targets;
    std::map<std::pair<Backend, ktally_call>, std::string> choices; // by their first call
};

// One choice for each range of calls that a counter adds up, at entry or at exit.
std::vector<Choice> choose(const KernelBtf &btf, At at, const Refusals &refusals);

} // namespace ktally
