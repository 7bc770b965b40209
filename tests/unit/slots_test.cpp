// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/slots.hpp"

#include "abi.h"

#include "entry.skel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <system_error>

namespace ktally {
namespace {

struct Destroy {
    void operator()(entry_bpf *skeleton) const { entry_bpf::destroy(skeleton); }
};

class SlotsForThreeCpus : public testing::Test {
protected:
    void SetUp() override
    {
        try {
            slots_ = std::make_unique<Slots>(Slots::Layout{0, sizeof(ktally_calls), 3});
        } catch (const std::system_error &error) {
            GTEST_SKIP() << "BPF maps cannot be made here: " << error.what();
        }
        slots_->give_to(skeleton_->obj, skeleton_->maps.bss);
    }

    // How many instructions of a program mask with that.
    static long masks(const bpf_program *program, int mask)
    {
        const bpf_insn *first = bpf_program__insns(program);
        return std::count_if(first, first + bpf_program__insn_cnt(program), [mask](const bpf_insn &instruction) {
            return instruction.code == (BPF_ALU64 | BPF_AND | BPF_K) && instruction.imm == mask;
        });
    }

    std::unique_ptr<entry_bpf, Destroy> skeleton_{entry_bpf::open()};
    std::unique_ptr<Slots> slots_;
};

TEST_F(SlotsForThreeCpus, AreFourBlocks)
{
    EXPECT_EQ(bpf_map__value_size(skeleton_->maps.bss), 4 * sizeof(ktally_calls));
}

TEST_F(SlotsForThreeCpus, AreTheBlocksThatProgramsMaskTheCpuFor)
{
    for (const bpf_program *program :
         {skeleton_->progs.fentry_read, skeleton_->progs.kprobe_read, skeleton_->progs.tp_sys_enter}) {
        EXPECT_EQ(masks(program, KTALLY_MAX_CPUS - 1), 0) << bpf_program__name(program);
        EXPECT_EQ(masks(program, 3), 1) << bpf_program__name(program);
    }
}

TEST_F(SlotsForThreeCpus, StartAtZero)
{
    const auto *blocks = slots_->at<ktally_calls>(0);
    for (std::size_t cpu = 0; cpu < 4; ++cpu)
        for (__u64 slot : blocks[cpu].slot)
            EXPECT_EQ(slot, 0u);
}

} // namespace
} // namespace ktally
