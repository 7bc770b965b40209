// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/descriptors.hpp"

#include <gtest/gtest.h>

namespace ktally {
namespace {

Process process(std::uint64_t table, std::uint32_t descriptors)
{
    Process process{};
    process.descriptor_table = table;
    process.descriptors = descriptors;
    return process;
}

TEST(Descriptors, AreThoseOfAllTables)
{
    EXPECT_EQ(open_descriptors({}), 0u);
    EXPECT_EQ(open_descriptors({process(1, 3), process(2, 4)}), 7u);
}

TEST(Descriptors, OfASharedTableCountOnce)
{
    EXPECT_EQ(open_descriptors({process(1, 3), process(1, 3), process(2, 4)}), 7u);
}

TEST(Descriptors, OfAProcessThatHasNoTableAreNone)
{
    EXPECT_EQ(open_descriptors({process(0, 0), process(0, 0), process(1, 3)}), 3u);
}

TEST(Descriptors, AreUnknownWhereOneHasTooManyToCount)
{
    EXPECT_EQ(open_descriptors({process(1, 3), process(2, UINT32_MAX)}), absent_total);
}

} // namespace
} // namespace ktally
