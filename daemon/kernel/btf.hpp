// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the running kernel says of itself in BTF: which functions and tracepoints it has, and their arguments. Versions
// are never asked: distributions move functions between them.
#pragma once

#include <bpf/btf.h>

#include <memory>
#include <optional>
#include <string_view>

namespace ktally {

struct BtfFunction {
    unsigned id; // as BPF_PROG_LOAD takes it
    unsigned arguments;
};

class KernelBtf {
public:
    // Throws std::runtime_error with a sentence for the user if the kernel has none.
    KernelBtf();

    std::optional<BtfFunction> function(std::string_view name) const;

    // The tracepoint as tp_btf programs attach to it; arguments as they see them.
    std::optional<BtfFunction> tracepoint(std::string_view name) const;

    // Whether sched_process_exit(task, group_dead) says which task is the last of its group: since commit "exit: move
    // and extend sched_process_exit() tracepoint" (6.16).
    bool exit_tells_group_dead() const;

private:
    struct Free {
        void operator()(btf *types) const { btf__free(types); }
    };

    std::unique_ptr<btf, Free> types_;
};

} // namespace ktally
