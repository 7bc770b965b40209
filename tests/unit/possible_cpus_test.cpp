// SPDX-License-Identifier: LGPL-2.1-or-later
#include "kernel/possible_cpus.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ktally {
namespace {

TEST(CpuListEnd, OfOneCpuIsOne)
{
    EXPECT_EQ(cpu_list_end("0\n"), 1u);
}

TEST(CpuListEnd, OfARangeIsOneMoreThanItsLast)
{
    EXPECT_EQ(cpu_list_end("0-3\n"), 4u);
    EXPECT_EQ(cpu_list_end("0-1023"), 1024u);
}

TEST(CpuListEnd, CountsTheHolesOfAList)
{
    EXPECT_EQ(cpu_list_end("0-3,8"), 9u);
    EXPECT_EQ(cpu_list_end("0,2,4-7"), 8u);
    EXPECT_EQ(cpu_list_end("1,127"), 128u);
}

TEST(CpuListEnd, IsNothingForWhatIsNoList)
{
    EXPECT_EQ(cpu_list_end(""), std::nullopt);
    EXPECT_EQ(cpu_list_end("\n"), std::nullopt);
    EXPECT_EQ(cpu_list_end("0-"), std::nullopt);
    EXPECT_EQ(cpu_list_end("0,"), std::nullopt);
    EXPECT_EQ(cpu_list_end("all"), std::nullopt);
    EXPECT_EQ(cpu_list_end("0-3x"), std::nullopt);
    EXPECT_EQ(cpu_list_end("0-3 "), std::nullopt);
    EXPECT_EQ(cpu_list_end("0-99999999999999999999999"), std::nullopt);
}

TEST(PossibleCpus, AreAtLeastThoseOnline)
{
    EXPECT_GE(possible_cpus(), static_cast<std::size_t>(sysconf(_SC_NPROCESSORS_ONLN)));
}

} // namespace
} // namespace ktally
