// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/immediates.hpp"

#include <linux/bpf.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace ktally {

void put_immediate(bpf_object *object, __u8 code, __s32 mark, __s32 value)
{
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object)
    {
        const bpf_insn *first = bpf_program__insns(program);
        std::vector<bpf_insn> instructions{first, first + bpf_program__insn_cnt(program)};
        for (bpf_insn &instruction : instructions)
            if (instruction.code == code && instruction.imm == mark)
                instruction.imm = value;
        if (bpf_program__set_insns(program, instructions.data(), instructions.size()) != 0)
            throw std::system_error{errno, std::generic_category(), "fitting a BPF program to this machine"};
    }
}

} // namespace ktally
