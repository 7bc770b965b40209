// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/counters.hpp"

#include "entry.skel.h"
#include "return.skel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <elf.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace ktally {
namespace {

constexpr unsigned nobody = 65534;

template <typename Skeleton> struct Destroy {
    void operator()(Skeleton *skeleton) const { Skeleton::destroy(skeleton); }
};
using Entry = std::unique_ptr<entry_bpf, Destroy<entry_bpf>>;
using Return = std::unique_ptr<return_bpf, Destroy<return_bpf>>;

std::set<std::string> programs_of(const bpf_object *object)
{
    std::set<std::string> names;
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, object) names.insert(bpf_program__name(program));
    return names;
}

std::vector<std::string> siblings_of(const Hook &hook)
{
    std::vector<std::string> names;
    for (const auto &sibling : hook.siblings)
        if (!sibling.name.empty())
            names.emplace_back(sibling.name);
    return names;
}

long cpu_masks(const bpf_program *program)
{
    const bpf_insn *first = bpf_program__insns(program);
    return std::count_if(first, first + bpf_program__insn_cnt(program), [](const bpf_insn &instruction) {
        return instruction.code == (BPF_ALU64 | BPF_AND | BPF_K) && instruction.imm == KTALLY_MAX_CPUS - 1;
    });
}

std::vector<std::string> sections_of(const void *elf, std::size_t size)
{
    const auto *bytes = static_cast<const char *>(elf);
    const auto at = [bytes, size](std::size_t offset, auto &value) {
        ASSERT_LE(offset + sizeof value, size);
        std::memcpy(&value, bytes + offset, sizeof value);
    };
    Elf64_Ehdr header{};
    at(0, header);
    Elf64_Shdr names{};
    at(header.e_shoff + sizeof names * header.e_shstrndx, names);
    std::vector<std::string> sections;
    for (std::size_t index = 0; index < header.e_shnum; ++index) {
        Elf64_Shdr section{};
        at(header.e_shoff + sizeof section * index, section);
        sections.emplace_back(bytes + names.sh_offset + section.sh_name);
    }
    return sections;
}

template <typename Skeleton> std::vector<std::string> embedded_sections()
{
    std::size_t size = 0;
    const void *elf = Skeleton::elf_bytes(&size);
    return sections_of(elf, size);
}

// Opens both as a user without any privilege, in a process of its own. Its exit status, 0 if that went well.
int status_of_opening_as_nobody()
{
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(nobody) != 0 || setuid(nobody) != 0))
            _exit(2);
        _exit(Entry{entry_bpf::open()} && Return{return_bpf::open()} ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Skeletons, CanBeOpenedWithoutPrivilege)
{
    EXPECT_EQ(status_of_opening_as_nobody(), 0);
}

TEST(EntrySkeleton, HasABlockOfCallSlotsForEveryCpu)
{
    const Entry skeleton{entry_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(std::size(skeleton->bss->calls), static_cast<std::size_t>(KTALLY_MAX_CPUS));
    EXPECT_EQ(std::size(skeleton->bss->calls[0].slot), static_cast<std::size_t>(KTALLY_CALL_SLOTS));
    EXPECT_EQ(bpf_map__value_size(skeleton->maps.bss),
              sizeof(ktally_accounting) + sizeof(ktally_calls) * KTALLY_MAX_CPUS);
}

TEST(EntrySkeleton, HasBlocksThatShareNoCacheLine)
{
    const Entry skeleton{entry_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(sizeof skeleton->bss->calls[0] % 64, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&skeleton->bss->calls[0]) % 64, 0u);
}

// Slots makes .bss as long as the machine's CPUs need, and the mask in each program that counts.
TEST(Skeletons, HaveTheBlocksOfCpusLastInTheMemoryThatIsMapped)
{
    const Entry entry{entry_bpf::open()};
    const Return ret{return_bpf::open()};
    ASSERT_TRUE(entry && ret);
    EXPECT_EQ(offsetof(std::remove_pointer_t<decltype(entry->bss)>, calls), sizeof(ktally_accounting));
    EXPECT_EQ(offsetof(std::remove_pointer_t<decltype(ret->bss)>, bytes), sizeof ret->bss->errors);
}

TEST(EntrySkeleton, MasksTheCpuWithOneInstructionInEveryProgramThatCounts)
{
    const Entry skeleton{entry_bpf::open()};
    ASSERT_TRUE(skeleton);
    bpf_program *program = nullptr;
    bpf_object__for_each_program(program, skeleton->obj)
    {
        const std::string name{bpf_program__name(program)};
        const bool counts = name != "tp_exit_forget" && name != "tp_close_account" && !name.starts_with("tp_cgroup_");
        EXPECT_EQ(cpu_masks(program), counts ? 1 : 0) << name;
    }
}

TEST(ReturnSkeleton, MasksTheCpuWithOneInstructionInEveryProgramThatCountsBytes)
{
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    for (const bpf_program *program :
         {skeleton->progs.fexit_read, skeleton->progs.fexit_readv, skeleton->progs.fexit_write,
          skeleton->progs.fexit_writev, skeleton->progs.tp_sys_exit})
        EXPECT_EQ(cpu_masks(program), 1) << bpf_program__name(program);
}

TEST(ReturnSkeleton, HasABlockOfByteSlotsForEveryCpu)
{
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(std::size(skeleton->bss->bytes), static_cast<std::size_t>(KTALLY_MAX_CPUS));
    EXPECT_EQ(std::size(skeleton->bss->bytes[0].slot), static_cast<std::size_t>(KTALLY_BYTE_SLOTS));
    EXPECT_EQ(sizeof skeleton->bss->bytes[0] % 64, 0u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&skeleton->bss->bytes[0]) % 64, 0u);
}

