// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs: the programs of one BPF object that the choices call for, and their links; or programs and links that an
// earlier instance of the daemon made and a store kept. The object, if there is one, belongs to the caller and outlives
// this.
#pragma once

#include "keep/fd.hpp"
#include "kernel/choice.hpp"

#include <bpf/libbpf.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace ktally {

// What the names of programs depend on beside the choices.
struct Variant {
    bool exit_tells_group_dead; // KernelBtf
    bool accounts;              // AccountMaps: there are some
};

// The programs of accounts.
inline constexpr std::array account_programs{"tp_task_exit", "tp_close_account", "tp_cgroup_mkdir", "tp_cgroup_rmdir",
                                             "tp_cgroup_attach"};

// The names of a choice's programs; none if it is absent. The end of tasks brings those of cgroups with it, if there
// are accounts: they are closed there.
std::vector<std::string> program_names(const Choice &choice, Variant variant);

class Programs {
public:
    // Before the object is loaded: leaves out every program that is not called for and aims the others.
    Programs(bpf_object *object, Variant variant, std::vector<Choice> choices);

    struct Kept {
        Fd program;
        Fd link;
    };
    // Attached already: `kept` has each program of the choices, by name. Or not even loaded: it is empty.
    Programs(Variant variant, std::vector<Choice> choices, std::map<std::string, Kept> kept);

    // Attaches all, or as much as the kernel lets: returns the targets that it refuses, and why.
    std::map<std::pair<Backend, std::string>, std::string> attach();
    void detach() { links_.clear(); }
    bool attached() const { return !links_.empty(); }

    // How many runs of a choice's programs the kernel skipped because they would have preempted themselves: in a
    // trampoline, and from 7.0 on in a tracepoint too; before, and in a kprobe, preemption is off.
    std::uint64_t recursion_misses(const Choice &choice) const;
    std::uint64_t recursion_misses() const; // of all programs

    const std::vector<Choice> &choices() const { return choices_; }
    const Choice &choice(ktally_call first) const;

    struct Attached {
        int program;
        int link;
    };
    std::map<std::string, Attached> all_attached() const; // by name

private:
    // A program and the function it is aimed at; no function for tracepoints, which their section names.
    struct Program {
        std::string name;
        std::string function;
        bpf_program *loaded; // none if it was kept
    };

    void find_programs(Variant variant, bpf_object *object);
    const std::vector<Program> &programs(const Choice &choice) const;
    int fd(const Program &program) const;

    std::vector<Choice> choices_;
    std::vector<std::vector<Program>> programs_; // by choice
    std::map<std::string, Fd> kept_;             // programs, by name
    std::map<std::string, Fd> links_;            // by program: choices may share one
};

} // namespace ktally
