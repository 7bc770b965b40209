// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Programs: the programs of one BPF object that the choices call for, and their links. The object belongs to the caller
// and outlives this.
#pragma once

#include "kernel/choice.hpp"

#include <bpf/libbpf.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ktally {

class Programs {
public:
    // Before the object is loaded: leaves out every program that is not called for and aims the others.
    Programs(bpf_object *object, const KernelBtf &btf, std::vector<Choice> choices);

    // Attaches all, or as much as the kernel lets: returns the targets that it refuses, and why.
    std::map<std::pair<Backend, std::string>, std::string> attach();
    void detach() { links_.clear(); }
    bool attached() const { return !links_.empty(); }

    // How many runs of a choice's programs the kernel skipped because they would have preempted themselves: in a
    // trampoline, and from 7.0 on in a tracepoint too; before, and in a kprobe, preemption is off.
    std::uint64_t recursion_misses(const Choice &choice) const;

    const std::vector<Choice> &choices() const { return choices_; }
    const Choice &choice(ktally_call first) const;

private:
    struct Destroy {
        void operator()(bpf_link *link) const { bpf_link__destroy(link); }
    };
    using Link = std::unique_ptr<bpf_link, Destroy>;

    // A program and the function it is aimed at; no function for tracepoints, which their section names.
    struct Program {
        bpf_program *program;
        std::string name;
        std::string function;
    };

    std::vector<Program> find_programs(const Choice &choice) const;
    const std::vector<Program> &programs(const Choice &choice) const;
    Link attach(const Choice &choice, const Program &program) const;

    bpf_object *object_;
    bool exit_tells_group_dead_;
    std::vector<Choice> choices_;
    std::vector<std::vector<Program>> programs_; // by choice
    std::map<std::string, Link> links_;          // by program: choices may share one
};

} // namespace ktally