TEST(ReturnSkeleton, HasAnErrorTableOfOperationsByErrno)
{
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(std::size(skeleton->bss->errors), static_cast<std::size_t>(KTALLY_OP_ROWS));
    EXPECT_EQ(std::size(skeleton->bss->errors[0]), static_cast<std::size_t>(KTALLY_ERRNOS));
}

TEST(ReturnSkeleton, HasNothingElseInTheMemoryThatIsMapped)
{
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(bpf_map__value_size(skeleton->maps.bss),
              sizeof(ktally_bytes) * KTALLY_MAX_CPUS + sizeof(__u64) * KTALLY_OP_ROWS * KTALLY_ERRNOS);
}

TEST(Skeletons, StartWithAllSlotsAtZero)
{
    const Entry entry{entry_bpf::open()};
    const Return ret{return_bpf::open()};
    ASSERT_TRUE(entry && ret);
    const std::vector<char> calls(sizeof entry->bss->calls);
    const std::vector<char> errors(sizeof ret->bss->errors);
    EXPECT_EQ(std::memcmp(entry->bss->calls, calls.data(), calls.size()), 0);
    EXPECT_EQ(std::memcmp(ret->bss->errors, errors.data(), errors.size()), 0);
}

TEST(Skeletons, HaveASyscallTableForEveryAbi)
{
    const Entry entry{entry_bpf::open()};
    const Return ret{return_bpf::open()};
    ASSERT_TRUE(entry && ret);
    EXPECT_EQ(sizeof entry->rodata->syscalls, static_cast<std::size_t>(KTALLY_ABIS * KTALLY_SYSCALLS));
    EXPECT_EQ(sizeof ret->rodata->syscalls, static_cast<std::size_t>(KTALLY_ABIS * KTALLY_SYSCALLS));
}

TEST(EntrySkeleton, HasAProgramForEveryHookAndBackendAndNoOther)
{
    std::set<std::string> expected{"tp_sys_enter"};
    for (const Hook &hook : hooks) {
        const std::string name{hook.name};
        if (!hook.functions[0].empty())
            expected.insert({"fentry_" + name, "kprobe_" + name});
        for (const std::string &sibling : siblings_of(hook))
            expected.insert({"fentry_" + sibling, "kprobe_" + sibling});
        if (hook.tracepoint != "sys_enter")
            expected.insert("tp_" + name);
    }
    // Kernels before 6.16 do not say which task is a group's last.
    expected.insert({"tp_exit_first", "tp_exit_forget"});
    // The end of tasks and the life of cgroups, for accounts.
    expected.insert({"tp_close_account", "tp_cgroup_mkdir", "tp_cgroup_rmdir", "tp_cgroup_attach"});
    const Entry skeleton{entry_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(programs_of(skeleton->obj), expected);
}

TEST(ReturnSkeleton, HasAProgramForEveryHookAndBackendAndNoOther)
{
    std::set<std::string> expected{"tp_sys_exit"};
    for (const Hook &hook : hooks) {
        const std::string name{hook.name};
        if (!hook.return_functions[0].empty())
            expected.insert("fexit_" + name);
        for (const std::string &sibling : siblings_of(hook))
            expected.insert("fexit_" + sibling);
    }
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    EXPECT_EQ(programs_of(skeleton->obj), expected);
}

TEST(ReturnSkeleton, CountsTheErrorsOfEachCallWhereItsCounterLooksForThem)
{
    const Return skeleton{return_bpf::open()};
    ASSERT_TRUE(skeleton);
    std::array<unsigned, KTALLY_CALL_SLOTS> expected{};
    expected.fill(KTALLY_OP_NONE);
    for (const CounterRow &counter : counters)
        for (std::size_t operation = 0; operation < operations.size(); ++operation)
            if (operations[operation].counter == counter.counter)
                for (std::size_t call = counter.first; call <= counter.last; ++call)
                    expected[call] = static_cast<unsigned>(operation);
    for (std::size_t call = 0; call < KTALLY_CALLS; ++call)
        EXPECT_EQ(skeleton->rodata->operation_of[call], expected[call]) << hooks[call].name;
}

TEST(EntrySkeleton, CarriesTypesButNoDebugInformation)
{
    EXPECT_THAT(embedded_sections<entry_bpf>(), testing::Contains(".BTF"));
    EXPECT_THAT(embedded_sections<entry_bpf>(), testing::Each(testing::Not(testing::HasSubstr(".debug"))));
}

TEST(ReturnSkeleton, CarriesTypesButNoDebugInformation)
{
    EXPECT_THAT(embedded_sections<return_bpf>(), testing::Contains(".BTF"));
    EXPECT_THAT(embedded_sections<return_bpf>(), testing::Each(testing::Not(testing::HasSubstr(".debug"))));
}

} // namespace
} // namespace ktally
