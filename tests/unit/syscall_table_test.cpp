// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/syscall_table.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <map>
#include <set>
#include <string>

namespace ktally {
namespace {

std::map<unsigned, ktally_call> calls_by_number(std::span<const Syscall> syscalls)
{
    std::map<unsigned, ktally_call> calls;
    for (const Syscall &syscall : syscalls)
        calls.emplace(syscall.number, syscall.call);
    return calls;
}

struct Abi {
    const char *name;
    std::span<const Syscall> syscalls;
};

class EachAbi : public testing::TestWithParam<Abi> {};

INSTANTIATE_TEST_SUITE_P(SyscallTable, EachAbi,
                         testing::Values(Abi{"native", native_syscalls()}, Abi{"ia32", ia32_syscalls()},
                                         Abi{"x32", x32_syscalls()}),
                         [](const auto &abi) { return std::string{abi.param.name}; });

TEST_P(EachAbi, HasNumbersThatFitTheTableOfThePrograms)
{
    for (const Syscall &syscall : GetParam().syscalls)
        EXPECT_LT(syscall.number, static_cast<unsigned>(KTALLY_SYSCALLS));
}

TEST_P(EachAbi, HasCallsThatFitAnEntryOfTheTable)
{
    for (const Syscall &syscall : GetParam().syscalls) {
        EXPECT_LT(syscall.call, KTALLY_CALLS);
        EXPECT_LE(syscall.call + 1, KTALLY_SYSCALL_CALL);
    }
}

TEST_P(EachAbi, HasEachNumberOnce)
{
    EXPECT_EQ(calls_by_number(GetParam().syscalls).size(), GetParam().syscalls.size());
}

TEST_P(EachAbi, CoversEveryCallThatIsCountedBySyscall)
{
    std::set<ktally_call> covered;
    for (const Syscall &syscall : GetParam().syscalls)
        covered.insert(syscall.call);
    EXPECT_EQ(covered, (std::set<ktally_call>{KTALLY_OPEN, KTALLY_CLOSE, KTALLY_READ, KTALLY_READV, KTALLY_WRITE,
                                              KTALLY_WRITEV, KTALLY_UNLINK, KTALLY_FSYNC, KTALLY_FORK}));
}

TEST_P(EachAbi, TellsRemovedDirectoriesFromUnlinksInOneSyscallOnly)
{
    int marked = 0;
    for (const Syscall &syscall : GetParam().syscalls)
        marked += syscall.unless_removedir;
    EXPECT_EQ(marked, 1);
}

TEST(SyscallTable, HasTheNativeNumbersOfTheCLibrary)
{
    const std::map<unsigned, ktally_call> expected{
        {SYS_open, KTALLY_OPEN},       {SYS_creat, KTALLY_OPEN},      {SYS_openat, KTALLY_OPEN},
        {SYS_openat2, KTALLY_OPEN},    {SYS_close, KTALLY_CLOSE},     {SYS_read, KTALLY_READ},
        {SYS_pread64, KTALLY_READ},    {SYS_readv, KTALLY_READV},     {SYS_preadv, KTALLY_READV},
        {SYS_preadv2, KTALLY_READV},   {SYS_write, KTALLY_WRITE},     {SYS_pwrite64, KTALLY_WRITE},
        {SYS_writev, KTALLY_WRITEV},   {SYS_pwritev, KTALLY_WRITEV},  {SYS_pwritev2, KTALLY_WRITEV},
        {SYS_unlink, KTALLY_UNLINK},   {SYS_unlinkat, KTALLY_UNLINK}, {SYS_fsync, KTALLY_FSYNC},
        {SYS_fdatasync, KTALLY_FSYNC}, {SYS_fork, KTALLY_FORK},       {SYS_vfork, KTALLY_FORK},
        {SYS_clone, KTALLY_FORK},      {SYS_clone3, KTALLY_FORK},
    };
    EXPECT_EQ(calls_by_number(native_syscalls()), expected);
}

TEST(SyscallTable, MarksUnlinkatAsTheOneThatMayRemoveADirectory)
{
    for (const Syscall &syscall : native_syscalls())
        EXPECT_EQ(syscall.unless_removedir, syscall.number == SYS_unlinkat) << syscall.number;
}

// arch/x86/entry/syscalls/syscall_32.tbl
TEST(SyscallTable, HasTheNumbersOf32BitPrograms)
{
    const std::map<unsigned, ktally_call> expected{
        {2, KTALLY_FORK},     {3, KTALLY_READ},     {4, KTALLY_WRITE},   {5, KTALLY_OPEN},     {6, KTALLY_CLOSE},
        {8, KTALLY_OPEN},     {10, KTALLY_UNLINK},  {118, KTALLY_FSYNC}, {120, KTALLY_FORK},   {145, KTALLY_READV},
        {146, KTALLY_WRITEV}, {148, KTALLY_FSYNC},  {180, KTALLY_READ},  {181, KTALLY_WRITE},  {190, KTALLY_FORK},
        {295, KTALLY_OPEN},   {301, KTALLY_UNLINK}, {333, KTALLY_READV}, {334, KTALLY_WRITEV}, {378, KTALLY_READV},
        {379, KTALLY_WRITEV}, {435, KTALLY_FORK},   {437, KTALLY_OPEN},
    };
    EXPECT_EQ(calls_by_number(ia32_syscalls()), expected);
}

// arch/x86/entry/syscalls/syscall_64.tbl: those of x32 that differ are numbered from 512 on.
TEST(SyscallTable, HasTheNumbersOfX32ProgramsWithoutTheMarkerBit)
{
    const std::map<unsigned, ktally_call> calls = calls_by_number(x32_syscalls());
    EXPECT_EQ(calls.at(0), KTALLY_READ);
    EXPECT_EQ(calls.at(1), KTALLY_WRITE);
    EXPECT_EQ(calls.at(515), KTALLY_READV);
    EXPECT_EQ(calls.at(516), KTALLY_WRITEV);
    EXPECT_EQ(calls.at(534), KTALLY_READV);
    EXPECT_EQ(calls.at(535), KTALLY_WRITEV);
    EXPECT_EQ(calls.at(546), KTALLY_READV);
    EXPECT_EQ(calls.at(547), KTALLY_WRITEV);
}

} // namespace
} // namespace ktally
